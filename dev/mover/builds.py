"""What Docker's steps do: which image they make and push, and where to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dev.mover.images import BuiltImage, plain_text, read_image, read_registry, read_tags
from dev.mover.steps import Step, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dev.mover.source import Source

_KINDS = {"build": "build", "push": "push", "buildandpush": "both", "login": "login", "logout": "login"}
_DEFAULT_NAME = "$(Build.Repository.Name):$(Build.BuildId)"
_BUILD_ID = "$(build.buildid)"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Build:
    """A build with the pushes of its image right behind it."""

    steps: tuple[Step, ...]
    """The build first."""
    image: BuiltImage
    login: Step | None = None
    """The step that signed in to the registry, for a build that names none."""
    why_left: str = ""
    """Why it stays as it is; empty when it can move."""
    behind: int = 0
    """The place in the list behind its last step, logins aside."""

    @property
    def first(self) -> Step:
        """The step that builds."""
        return self.steps[0]

    @property
    def is_pushed(self) -> bool:
        """Whether the image is pushed here; a build for a pull request, say, is not."""
        return bool(self.steps[1:]) or docker_kind(self.first) == "both"


def is_docker(step: Step) -> bool:
    """Tell whether a step is one of the Docker tasks."""
    return step.name.lower().startswith("docker@") and step.task is not None


def docker_kind(step: Step) -> str:
    """Return `build`, `push`, `both` or `login` for what a Docker step does; empty for other commands."""
    default = "buildAndPush" if step.name.lower() == "docker@2" else "build"
    command = step.given("command", default).lower().replace(" an image", "")
    return _KINDS.get(command, "") if step.name.lower() != "docker@0" else ""


def place_of(step: Step) -> str:
    """Return the registry of a Docker step as its connection or host; empty when it names none."""
    host, connection, _, _ = _registry(step, ())
    return connection or host


def read_builds(source: Source, row: Sequence[Step | None], logins: Sequence[Step]) -> Iterator[Build]:
    """Return the builds of a list of steps; `row` has None for each item that is no step, and no logins."""
    for place, step in enumerate(row):
        if step and is_docker(step) and docker_kind(step) in ("build", "both"):
            yield _build(
                source, step, row[place + 1 :], [login for login in logins if login.number < step.number], place
            )


def _build(source: Source, first: Step, following: Sequence[Step | None], logins: Sequence[Step], place: int) -> Build:
    image, login, why = _image(first, logins)
    build = Build(steps=(first,), image=image, login=login, why_left=first.unusual or why, behind=place + 1)
    for step in following:
        if not step or not _pushes(source, step, build, logins):
            break
        tags = tuple(dict.fromkeys((*_pushed(build), *_tags(step))))
        build = replace(
            build, steps=(*build.steps, step), image=replace(build.image, tags=tags), behind=build.behind + 1
        )
    return replace(build, why_left=build.why_left or _why_left(build))


def _pushed(build: Build) -> tuple[str, ...]:
    """Return the tags that are pushed so far."""
    return build.image.tags if build.is_pushed else ()


def _image(step: Step, logins: Sequence[Step]) -> tuple[BuiltImage, Step | None, str]:
    """Return the image of a Docker step, the login it relies on, and why its registry is not known."""
    named = step.given("imagename", _DEFAULT_NAME) if step.name.lower() == "docker@1" else step.given("repository")
    wanted = read_image(named)
    host, connection, login, why = _registry(step, logins)
    if connection and wanted.has_host:
        host = wanted.host
    elif wanted.host and wanted.host == (host or wanted.host) and wanted.has_host:
        host, why = wanted.host, ""
    elif wanted.host:
        wanted = replace(wanted, host="", repository=f"{wanted.host}/{wanted.repository}")
    if not named:
        why = "it names no repository, so it pushes nothing"
    image = BuiltImage(host=host, connection=connection, repository=wanted.repository, tags=_tags(step))
    return image, login, why


def _registry(step: Step, logins: Sequence[Step]) -> tuple[str, str, Step | None, str]:
    """Return a Docker step's registry as host or connection, the login that it relies on, and what is wrong."""
    own = step.given("containerregistry" if step.name.lower() == "docker@2" else "dockerregistryendpoint")
    is_other = step.given("containerregistrytype").lower() == "container registry"
    host = read_registry(step.given("azurecontainerregistry")) if not is_other else ""
    if own and not (host and step.name.lower() == "docker@1"):
        return "", plain_text(own), None, ""
    if host or step.name.lower() == "docker@1":
        return host, "", None, "" if host else "it names no registry"
    signed_in = {plain_text(login.given("containerregistry")): login for login in logins}
    if len(signed_in) == 1 and (connection := next(iter(signed_in))):
        return "", connection, signed_in[connection], ""
    told = "it pushes to every registry that the job signed in to, and the new step pushes to one"
    return "", "", None, told if signed_in else "it names no registry, and no step before it in its job signs in to one"


def _tags(step: Step) -> tuple[str, ...]:
    """Return the tags of the image that a Docker step makes or pushes."""
    if step.name.lower() == "docker@2":
        return read_tags(step.given("tags", _BUILD_ID))
    tag = read_image(step.given("imagename", _DEFAULT_NAME)).tag
    latest = ("latest",) if not tag or step.is_set("includelatesttag") else ()
    return (tag or _BUILD_ID, *latest)


def _pushes(source: Source, push: Step, build: Build, logins: Sequence[Step]) -> bool:
    """Tell whether a step pushes what the build made, under the same terms."""
    first = build.first
    if docker_kind(push) != "push" or docker_kind(first) != "build" or push.name != first.name:
        return False
    image, _, why = _image(push, logins)
    made = build.image if not build.steps[1:] else _image(first, logins)[0]
    place = (image.host, image.connection, image.repository) == (made.host, made.connection, made.repository)
    tags = _tags(push) if push.name.lower() == "docker@2" else _named_tags(push)
    return place and not why and set(tags) <= set(made.tags) and terms(source, push) == terms(source, first)


def _named_tags(push: Step) -> tuple[str, ...]:
    tag = read_image(push.given("imagename", _DEFAULT_NAME)).tag
    return (tag,) if tag else _tags(push)


def _why_left(build: Build) -> str:
    """Return why a build with its pushes stays as it is."""
    if docker_kind(build.first) == "build" and not build.steps[1:]:
        return "the push of its image, to the same place and under the same conditions, is not the next step"
    for step in build.steps:
        if step.unusual:
            return f"its push in line {step.number + 1}: {step.unusual}"
        if step.is_set("pushmultipleimages") or step.is_set("tagmultipleimages"):
            return "it pushes several images, and the new step builds and pushes one"
        if "dockerhostendpoint" in step.inputs:
            return "it uses another Docker host; set DOCKER_HOST for the new step"
    if any(step.given("arguments") for step in build.steps[1:]):
        return "its push has arguments of its own"
    return ""
