"""The steps that point an app at an image, and which build makes that image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dev.mover.carried import Carried, carry, image_text
from dev.mover.images import expand, read_image, same_place, why_not_same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dev.mover.builds import Build
    from dev.mover.steps import Step

_FOR_WEB_APPS = "azurewebappcontainer@1"
_OF_MANY_KINDS = "azurermwebappdeployment@4"
_FOR_CONTAINER_APPS = "azurecontainerapps@1"
_DEPLOYS = ("azurefunctionappcontainer@1", _FOR_WEB_APPS, _OF_MANY_KINDS, _FOR_CONTAINER_APPS)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Deploy:
    """A deployment of an image."""

    step: Step
    carried: Carried
    why_left: str
    """Why it stays as it is; empty when it can move."""

    @property
    def image(self) -> str:
        """The image's name as it is written."""
        return image_text(self.carried.get("imageName"))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Matched:
    """A deployment, the builds that surely make its image, and what keeps other builds from being recognized."""

    deploy: Deploy
    builds: tuple[Build, ...]
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Doubt:
    """Why a deployment's image is not surely that of builds that may make it."""

    builds: tuple[Build, ...]
    text: str


def read_deploys(steps: Iterable[Step], values: Mapping[str, str], apps: Iterable[str]) -> Iterator[Deploy]:
    """Return the deployments of containers among steps; `apps` are names of apps that are Function Apps for sure."""
    for step in steps:
        if step.name.lower() in _DEPLOYS and _is_container(step):
            carried = Carried() if step.unusual else carry(step, values)
            why = step.unusual or _not_for_us(step, set(apps)) or "; ".join(carried.refused)
            yield Deploy(step=step, carried=carried, why_left=why)


def _is_container(step: Step) -> bool:
    """Tell whether a step deploys a container; AzureRmWebAppDeployment@4 mostly deploys packages."""
    said = [node.text.lower() for node in step.node.below()] if step.unusual else [step.given("webappkind").lower()]
    return step.name.lower() != _OF_MANY_KINDS or any(text.endswith("appcontainer") for text in said)


def _not_for_us(step: Step, apps: set[str]) -> str:
    """Return why the new step cannot do what a step does, or when it can; empty when it surely can."""
    if "multicontainerconfigfile" in step.inputs:
        return "it deploys several containers"
    if step.given("connectiontype").lower() == "publishprofile":
        return "it signs in with a publish profile, and the new step with an Azure service connection"
    if step.name.lower() == _FOR_CONTAINER_APPS and (why := _not_only_an_image(step)):
        return why
    app = step.given("appname") or step.given("webappname") or step.given("containerappname")
    told = step.given("kind").lower() == "functionapp" or step.given("webappkind").lower() == "functionappcontainer"
    if told or app in apps or step.name.lower() == "azurefunctionappcontainer@1":
        return ""
    kind = "Container Apps of every kind" if step.name.lower() == _FOR_CONTAINER_APPS else "web apps"
    return f"it is for {kind}; if {app} is a Function App, run this again with --function-app '{app}'"


def _not_only_an_image(step: Step) -> str:
    for name, why in (
        ("appsourcepath", "it builds the image from appSourcePath; use Docker@2 or the new step's dockerFile"),
        ("yamlconfigpath", "it configures the app from a YAML file"),
    ):
        if step.given(name):
            return why
    return "" if step.given("containerappname") else "it creates an app, as it names none"


def match(deploys: Sequence[Deploy], builds: Sequence[Build], values: Mapping[str, str]) -> list[Matched]:
    """Return each deployment with its builds; where two registries are possible, it has none."""
    found = [_matched(deploy, builds, values) for deploy in deploys]
    hosts: dict[str, set[str]] = {}
    for one in found:
        for build in one.builds:
            if build.image.connection and not build.image.host:
                hosts.setdefault(build.image.connection, set()).add(_host(one.deploy, values))
    several = {connection for connection, names in hosts.items() if len(names) > 1}
    return [_without(one, several) for one in found]


def _host(deploy: Deploy, values: Mapping[str, str]) -> str:
    return read_image(expand(deploy.image, values)).host


def _matched(deploy: Deploy, builds: Sequence[Build], values: Mapping[str, str]) -> Matched:
    if not deploy.image:
        return Matched(deploy=deploy, builds=())
    verdicts = [(build, why_not_same(deploy.image, build.image, values)) for build in builds]
    sure = tuple(build for build, why in verdicts if why is None)
    doubts = tuple(
        Doubt(builds=(build,), text=f"not recognized as the image of line {build.first.number + 1}: {why}")
        for build, why in verdicts
        if why
    )
    if not all(same_place(sure[0].image, build.image) for build in sure):
        lines = " and ".join(str(build.first.number + 1) for build in sure)
        doubt = Doubt(
            builds=sure, text=f"it is not certain which image this is: lines {lines} build it for different registries"
        )
        return Matched(deploy=deploy, builds=(), doubts=(*doubts, doubt))
    return Matched(deploy=deploy, builds=sure, doubts=() if sure else doubts)


def _without(one: Matched, several: set[str]) -> Matched:
    """Return it without builds for a connection whose images are deployed from several registries."""
    if not any(build.image.connection in several and not build.image.host for build in one.builds):
        return one
    line = one.builds[0].first.number + 1
    text = f"not recognized as the image of line {line}: images of its connection are deployed from several registries"
    return Matched(deploy=one.deploy, builds=(), doubts=(*one.doubts, Doubt(builds=one.builds, text=text)))
