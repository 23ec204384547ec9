"""The inputs about the image: what to build, where to push it, or which existing image to use."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytask.agent.environment import required_variable, variable
from pytask.builders.docker.arguments import parse_build_arguments, parse_flags
from pytask.builders.docker.dockerfile import find_context
from pytask.builders.docker.reference import (
    ImageName,
    parse_image_name,
    parse_reference,
    parse_tag,
    parse_tags,
)
from pytask.errors.build_inputs import PlatformInvalid
from pytask.errors.import_image import ImportSourceUnnamed
from pytask.errors.inputs import ExistingImageUnnamed, RecordUnreadable, RegistryNeeded, TagMissing
from pytask.inputs.checkout import dockerfile_of_job, shared_folders, within_checkout
from pytask.inputs.folded import note_folded
from pytask.inputs.outsiders import confirm_whole
from pytask.inputs.reader import Read, together
from pytask.inputs.registry import read_registry, registry_host
from pytask.inputs.secrets import note_mounts, read_secrets, warn_of_copied_files, warn_of_seen_secrets
from pytask.model import Destination, Digest, ExistingImage, ImageNames, ImageReference, NotAReference, Recipe
from pytask.model.reference import split_host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.inputs.reader import Reader
    from pytask.inputs.registry import RegistryGiven
    from pytask.model import Cloud, RegistryAddress, RegistryHost, Secret

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9]+)?")


def read_recipe(reader: Reader, mask: Callable[[str], Secret]) -> Read[Recipe]:
    """Return everything that `docker build` needs."""
    sources = _sources(reader)
    dockerfile = reader.named(
        "dockerFile",
        lambda value: dockerfile_of_job(
            value, sources=sources, environment=reader.environment, input_name="dockerFile"
        ),
    )
    context = _context(reader, dockerfile, sources)
    flags = reader.free("arguments", lambda value: parse_flags(value, input_name="arguments"))
    confirm_whole(reader, "arguments", lambda text: len(parse_flags(text, input_name="arguments").words))
    confirm_whole(reader, "buildArgs", lambda text: len(parse_build_arguments(text, input_name="buildArgs")))
    arguments = reader.free("buildArgs", lambda value: parse_build_arguments(value, input_name="buildArgs"))
    secrets = read_secrets(reader, sources, mask)
    target = reader.named("buildTarget", str)
    platform = reader.named("platform", _platform, default="linux/amd64")
    labeled = reader.boolean("addSourceLabels", default=True)
    if dockerfile.found and secrets.found:
        note_mounts(reader, secrets.value, dockerfile.value)
        if context.found:
            warn_of_copied_files(reader, secrets.value, dockerfile.value, context.value)
    if flags.found:
        reader.notes.extend(flags.value.notes)
    if arguments.found and flags.found:
        note_folded(reader, "buildArgs", ((one.name, one.value or "") for one in arguments.value))
        warn_of_seen_secrets(reader, (*arguments.value, *flags.value.arguments), flags.value.words)
    return together(
        lambda: Recipe(
            dockerfile=dockerfile.value,
            context=context.value,
            sources=sources,
            platform=platform.value,
            target=target.value,
            arguments=(*arguments.value, *flags.value.arguments),
            secrets=secrets.value,
            labels=source_labels(reader.environment) if labeled.value else (),
            flags=flags.value.words,
        ),
        *(dockerfile, context, flags, arguments, secrets, target, platform, labeled),
    )


def read_names(reader: Reader) -> Read[ImageNames]:
    """Return the names of an image that will not be pushed."""
    image = _image(reader)
    tags = _tags(reader, image)
    return together(
        lambda: ImageNames(repository=image.value.repository, tags=tags.value, image_host=image.value.host), image, tags
    )


def read_destination(reader: Reader, own: Read[RegistryGiven | None], cloud: Cloud | None) -> Read[Destination]:
    """Return where to push the image.

    `own` is the registry's own connection; `cloud` is the cloud of azureSubscription.
    """
    image = _image(reader)
    registry = _registry(reader, image, own, cloud)
    tags = _tags(reader, image)
    return together(
        lambda: Destination(
            registry=registry.value,
            repository=image.value.repository,
            tags=tags.value,
            image_host=image.value.host,
        ),
        *(image, registry, tags),
    )


def read_existing(
    reader: Reader, own: Read[RegistryGiven | None], record_file: Path | None, *, is_imported: bool = False
) -> Read[ExistingImage]:
    """Return the existing image: the one named, or else the one that an earlier run recorded.

    Where it is imported, azureContainerRegistry does not say where it is, but where it goes.
    """
    name, tags = reader.text("imageName"), reader.text("tags")
    if record_file and not _is_named(reader):
        return reader.read(lambda: _recorded(record_file))
    written = name or variable(reader.environment, "Build.Repository.Name")
    return reader.named(
        "imageName", lambda value: _existing(reader, value, tags, own, is_imported=is_imported), default=written
    )


def read_swapped(
    reader: Reader, own: Read[RegistryGiven | None], record_file: Path | None
) -> Read[ExistingImage | None]:
    """Return the image that a slot must run to be swapped; None when neither a tag, a digest nor a record says it."""
    if record_file is None and not _is_named(reader):
        reader.notes.append("neither recordFile, imageName nor tags names an image: whatever the slot runs is swapped")
        return Read((None,))
    found = read_existing(reader, own, record_file)
    return Read((found.value,)) if found.found else Read(())


def read_record_file(reader: Reader) -> Read[Path | None]:
    """Return the file to record the run in; the checkout itself counts as not given."""
    sources = _sources(reader)

    def parse(value: str) -> Path | None:
        if not value or Path(value) == sources:
            return None
        return within_checkout(sources / value, sources=sources, input_name="recordFile")

    return reader.named("recordFile", parse)


def source_labels(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return labels for the image's source, without anything that changes from run to run.

    Source: https://github.com/opencontainers/image-spec/blob/main/annotations.md
    """
    address = urlsplit(variable(environment, "Build.Repository.Uri"))
    bare = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
    labels = {
        "org.opencontainers.image.source": bare,
        "org.opencontainers.image.revision": variable(environment, "Build.SourceVersion"),
    }
    return tuple((name, value) for name, value in labels.items() if value)


def _is_named(reader: Reader) -> bool:
    """Tell whether the step itself names a tag or a digest."""
    name = reader.text("imageName")
    return bool(reader.text("tags") or "@" in name or ":" in name.rpartition("/")[2])


def _sources(reader: Reader) -> Path:
    return Path(required_variable(reader.environment, "System.DefaultWorkingDirectory"))


def _image(reader: Reader) -> Read[ImageName]:
    written = variable(reader.environment, "Build.Repository.Name")
    image = reader.named(
        "imageName",
        lambda value: parse_image_name(value, input_name="imageName"),
        default=written,
        meaning="the repository in the registry",
    )
    if image.found:
        _note_changes(reader, reader.text("imageName", written), image.value)
    return image


def _registry(
    reader: Reader, image: Read[ImageName], own: Read[RegistryGiven | None], cloud: Cloud | None
) -> Read[RegistryAddress]:
    """Read the registry to push to; skip it when its connection, which may name it, could not be read."""
    if not own.found:
        return Read(())
    return read_registry(reader, image.value.host if image.found else None, own.value, cloud)


def _tags(reader: Reader, image: Read[ImageName]) -> Read[tuple[str, ...]]:
    """Read the tags to push. The first is deployed: the image name's, else the first of `tags`, else the build ID."""
    tags = reader.named("tags", lambda value: parse_tags(value, input_name="tags"))
    confirm_whole(reader, "tags", lambda text: len(parse_tags(text, input_name="tags")))
    if not image.found or not tags.found:
        return Read(())
    given = tuple(dict.fromkeys(tag for tag in (image.value.tag, *tags.value) if tag))
    return Read((given,)) if given else reader.read(lambda: (_build_id(reader.environment),))


def _build_id(environment: Mapping[str, str]) -> str:
    build_id = variable(environment, "Build.BuildId")
    if not build_id:
        raise TagMissing(input="tags")
    return parse_tag(build_id, input_name="tags")


def _existing(
    reader: Reader, value: str, tags: str, own: Read[RegistryGiven | None], *, is_imported: bool
) -> ExistingImage:
    """Return the image that a reference names; the registry and tag may come from other inputs."""
    found = parse_reference(value, input_name="imageName")
    given = own.value if own.found else None
    host = found.host or (_connected(given) if is_imported else registry_host(reader, given))
    if not host:
        needed = ImportSourceUnnamed if is_imported else RegistryNeeded
        raise needed(input="imageName", value=value)
    _note_changes(reader, value.partition("@")[0], found)
    tag = found.tag
    if not found.digest and not tag:
        listed = parse_tags(tags, input_name="tags")
        tag = listed[0] if listed else _build_id(reader.environment)
    return ExistingImage(reference=ImageReference(host=host, repository=found.repository, tag=tag, digest=found.digest))


def _connected(given: RegistryGiven | None) -> RegistryHost | None:
    """Return the registry that a connection is for."""
    return given.host if given else None


def _recorded(file: Path) -> ExistingImage:
    """Return the image that an earlier run recorded, by digest, because its tag may have moved."""
    try:
        record: Any = json.loads(file.read_text(encoding="utf-8-sig"))
        told, digest = str(record["imageReference"]), str(record["imageDigest"])
        reference = _with_host(told)
        if digest:
            return ExistingImage(reference=replace(reference, digest=Digest(digest)))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordUnreadable(input="recordFile", path=str(file), reason=f"{type(error).__name__}: {error}") from error
    raise ExistingImageUnnamed(input="recordFile", path=str(file))


def _with_host(text: str) -> ImageReference:
    """Return a reference that includes its registry, as records do; raise NotAReference otherwise."""
    if not split_host(text.partition("@")[0])[0]:
        raise NotAReference(f"'{text}' names no registry")
    return ImageReference.parse(text)


def _context(reader: Reader, dockerfile: Read[Path], sources: Path) -> Read[Path]:
    if not dockerfile.found:
        return Read(())
    shared, folder = shared_folders(reader.environment), dockerfile.value.parent
    read = reader.named(
        "buildContext",
        lambda value: find_context(
            value, dockerfile=dockerfile.value, sources=sources, input_name="buildContext", shared=shared
        ),
        default="**",
    )
    if read.found and read.value != folder and Path(reader.text("buildContext", "**")).name == "**":
        reader.notes.append(
            f"the build context is the checkout: the Dockerfile's folder {folder} also has files from other steps"
        )
    return read


def _platform(value: str) -> str:
    if not _PLATFORM.fullmatch(value.lower()):
        raise PlatformInvalid(input="platform", value=value)
    return value.lower()


def _note_changes(reader: Reader, written: str, image: ImageName) -> None:
    scheme, separator, rest = written.strip().rpartition("://")
    if separator:
        reader.notes.append(f"imageName: {scheme}:// was removed, because an image name has no scheme")
    repository = split_host(rest)[1].partition(":")[0]
    if repository != image.repository:
        reader.notes.append(f"imageName: '{repository}' was changed to '{image.repository}', as registries require")
