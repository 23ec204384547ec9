"""What was found and what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pytask.model.reference import Digest, ImageReference, ManifestDigest, NotAReference, RegistryHost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pytask.model.evidence import Verification
    from pytask.model.settings import SettingsBack, SettingsChange


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The Function App or slot as it was found, before anything is changed."""

    resource_id: str
    """`/subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/…[/slots/…]`."""
    name: str
    slot: str
    """Empty means production."""
    resource_group: str
    url: str
    fx_version: str
    """`linuxFxVersion`: for a container `DOCKER|reference`."""
    stopped: bool
    configuration: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The properties of `config/web`, by the names that they have there."""

    @property
    def image(self) -> str:
        """The image that the app is configured with; empty when it has none."""
        kind, _, reference = self.fx_version.partition("|")
        return reference.strip() if kind.strip().upper() == "DOCKER" else ""

    @property
    def reference(self) -> ImageReference | None:
        """The same as a reference; None when there is none, or nobody could pull by it."""
        try:
            return ImageReference.parse(self.image)
        except NotAReference:
            return None

    @property
    def app_id(self) -> str:
        """The resource id of the app, also for one of its slots."""
        return self.resource_id.removesuffix(f"/slots/{self.slot}") if self.slot else self.resource_id

    @property
    def title(self) -> str:
        """The app as a person calls it: with its slot."""
        return f"{self.name} (slot {self.slot})" if self.slot else self.name

    @property
    def az_flags(self) -> str:
        """The app as the flags of `az functionapp` name it."""
        slot = f" --slot {self.slot}" if self.slot else ""
        return f"--name {self.name} --resource-group {self.resource_group}{slot}"


class Right(Enum):
    """Whether an identity may pull from a registry, as far as the role assignments tell."""

    HELD = "held"
    CONDITIONAL = "conditional"
    """By a role with a condition, which may or may not cover the repository."""
    LACKING = "lacking"
    UNKNOWN = "unknown"
    """The connection may not read the assignments, or not what a role allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviousImage:
    """What the app was configured with before, read before a tag can move."""

    reference: str
    """As the app's configuration had it, without `DOCKER|`."""
    digest: Digest | None
    """What that reference pointed at before this run pushed anything, an index or a manifest; None when unknown."""
    manifest: ManifestDigest | None = None
    """That of the app's platform, the same or one that the index lists; None when it could not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """An image in the agent's engine."""

    references: tuple[str, ...]
    id: str
    platform: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedImage:
    """An image in the registry, its digest confirmed by the registry where the connection may ask."""

    registry: RegistryHost
    """The login server."""
    repository: str
    tags: tuple[str, ...]
    """Empty when the image is known by its digest only."""
    digest: Digest | None
    """What the tags point at, an index or a manifest; None when nobody may tell it."""
    fresh_tag: bool = False
    """True when the registry had no such tag before this run pushed it: then the tag stands for this image only."""

    @property
    def reference(self) -> ImageReference:
        """`registry/repository:tag` with the tag that is deployed, or by digest when there is no tag."""
        tag, digest = (self.tags[0], None) if self.tags else ("", self.digest)
        return ImageReference(host=self.registry, repository=self.repository, tag=tag, digest=digest)

    @property
    def pinned(self) -> ImageReference | None:
        """`registry/repository@sha256:…`; None when nobody may tell the digest."""
        return self.reference.pinned(self.digest) if self.digest else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """The app, pointed at an image."""

    target: Target
    reference: str
    """As the configuration has it from now on, without `DOCKER|`."""
    digest: Digest | None
    """None when nobody may tell it: then the log is no evidence of it either."""
    written: datetime
    """When Azure took the change, by Azure's own clock (whole seconds, rounded down)."""
    sent_at: float
    """Our own monotonic clock just before the change was sent: a process of the new image cannot be older."""
    instances: int | None
    """How many the app ran on just before."""
    fresh_tag: bool = False
    """True when `reference` is a tag that did not exist before this run."""
    restarted: bool
    """True when nothing in the configuration was to change, so that only a restart fetches the image again."""
    beside: Mapping[str, object] = field(default_factory=dict, repr=False)
    """What the configuration is to read besides the image, by name."""
    changed: tuple[str, ...] = ()
    """The names of those of them that were otherwise before."""
    settings: SettingsChange | None = None
    """What was changed of the app's settings before it was pointed at the image."""
    sticky: tuple[str, ...] = ()
    """The names of the settings that this run made sticky to their slot."""

    @property
    def fx_version(self) -> str:
        """What `linuxFxVersion` reads now."""
        return f"DOCKER|{self.reference}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """One function, as the host lists it."""

    name: str
    trigger: str
    """The type of its trigger binding, such as `httpTrigger`; empty when the host does not say."""
    url: str = ""
    """Where an HTTP function is called; may hold `{parameters}`."""
    needs_key: bool = False
    disabled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RolledBack:
    """The previous image, which the app was pointed at again."""

    reference: str
    verification: Verification
    seconds: float
    settings: SettingsBack | None = None
    """None when the run had changed none."""
    configuration: tuple[str, ...] = ()
    """The names of the properties of the configuration that were restored."""
