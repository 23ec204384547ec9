"""The plan of a run, with one class per command."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeAlias

from pytask.model.settings import WantedSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytask.model.connection import RegistryLogin, ServiceConnection
    from pytask.model.recipe import Recipe
    from pytask.model.reference import ImageReference, RegistryHost


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAddress:
    """The registry as the user named it. When only `name` is set, ARM must be asked for the rest."""

    name: str
    login_server: RegistryHost | None = None
    resource_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppAddress:
    """The Function App as the user named it; empty fields are looked up later."""

    name: str
    resource_group: str = ""
    subscription_id: str = ""
    slot: str = ""
    """Empty means production."""
    on_container_apps: bool = False
    """Whether it was named by the resource ID of a container app."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageNames:
    """The names that an image is built with."""

    repository: str
    tags: tuple[str, ...]
    """The first one is deployed."""
    image_host: RegistryHost | None = None
    """The host at the start of the image's name."""

    @property
    def references(self) -> tuple[str, ...]:
        """Names for the image in the agent's engine."""
        return self.references_at(None)

    def references_at(self, host: RegistryHost | None) -> tuple[str, ...]:
        """Return `host/repository:tag` for every tag; the host is left out when it is not known yet."""
        return tuple(f"{host or ''}{'/' if host else ''}{self.repository}:{tag}" for tag in self.tags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination(ImageNames):
    """Where to push the image, and its names; `image_host` is compared once the login server is known."""

    registry: RegistryAddress

    @property
    def host(self) -> RegistryHost | None:
        """The registry's login server; None until ARM reports it."""
        return self.registry.login_server

    @property
    def references(self) -> tuple[str, ...]:
        """Names for the image in the agent's engine, without a host until ARM reports it."""
        return self.references_at(self.host)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingImage:
    """An image that is already in a registry."""

    reference: ImageReference
    """With a tag, a digest, or both; the digest takes precedence."""


class Command(Enum):
    """What a run does; the values are those of the input `command`."""

    BUILD_PUSH_DEPLOY = "buildPushDeploy"
    BUILD_AND_PUSH = "buildAndPush"
    DEPLOY = "deploy"
    BUILD = "build"
    SWAP = "swap"
    CHECK = "check"


class BuildOn(Enum):
    """Where the image is built; the values are those of the input `buildOn`."""

    AGENT = "agent"
    ACR = "acr"


class DeployBy(Enum):
    """How the app's image is written; the values are those of the input `deployBy`."""

    TAG = "tag"
    DIGEST = "digest"


class WhenUnchanged(Enum):
    """What to do when the app already runs this very image; the values are those of the input `whenUnchanged`."""

    DEPLOY = "deploy"
    SKIP = "skip"


class WhenUnverified(Enum):
    """The result of a run when checks could not be made; the values are those of the input `whenUnverified`."""

    WARN = "warn"
    FAIL = "fail"
    SUCCEED = "succeed"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeTest:
    """A call to the app that must return the expected status."""

    path: str
    """Path and query, from the slash on."""
    statuses: tuple[str, ...]
    """Expected statuses, such as `200` or `2xx`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyPlan:
    """How to verify that the app runs the image."""

    seconds: float
    smoke_test: SmokeTest | None
    when_unverified: WhenUnverified
    roll_back: bool
    """Whether to roll back when the new image does not start."""
    annotate: bool
    """Whether to mark the deployment in the app's Application Insights."""


class PullAccess(Enum):
    """How the app gets pull access; the values are those of the input `appPullAccess`."""

    KEEP = "keep"
    MANAGED_IDENTITY = "managedIdentity"
    ADMIN_USER = "adminUser"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullPlan:
    """How the app will pull."""

    access: PullAccess = PullAccess.KEEP
    identity: str = ""
    """Client ID or resource ID of a user-assigned identity; empty for the system-assigned one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPlan:
    """The app that will run the image, and how to update and verify it."""

    app: AppAddress
    deploy_by: DeployBy
    when_unchanged: WhenUnchanged
    verify: VerifyPlan | None
    """None when `verify` is false."""
    pull: PullPlan = PullPlan()
    settings: WantedSettings = field(default_factory=WantedSettings)
    """The app settings to set."""
    configuration: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The site properties to set besides the image."""
    swap: bool = False
    """Whether the slot is then swapped with production."""
    more: tuple[AppAddress, ...] = ()
    """Further apps for the same image; all else in this record is meant for them too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """The fields of every plan."""

    registry_connection: ServiceConnection | RegistryLogin | None
    """The registry's own connection; None when azureSubscription is used for the registry too."""
    record_file: Path | None
    notes: tuple[str, ...]
    """How inputs were interpreted, where that differs from what was written."""
    warnings: tuple[str, ...] = ()
    """Warnings about requests that are carried out but are not advisable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AcrTasks:
    """The registry that builds the image."""

    registry: RegistryAddress
    agent_pool: str = ""
    """Empty for the agents that all registries share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _BuildPlan(_Plan):
    """The fields of every plan that builds an image."""

    recipe: Recipe
    signs_in_to: frozenset[RegistryHost]
    """Registries of base images that BuildKit gets this run's credentials for."""
    acr: AcrTasks | None = None
    """What builds instead of this agent; None when the agent builds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build(_BuildPlan):
    """Build an image and leave it in the agent's engine."""

    command: ClassVar[Command] = Command.BUILD
    connection: ServiceConnection | None
    """None when no registry is used, or only one with its own connection."""
    names: ImageNames


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildAndPush(_BuildPlan):
    """Build an image and push it."""

    command: ClassVar[Command] = Command.BUILD_AND_PUSH
    connection: ServiceConnection | None
    """None when the registry has its own connection."""
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
    """Have the app run an image that is already in a registry."""

    command: ClassVar[Command] = Command.DEPLOY
    connection: ServiceConnection
    image: ExistingImage
    app: AppPlan
    imports_into: RegistryAddress | None = None
    """The registry to copy the image into first; None when the app pulls it from where it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swap(_Plan):
    """Swap a slot that was verified before with production."""

    command: ClassVar[Command] = Command.SWAP
    connection: ServiceConnection
    image: ExistingImage | None
    """The image that the slot must run; None when the step does not say."""
    app: AppPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class Check(_Plan):
    """Report on the app without changing anything."""

    command: ClassVar[Command] = Command.CHECK
    connection: ServiceConnection
    app: AppPlan


BuildPlan: TypeAlias = Build | BuildAndPush | BuildPushDeploy
PushPlan: TypeAlias = BuildAndPush | BuildPushDeploy
DeployPlan: TypeAlias = BuildPushDeploy | Deploy
Plan: TypeAlias = BuildPlan | Deploy | Swap | Check
"""Everything that a run will do, decided beforehand; one class per command."""


def app_plan(plan: Plan | None) -> AppPlan | None:
    """Return a plan's part about the app; None when it has none."""
    return plan.app if isinstance(plan, BuildPushDeploy | Deploy | Swap | Check) else None


def assert_never(plan: NoReturn) -> NoReturn:
    """Fail in the type checker when a kind of plan has no function; `typing` has this since Python 3.11."""
    raise AssertionError(plan)
