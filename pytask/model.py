"""The records that flow through a run, in the order they come to be. Frozen: what is known stays known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that must not be seen; only `agent.console.Console.secret` makes one, which masks it at once."""

    _text: str

    def reveal(self) -> str:
        """Give the text itself; call this only where it leaves for the one who must know it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """The Azure cloud a service connection belongs to, as the connection's own data says."""

    arm_url: str
    """`https://management.azure.com` in the public cloud; no slash at the end."""
    authority_url: str
    """Where Entra ID signs in, such as `https://login.microsoftonline.com`."""
    arm_scope: str
    """The scope of a token for ARM; ends in `/.default`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyIdentity:
    """A service principal with a client secret."""

    client_id: str
    secret: Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class FederatedIdentity:
    """A service principal or managed identity that trusts the pipeline's own tokens; there is no secret."""

    client_id: str
    issuer: str
    """As the connection's data names it, for the error that says what to enter; may be empty."""
    subject: str


Identity = KeyIdentity | FederatedIdentity


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConnection:
    """An Azure Resource Manager service connection."""

    id: str
    """The lower-case GUID that the agent names it by."""
    tenant_id: str
    subscription_id: str
    subscription_name: str
    cloud: Cloud
    identity: Identity


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAddress:
    """The registry as the user named it. With neither field but `name`, ARM has to be asked."""

    name: str
    login_server: str = ""
    resource_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppAddress:
    """The Function App as the user named it; empty fields are to be found out."""

    name: str
    resource_group: str = ""
    subscription_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildArgument:
    """One `--build-arg`; without a value Docker takes it from the environment."""

    name: str
    value: str | None


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
    labels: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    """Further flags, as the user wrote them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where the image goes, and under which names."""

    registry: RegistryAddress
    repository: str
    tags: tuple[str, ...]
    """The first is the one that is deployed."""

    def references(self, host: str) -> tuple[str, ...]:
        """Give `host/repository:tag` for every tag; without a host when it is not known yet."""
        return tuple(f"{host}{'/' if host else ''}{self.repository}:{tag}" for tag in self.tags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the user asks for: read, checked and typed; nothing looked up outside the agent."""

    connection: ServiceConnection
    destination: Destination
    recipe: Recipe
    app: AppAddress
    verify: bool
    verify_seconds: float
    notes: tuple[str, ...]
    """What was understood otherwise than it was written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything that will be done, decided before anything is."""

    connection: ServiceConnection
    recipe: Recipe
    references: tuple[str, ...]
    """Names for the image in the agent's engine; without a host when ARM has yet to say it."""
    destination: Destination
    app: AppAddress
    verify: bool
    verify_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class HostProcess:
    """One process of the Functions host."""

    instance: str
    started: datetime
    state: str
    version: str
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The Function App as it was found, before anything is changed."""

    resource_id: str
    """`/subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/…`."""
    name: str
    resource_group: str
    url: str
    fx_version: str
    """`linuxFxVersion`: for a container `DOCKER|reference`."""
    state: str

    @property
    def image(self) -> str:
        """The image that the app is configured with; empty when it has none."""
        kind, _, reference = self.fx_version.partition("|")
        return reference if kind.upper() == "DOCKER" else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """An image in the agent's engine."""

    references: tuple[str, ...]
    id: str
    platform: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedImage:
    """An image in the registry, its digest confirmed by the registry."""

    registry: str
    """The login server."""
    repository: str
    tags: tuple[str, ...]
    digest: str
    """`sha256:…` of the manifest."""
    media_type: str
    layers: int
    new_layers: int
    new_bytes: int

    @property
    def reference(self) -> str:
        """`registry/repository:tag` with the tag that is deployed."""
        return f"{self.registry}/{self.repository}:{self.tags[0]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """The app, pointed at an image."""

    target: Target
    image: PushedImage
    fx_version: str
    written: datetime
    """When Azure took the change, by Azure's own clock (whole seconds, rounded down)."""
    restarted: bool
    """True when the reference was the same as before, so that only a restart fetches the image anew."""


class Step(Enum):
    """A step of the proof, in its order."""

    CONFIGURATION = "configuration"
    HOST = "new host process"
    FUNCTIONS = "functions"
    LOG = "digest in the platform log"


class Verdict(Enum):
    """What the proof came to; the values are those of the output `proof`."""

    PROVEN = "proven"
    NOT_PROVEN = "notProven"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """One function, as the host lists it."""

    name: str
    trigger: str
    """The type of its trigger binding, such as `httpTrigger`; empty when the host does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What was seen of the new image running."""

    verdict: Verdict
    taken: tuple[Step, ...]
    missing: tuple[tuple[Step, str], ...]
    """Steps that could not be taken, with the reason."""
    functions: tuple[Function, ...] = ()
