"""The inputs of the new step where an old one's do not go over by themselves: of several steps, or incomplete."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from dev.mover.builds import docker_kind
from dev.mover.carried import Carried, carry, image_text, qualify_hub
from dev.mover.entries import new_entry, only_comments
from dev.mover.images import plain_text, read_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dev.mover.builds import Build
    from dev.mover.deploys import Deploy
    from dev.mover.entries import Entry
    from dev.mover.steps import Step

_NAME = "$(Build.Repository.Name):$(Build.BuildId)"


def carry_build(build: Build, values: Mapping[str, str]) -> Carried:
    """Return the inputs of a build with its pushes: its tags are those that are pushed."""
    carried = carry(build.first, values)
    for push in build.steps[1:]:
        carried = carried.adding(*(entry for entry in carry(push, values).entries if entry.comments))
    if build.login and "containerregistry" in build.login.inputs:
        entry = replace(build.login.inputs["containerregistry"], above=(), name="containerRegistry")
        carried = carried.adding(entry, notes=("containerRegistry is that of the login",))
    return (
        _with_tags_of_docker_2(carried, build) if build.first.name.lower() == "docker@2" else _with_tags(carried, build)
    )


def _with_tags_of_docker_2(carried: Carried, build: Build) -> Carried:
    own = build.first.given("tags", "$(Build.BuildId)")
    if not build.is_pushed:
        return carried
    written = _as_written(own if docker_kind(build.first) == "both" else "\n".join(_tags_of(build.steps[1:])))
    if [plain_text(tag) for tag in _as_written(own)] == [plain_text(tag) for tag in written]:
        return carried
    entry = new_entry("tags", "\n".join(written), like=carried.get("tags"))
    kept = tuple(one for one in carried.entries if one.name != "tags")
    return replace(carried, entries=(*kept, entry), notes=(*carried.notes, "tags are those that were pushed"))


def _tags_of(pushes: Sequence[Step]) -> Iterator[str]:
    return (push.given("tags", "$(Build.BuildId)") for push in pushes)


def _as_written(tags: str) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in re.split(r"[\n,]+", tags) if tag.strip()))


def _with_tags(carried: Carried, build: Build) -> Carried:
    """Return the inputs of Docker@1 with the tags that its steps set without writing them."""
    named = read_image(build.first.given("imagename", "$(Build.Repository.Name):$(Build.BuildId)")).tag
    more = [tag for tag in build.image.tags if tag != named]
    if named and not more and build.first.is_set("includelatesttag"):
        return carried.adding(notes=("latest is left out of tags: it was set on the agent only, and not pushed",))
    texts = {"$(build.buildid)": "$(Build.BuildId)"}
    return carried.adding(new_entry("tags", "\n".join(texts.get(tag, tag) for tag in more))) if more else carried


def connection_of(build: Build) -> str:
    """Return the Docker Registry connection of a build as it is written; empty for a build that names its registry."""
    if not build.image.connection:
        return ""
    named = ("containerregistry", "dockerregistryendpoint")
    return next(filter(None, (step.given(name) for step in (build.first, build.login) if step for name in named)), "")


def complete(deploy: Deploy, connection: str, values: Mapping[str, str]) -> Carried:
    """Return the inputs of a deployment on its own: its image has a registry and a tag."""
    carried = qualify_hub(deploy.carried, values, connection)
    if read_image(deploy.image).tag:
        return carried
    return carried.adding(new_entry("tags", "latest"))


def unite(build: Build, made: Carried, deploy: Deploy) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the inputs of a build and its deployment as one step's, and what is to be said of them.

    The image is named as the deployment named it: with its registry, so that the step fails at once, before it
    changes anything, if the build's connection turns out to be for another one.
    """
    there, notes = _by_tag(deploy.carried, build)
    if not read_image(deploy.image).host and build.image.connection:
        notes += ("imageName has no registry: the image now comes from containerRegistry; Azure assumed Docker Hub",)
    made = made.without("imageName")
    connections = {image_text(one.get("azureSubscription")) for one in (there, made)} - {""}
    renamed = {"azureSubscription": "azureSubscriptionForACR"} if len(connections) > 1 else {}
    taken = {entry.name for entry in there.entries if entry.name}
    own = (replace(entry, name=renamed.get(entry.name, entry.name)) for entry in made.entries)
    kept = (only_comments(entry) if entry.name in taken else entry for entry in own)
    return (*there.entries, *kept), notes


def _by_tag(carried: Carried, build: Build) -> tuple[Carried, tuple[str, ...]]:
    """Return a deployment by the first tag of the build, where it was by latest, which others move."""
    entry = carried.get("imageName")
    image, first = read_image(image_text(entry)), _first_tag(build)
    if not entry or image.tag not in ("", "latest") or first == "latest":
        return carried, ()
    text = image_text(entry)
    name = text.removesuffix(":latest")
    entries = tuple(
        new_entry("imageName", f"{name}:{first}", like=entry) if one is entry else one for one in carried.entries
    )
    return replace(carried, entries=entries), (f"the tag {first} of this run is deployed, not latest",)


def _first_tag(build: Build) -> str:
    """Return the tag that a build sets first, as it is written."""
    step = build.first
    if step.name.lower() == "docker@2":
        pushes = "\n".join(_tags_of(build.steps[1:]))
        return _as_written(pushes or step.given("tags", "$(Build.BuildId)"))[0]
    name = step.given("imagename", _NAME)
    tagged = read_image(name).tag
    return name[-len(tagged) :] if tagged and len(plain_text(name)) == len(name) else tagged or "$(Build.BuildId)"
