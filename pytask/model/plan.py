"""What is to be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from pytask.model.settings import WantedSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytask.model.connection import RegistryLogin, Secret, ServiceConnection
    from pytask.model.reference import ImageReference, RegistryHost


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAddress:
    """The registry as the user named it. With neither field but `name`, ARM has to be asked."""

    name: str
    login_server: RegistryHost | None = None
    resource_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppAddress:
    """The Function App as the user named it; empty fields are to be found out."""

    name: str
    resource_group: str = ""
    subscription_id: str = ""
    slot: str = ""
    """Empty means production."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildArgument:
    """One `--build-arg`; without a value Docker takes it from the environment."""

    name: str
    value: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSecret:
    """What a `RUN --mount=type=secret,id=…` reads."""

    id: str
    content: Secret | Path
    """The text itself, or the file that holds it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """All that `docker build` is told, but for the names of the image."""

    dockerfile: Path
    context: Path
    sources: Path
    """The folder that the pipeline checked out."""
    platform: str
    target: str
    """A stage of the Dockerfile; empty means the last."""
    arguments: tuple[BuildArgument, ...]
    secrets: tuple[BuildSecret, ...]
    labels: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    """Further flags; the value of one that is known is joined to it by `=`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageNames:
    """The names that an image is built under."""

    repository: str
    tags: tuple[str, ...]
    """The first is the one that is deployed."""
    image_host: RegistryHost | None = None
    """What the image's name begins with."""

    @property
    def references(self) -> tuple[str, ...]:
        """Names for the image in the agent's engine."""
        return self.references_at(None)

    def references_at(self, host: RegistryHost | None) -> tuple[str, ...]:
        """Return `host/repository:tag` for every tag; without a host when it is not known yet."""
        return tuple(f"{host or ''}{'/' if host else ''}{self.repository}:{tag}" for tag in self.tags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination(ImageNames):
    """Where the image goes, and under which names; `image_host` is compared once the login server is known."""

    registry: RegistryAddress

    @property
    def host(self) -> RegistryHost | None:
        """The registry's login server; None when ARM has yet to say it."""
        return self.registry.login_server

    @property
    def references(self) -> tuple[str, ...]:
        """Names for the image in the agent's engine; without a host when ARM has yet to say it."""
        return self.references_at(self.host)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingImage:
    """An image that is in a registry already."""

    reference: ImageReference
    """With a tag, a digest, or both; a digest decides. Where the registry was given by name, it has yet to be asked."""


class Command(Enum):
    """What a run does; the values are those of the input `command`."""

    BUILD_PUSH_DEPLOY = "buildPushDeploy"
    BUILD_AND_PUSH = "buildAndPush"
    DEPLOY = "deploy"
    BUILD = "build"
    CHECK = "check"


class DeployBy(Enum):
    """How the app is told which image; the values are those of the input `deployBy`."""

    TAG = "tag"
    DIGEST = "digest"


class WhenUnchanged(Enum):
    """What is done when the app runs this very image already; the values are those of the input `whenUnchanged`."""

    DEPLOY = "deploy"
    SKIP = "skip"


class WhenUnverified(Enum):
    """What a run comes to when checks could not be made; the values are those of the input `whenUnverified`."""

    WARN = "warn"
    FAIL = "fail"
    SUCCEED = "succeed"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeTest:
    """A call of the app that must be answered as expected."""

    path: str
    """From the slash on, with its query."""
    statuses: tuple[str, ...]
    """Such as `200` or `2xx`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyPlan:
    """How the app is verified to run the image."""

    seconds: float
    smoke_test: SmokeTest | None
    when_unverified: WhenUnverified
    roll_back: bool
    """Whether the app gets its previous image again when the new one does not start."""
    annotate: bool
    """Whether the deployment is marked in the app's Application Insights."""


class PullAccess(Enum):
    """How the app is let into the registry; the values are those of the input `appPullAccess`."""

    KEEP = "keep"
    MANAGED_IDENTITY = "managedIdentity"
    ADMIN_USER = "adminUser"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullPlan:
    """How the app is to pull."""

    access: PullAccess = PullAccess.KEEP
    identity: str = ""
    """Client id or resource id of a user-assigned identity; empty means the app's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPlan:
    """Which app is to run the image, and how it gets there."""

    app: AppAddress
    deploy_by: DeployBy
    when_unchanged: WhenUnchanged
    verify: VerifyPlan | None
    """None when no verification is asked for."""
    pull: PullPlan = PullPlan()
    settings: WantedSettings = field(default_factory=WantedSettings)
    """What the step asks the app's settings to be."""
    configuration: Mapping[str, object] = field(default_factory=dict, repr=False)
    """What the step asks the site's configuration to be besides the image, by property."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """What every plan holds, whatever its command."""

    registry_connection: ServiceConnection | RegistryLogin | None
    """The one to enter the registry with; None when it is that of azureSubscription too."""
    record_file: Path | None
    notes: tuple[str, ...]
    """What was understood otherwise than it was written."""
    warnings: tuple[str, ...] = ()
    """What is done as it was asked for, and should not be asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _BuildPlan(_Plan):
    """What every plan holds that builds an image."""

    recipe: Recipe
    signs_in_to: frozenset[RegistryHost]
    """Hosts of registries that a base image may come from, and that BuildKit gets credentials of this run for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build(_BuildPlan):
    """Build an image and leave it in the agent's engine."""

    command: ClassVar[Command] = Command.BUILD
    connection: ServiceConnection | None
    """None when nothing but a registry of its own connection is used, or no registry at all."""
    names: ImageNames


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildAndPush(_BuildPlan):
    """Build an image and push it."""

    command: ClassVar[Command] = Command.BUILD_AND_PUSH
    connection: ServiceConnection | None
    """None when the registry has a connection of its own."""
    names: Destination


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildPushDeploy(_BuildPlan):
    """Build an image, push it, and have the app run it."""

    command: ClassVar[Command] = Command.BUILD_PUSH_DEPLOY
    connection: ServiceConnection
    names: Destination
    app: AppPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class Deploy(_Plan):
    """Have the app run an image that is in a registry already."""

    command: ClassVar[Command] = Command.DEPLOY
    connection: ServiceConnection
    image: ExistingImage
    app: AppPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class Check(_Plan):
    """Look at the app, and change nothing."""

    command: ClassVar[Command] = Command.CHECK
    connection: ServiceConnection
    app: AppPlan


BuildPlan: TypeAlias = Build | BuildAndPush | BuildPushDeploy
PushPlan: TypeAlias = BuildAndPush | BuildPushDeploy
DeployPlan: TypeAlias = BuildPushDeploy | Deploy
Plan: TypeAlias = BuildPlan | Deploy | Check
"""Everything that will be done, decided before anything is: one kind for each command."""


def app_plan(plan: Plan | None) -> AppPlan | None:
    """Return what a plan says of the app; None where it is about none."""
    return plan.app if isinstance(plan, BuildPushDeploy | Deploy | Check) else None
