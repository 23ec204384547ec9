"""The task's inputs and the agent's variables, read, checked and typed: all mistakes at once.

The agent hands an input over as `INPUT_<NAME>`, trimmed, with `$(variables)` replaced and file paths rooted.
Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from pytask.agent.connection import read_connection
from pytask.agent.environment import required_variable, variable
from pytask.errors import ManyFailures
from pytask.errors.inputs import (
    ImageHostDiffers,
    InputMistake,
    InputRequired,
    NotABoolean,
    NotMinutes,
    PlatformInvalid,
    TagMissing,
    VariableNotExpanded,
)
from pytask.functionapp.address import parse_app
from pytask.image.arguments import parse_build_arguments, parse_flags
from pytask.image.dockerfile import find_context, find_dockerfile
from pytask.image.reference import ImageName, parse_image_name, parse_tag, parse_tags
from pytask.model import AppAddress, Destination, Inputs, Recipe
from pytask.registry.address import parse_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model import RegistryAddress, Secret, ServiceConnection

T = TypeVar("T")

_UNEXPANDED = re.compile(r"\$\(([A-Za-z_][\w.\- ]*)\)")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9]+)?")


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What became of an input: its value, or nothing because a mistake was noted."""

    found: tuple[T, ...]

    @property
    def value(self) -> T:
        """Give the value; ask only when no mistake was noted."""
        return self.found[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads inputs one by one and notes the mistakes instead of stopping at the first."""

    environment: Mapping[str, str]
    mistakes: list[InputMistake] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        """Give an input as it was written; an empty one is its default."""
        return self.environment.get(f"INPUT_{name.upper()}", "").strip() or default

    def read(self, parse: Callable[[], T]) -> Read[T]:
        """Give what `parse` makes of an input, or note its mistake."""
        try:
            return Read((parse(),))
        except InputMistake as mistake:
            self.mistakes.append(mistake)
            return Read(())

    def named(self, name: str, parse: Callable[[str], T], *, default: str = "", meaning: str = "") -> Read[T]:
        """Read an input that names something: no `$(variable)` may be left in it. With a `meaning` it is required."""
        value = self.text(name, default)
        if meaning and not value:
            self.mistakes.append(InputRequired(input=name, meaning=meaning))
            return Read(())
        if unexpanded := _UNEXPANDED.search(value):
            self.mistakes.append(VariableNotExpanded(input=name, value=value, variable=unexpanded.group(1)))
            return Read(())
        return self.read(lambda: parse(value))

    def free(self, name: str, parse: Callable[[str], T]) -> Read[T]:
        """Read free text: a `$(variable)` left in it may be meant, so it is only noted."""
        value = self.text(name)
        self.notes.extend(f"{name} holds {found}, which no variable replaced" for found in _found_in(value))
        return self.read(lambda: parse(value))

    def boolean(self, name: str, *, default: bool) -> Read[bool]:
        """Read a switch."""
        return self.named(name, lambda value: _boolean(value, name), default=str(default))


def read_inputs(environment: Mapping[str, str], mask: Callable[[str], Secret]) -> Inputs:
    """Give what the user asks for.

    Raises:
        ManyFailures: with every mistake in the inputs.
        AgentVariableMissing: outside a job.
    """
    reader = Reader(environment=environment)
    connection = reader.named("azureSubscription", _connection(reader, mask), meaning="the service connection")
    destination = _destination(reader)
    recipe = _recipe(reader)
    app = _app(reader)
    verify = reader.boolean("verify", default=True)
    minutes = reader.named("verifyTimeoutMinutes", _minutes, default="10")
    if reader.mistakes:
        raise ManyFailures(tuple(reader.mistakes))
    return Inputs(
        connection=connection.value,
        destination=destination.value,
        recipe=recipe.value,
        app=app.value,
        verify=verify.value,
        verify_seconds=minutes.value * 60,
        notes=tuple(reader.notes),
    )


def _together(make: Callable[[], T], *parts: Read[Any]) -> Read[T]:
    """Make one record of several inputs, unless a mistake was noted in one."""
    return Read((make(),)) if all(part.found for part in parts) else Read(())


def _destination(reader: Reader) -> Read[Destination]:
    written = variable(reader.environment, "Build.Repository.Name")
    image = reader.named("imageName", _image_name, default=written, meaning="the repository in the registry")
    registry = _registry(reader, image)
    tags = _tags(reader, image)
    if image.found:
        _note_changes(reader, reader.text("imageName", written), image.value)
    return _together(
        lambda: Destination(registry=registry.value, repository=image.value.repository, tags=tags.value),
        image,
        registry,
        tags,
    )


def _recipe(reader: Reader) -> Read[Recipe]:
    sources = Path(required_variable(reader.environment, "System.DefaultWorkingDirectory"))
    dockerfile = reader.named(
        "dockerFile", lambda value: find_dockerfile(value, sources=sources, input_name="dockerFile")
    )
    context = _context(reader, dockerfile, sources)
    flags = reader.free("arguments", lambda value: parse_flags(value, input_name="arguments"))
    arguments = reader.free("buildArgs", lambda value: parse_build_arguments(value, input_name="buildArgs"))
    target = reader.named("buildTarget", str)
    platform = reader.named("platform", _platform, default="linux/amd64")
    labelled = reader.boolean("addSourceLabels", default=True)
    return _together(
        lambda: Recipe(
            dockerfile=dockerfile.value,
            context=context.value,
            sources=sources,
            platform=platform.value,
            target=target.value,
            arguments=(*arguments.value, *flags.value[1]),
            labels=source_labels(reader.environment) if labelled.value else (),
            flags=flags.value[0],
        ),
        *(dockerfile, context, flags, arguments, target, platform, labelled),
    )


def _app(reader: Reader) -> Read[AppAddress]:
    """Read the app; a resource id says its group already."""
    app = reader.named("appName", lambda value: parse_app(value, input_name="appName"), meaning="the Function App")
    group = reader.named("resourceGroupName", str)
    return _together(
        lambda: app.value if app.value.resource_group else AppAddress(name=app.value.name, resource_group=group.value),
        *(app, group),
    )


def source_labels(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Give the labels that say where the image comes from, and nothing that changes from run to run.

    Source: https://github.com/opencontainers/image-spec/blob/main/annotations.md
    """
    address = urlsplit(variable(environment, "Build.Repository.Uri"))
    bare = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
    labels = {
        "org.opencontainers.image.source": bare,
        "org.opencontainers.image.revision": variable(environment, "Build.SourceVersion"),
    }
    return tuple((name, value) for name, value in labels.items() if value)


def _connection(reader: Reader, mask: Callable[[str], Secret]) -> Callable[[str], ServiceConnection]:
    return lambda value: read_connection(reader.environment, input_name="azureSubscription", value=value, mask=mask)


def _image_name(value: str) -> ImageName:
    return parse_image_name(value, input_name="imageName")


def _registry(reader: Reader, image: Read[ImageName]) -> Read[RegistryAddress]:
    """Read the registry: the input, else the host in the image's name; when both are there they must agree."""
    host = image.value.host if image.found else ""
    registry = reader.named(
        "azureContainerRegistry",
        lambda value: parse_registry(value, input_name="azureContainerRegistry"),
        default=host,
        meaning="the container registry",
    )
    if host and registry.found and not _same_registry(host, registry.value):
        told = registry.value.login_server or registry.value.name
        reader.mistakes.append(ImageHostDiffers(input="imageName", host=host, registry=told))
    return registry


def _same_registry(host: str, registry: RegistryAddress) -> bool:
    return host == registry.login_server if registry.login_server else host.partition(".")[0] == registry.name


def _tags(reader: Reader, image: Read[ImageName]) -> Read[tuple[str, ...]]:
    """Read the tags to push; deployed is that of the image's name, else the first of `tags`, else the build id."""
    tags = reader.named("tags", lambda value: parse_tags(value, input_name="tags"))
    if not image.found or not tags.found:
        return Read(())
    given = tuple(dict.fromkeys(tag for tag in (image.value.tag, *tags.value) if tag))
    return Read((given,)) if given else reader.read(lambda: _build_id(reader.environment))


def _build_id(environment: Mapping[str, str]) -> tuple[str, ...]:
    build_id = variable(environment, "Build.BuildId")
    if not build_id:
        raise TagMissing(input="tags")
    return (parse_tag(build_id, input_name="tags"),)


def _context(reader: Reader, dockerfile: Read[Path], sources: Path) -> Read[Path]:
    if not dockerfile.found:
        return Read(())
    return reader.named(
        "buildContext",
        lambda value: find_context(value, dockerfile=dockerfile.value, sources=sources, input_name="buildContext"),
        default="**",
    )


def _boolean(value: str, name: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise NotABoolean(input=name, value=value)
    return value.lower() == "true"


def _minutes(value: str) -> float:
    try:
        minutes = float(value)
    except ValueError:
        minutes = 0
    if not 0 < minutes < float("inf"):
        raise NotMinutes(input="verifyTimeoutMinutes", value=value)
    return minutes


def _platform(value: str) -> str:
    if not _PLATFORM.fullmatch(value.lower()):
        raise PlatformInvalid(input="platform", value=value)
    return value.lower()


def _note_changes(reader: Reader, written: str, image: ImageName) -> None:
    repository = written.strip().removeprefix(f"{image.host}/").partition(":")[0]
    if repository != image.repository and image.repository not in written:
        reader.notes.append(f"imageName: '{repository}' became '{image.repository}', as registries want it")


def _found_in(value: str) -> list[str]:
    return [f"$({name})" for name in dict.fromkeys(_UNEXPANDED.findall(value))]
