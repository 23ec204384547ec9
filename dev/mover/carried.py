"""What the new step takes from an old one: entries under their new names, and what has no place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dev.mover.arguments import (
    Translated,
    refused_names,
    translate_arguments,
    translate_configuration,
    translate_environment,
)
from dev.mover.builds import docker_kind, is_docker
from dev.mover.entries import Entry, new_entry, only_comments
from dev.mover.images import expand, may_have_host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dev.mover.steps import Step

_INSTEAD = {
    "addpipelinedata": "addSourceLabels adds labels for source and commit",
    "addbaseimagedata": "addSourceLabels adds labels for source and commit",
    "adddefaultlabels": "addSourceLabels adds labels for source and commit",
    "includesourcetags": "write the tags into tags",
    "imagedigestfile": "use the output imageDigest, or recordFile",
    "memorylimit": "BuildKit has no memory limit",
    "qualifyimagename": "the registry always comes before the name",
    "enforcedockernamingconvention": "names are always corrected",
}
_CREATES = (
    "targetport",
    "ingress",
    "location",
    "containerappenvironment",
    "runtimestack",
    "acrusername",
    "acrpassword",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """The inputs of the new step that come from one old step."""

    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Why the new step would not work with them."""

    def get(self, name: str) -> Entry | None:
        """Return the entry of one of the new step's inputs."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def without(self, name: str) -> Carried:
        """Return it without an input, whose comments stay."""
        kept = (only_comments(entry) if entry.name == name else entry for entry in self.entries)
        return replace(self, entries=tuple(kept))

    def adding(self, *entries: Entry, notes: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> Carried:
        """Return it with more."""
        return Carried(
            entries=(*self.entries, *entries), notes=(*self.notes, *notes), refused=(*self.refused, *refused)
        )


def carry(step: Step, values: Mapping[str, str]) -> Carried:
    """Return what the new step takes from a step; `values` are the variables that the file sets."""
    found = Carried()
    for old, entry in step.inputs.items():
        found = _with_input(found, step, old, entry)
    if _has_the_root_as_context(step):
        note = "buildContext is the repository's root, as with useDefaultContext: false alone"
        found = found.adding(new_entry("buildContext", "."), notes=(note,))
    if is_docker(step) or step.name.lower() == "azureappservicemanage@0":
        return found
    return _with_host(_with_image(found, step), values)


def _with_input(found: Carried, step: Step, old: str, entry: Entry) -> Carried:
    name = step.task.inputs.get(old, "") if step.task else ""
    if not name or (ignored := _ignored(step, old)):
        settled = step.task is not None and old in step.task.settled
        gone = _gone(old, entry) if not name else ignored
        return found.adding(only_comments(entry), notes=() if settled or not entry.text else (gone,))
    if is_docker(step) and docker_kind(step) == "push":
        return found.adding(only_comments(entry))
    if translated := _translated(name, step, entry):
        return _with_translated(found, name, entry, translated)
    refused = refused_names(entry.text) if name == "appSettings" else ()
    return found.adding(replace(entry, name=name), refused=refused)


def _has_the_root_as_context(step: Step) -> bool:
    """Tell whether Docker@1 builds from the checkout's root, as its agent makes an empty path that folder.

    https://github.com/microsoft/azure-pipelines-tasks/blob/master/Tasks/DockerV1/containerbuild.ts
    """
    builds = step.name.lower() == "docker@1" and docker_kind(step) == "build"
    return builds and not step.is_set("usedefaultcontext", "true") and not step.given("buildcontext")


def _gone(old: str, entry: Entry) -> str:
    if old in _CREATES:
        return f"{entry.name} has no equivalent in the new step: it does not create or configure the app"
    instead = f"; {_INSTEAD[old]}" if old in _INSTEAD else ""
    return f"{entry.name}: {entry.text.partition(chr(10))[0]} has no equivalent in the new step{instead}"


def _ignored(step: Step, old: str) -> str:
    """Return why an input that the new step knows is left out: the old task did not use it."""
    if step.name.lower() == "docker@1" and old == "buildcontext" and step.is_set("usedefaultcontext", "true"):
        return "buildContext is left out: Docker@1 did not use it without useDefaultContext: false"
    if step.name.lower() == "docker@1" and old in ("azurecontainerregistry", "dockerregistryendpoint"):
        other = step.given("containerregistrytype").lower() == "container registry"
        if other == (old == "azurecontainerregistry") and (other or step.given("azurecontainerregistry")):
            return f"{old} is left out: containerregistrytype says that the other registry is meant"
    if (
        old in ("slotname", "resourcegroupname")
        and "webappkind" in step.inputs
        and not step.is_set("deploytoslotoraseflag")
    ):
        return f"{step.inputs[old].name} is left out: the old task did not use it without deployToSlotOrASE: true"
    return ""


def _translated(name: str, step: Step, entry: Entry) -> Translated | None:
    """Return an input whose text changes; None for one that stays as it is written."""
    if name == "arguments":
        found = translate_arguments(entry.text)
        if docker_kind(step) == "both":
            note = "Docker@2 ignored arguments with buildAndPush; the new step uses them"
            return replace(found, notes=(*found.notes, note))
        return found
    if name == "configurationStrings":
        return translate_configuration(entry.text)
    return (
        translate_environment(entry.text)
        if step.name.lower() == "azurecontainerapps@1" and name == "appSettings"
        else None
    )


def _with_translated(found: Carried, name: str, entry: Entry, new: Translated) -> Carried:
    kept = replace(entry, name=name)
    if new.text != entry.text:
        kept = new_entry(name, new.text, like=entry) if new.text else only_comments(entry)
    by_name: dict[str, list[str]] = {}
    for other, value in new.others:
        by_name.setdefault(other, []).append(value)
    others = (new_entry(other, "\n".join(texts)) for other, texts in by_name.items())
    return found.adding(kept, *others, notes=new.notes, refused=new.refused)


def _with_image(found: Carried, step: Step) -> Carried:
    """Return it with the image of AzureRmWebAppDeployment@4, whose name comes in three inputs."""
    space, name, tag = (step.inputs.get(key) for key in ("dockernamespace", "dockerrepository", "dockerimagetag"))
    if not space or not name:
        return found
    image = f"{space.text}/{name.text}" + (f":{tag.text}" if tag and tag.text else "")
    return found.adding(new_entry("imageName", image))


def _with_host(found: Carried, values: Mapping[str, str]) -> Carried:
    """Return it with an image that names its registry and tag: without one, Azure means Docker Hub and latest."""
    entry = found.get("imageName")
    text = image_text(entry)
    if not entry or not text:
        return found.adding(refused=("it names no image",))
    if "\n" in text:
        return found.adding(refused=("it deploys several images, and the new step deploys one",))
    known = may_have_host(text, values)
    if known is None:
        first = text.partition("/")[0]
        return found.adding(
            notes=(f"if {first} does not contain a registry, add docker.io/: Azure assumed Docker Hub",)
        )
    return found


def image_text(entry: Entry | None) -> str:
    """Return what an image's entry says, whether an old step has it or the move made it."""
    if entry is None:
        return ""
    return entry.text or entry.rest.removeprefix(":").strip().strip("'")


def qualify_hub(found: Carried, values: Mapping[str, str], connection: str) -> Carried:
    """Return a deployment whose image has a registry: Docker Hub, or that of the connection that it was pushed with."""
    entry, text = found.get("imageName"), image_text(found.get("imageName"))
    if not entry or may_have_host(text, values) is not False:
        return found
    if connection:
        note = "imageName has no registry: the image now comes from containerRegistry; Azure assumed Docker Hub"
        return found.adding(new_entry("containerRegistry", connection), notes=(note,))
    path = text if "/" in expand(text, values) else f"library/{text}"
    entries = tuple(
        new_entry("imageName", f"docker.io/{path}", like=one) if one is entry else one for one in found.entries
    )
    return replace(
        found,
        entries=entries,
        notes=(*found.notes, "docker.io/ is added to imageName, because Azure assumed Docker Hub"),
    )
