"""What was found and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytask.model.reference import Digest, ImageReference, ManifestDigest, NotAReference, RegistryHost

if TYPE_CHECKING:
    from pytask.model.evidence import Verification
    from pytask.model.settings import SettingsBack, SettingsChange


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """The commands by which a person does to an app what a run does."""

    use_image: str
    """Sets the app's image, up to the reference that follows."""
    restart: str

    def use(self, reference: str) -> str:
        """Return the command that sets the app's image."""
        return f"{self.use_image} {reference}"


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """What a run deploys to, of whatever kind, as it was found before anything is changed."""

    resource_id: str
    """In Azure Resource Manager, from `/subscriptions/` on."""
    name: str
    slot: str
    """Empty means production, or a kind of app that has no slots."""
    resource_group: str
    url: str
    image: str
    """The image that it is configured with; empty when it has none."""
    stopped: bool
    by_hand: ByHand

    @property
    def reference(self) -> ImageReference | None:
        """Its image as a reference; None when there is none, or nobody could pull by it."""
        try:
            return ImageReference.parse(self.image)
        except NotAReference:
            return None

    @property
    def title(self) -> str:
        """The app as a person calls it: with its slot."""
        return f"{self.name} (slot {self.slot})" if self.slot else self.name


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
    """As the app's configuration had it."""
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
class Update:
    """The app, pointed at an image."""

    app: App
    reference: str
    """As the app's configuration has it from now on."""
    digest: Digest | None
    """None when nobody may tell it: then the platform's log is no evidence of it either."""
    restarted: bool
    """True when nothing in the configuration was to change, so that only a restart fetches the image again."""
    changed: tuple[str, ...] = ()
    """The names of the properties of the configuration that were otherwise before, besides the image."""
    settings: SettingsChange | None = None
    """What was changed of the app's settings before it was pointed at the image."""
    sticky: tuple[str, ...] = ()
    """The names of the settings that this run made sticky to their slot."""


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
