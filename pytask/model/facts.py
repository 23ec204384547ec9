"""What a run finds and what it does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytask.errors.foreign import shell_word
from pytask.model.reference import Digest, ImageReference, ManifestDigest, NotAReference, RegistryHost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytask.model.evidence import Verification
    from pytask.model.settings import SettingsChange


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """The commands that do by hand what a run does."""

    use_image: str
    """The command that sets the app's image, without the reference at its end."""
    restart: str

    def use(self, reference: str) -> str:
        """Return the command that sets the app's image; an invalid reference is left out."""
        try:
            ImageReference.parse(reference)
        except NotAReference:
            return f"{self.use_image} <image>"
        return f"{self.use_image} {shell_word(reference)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """The app that a run deploys to, as found before any change."""

    resource_id: str
    """Resource ID in Azure Resource Manager, from `/subscriptions/` on."""
    name: str
    slot: str
    """Empty for production, and for a kind of app without slots."""
    resource_group: str
    url: str
    image: str
    """The configured image; empty when there is none."""
    stopped: bool
    by_hand: ByHand
    workers: str = ""
    """Resource ID of the plan or environment whose workers it shares with other apps; empty when unknown."""
    at_once: int = 2
    """How many of the apps that share them may start a new image at once: each start takes processor time of all."""
    keeps_serving: bool = False
    """Whether the previous image serves until the new one is ready, so that the configured one may not be the one."""

    @property
    def reference(self) -> ImageReference | None:
        """The image as a reference; None when there is none or it is not valid."""
        try:
            return ImageReference.parse(self.image)
        except NotAReference:
            return None

    @property
    def title(self) -> str:
        """The app's name for people, with its slot."""
        return f"{self.name} (slot {self.slot})" if self.slot else self.name


def labels_of(apps: Sequence[App]) -> tuple[str, ...]:
    """Return a short name for each app, `app/slot`, with its group before it where two would have the same."""
    short = [f"{app.name}/{app.slot}" if app.slot else app.name for app in apps]
    often = {name for name, count in Counter(name.lower() for name in short).items() if count > 1}
    pairs = zip(apps, short, strict=True)
    return tuple(f"{app.resource_group}/{name}" if name.lower() in often else name for app, name in pairs)


class Right(Enum):
    """Whether an identity may pull from a registry, judged by the role assignments."""

    HELD = "held"
    CONDITIONAL = "conditional"
    """Granted by a role with a condition, which may or may not cover the repository."""
    LACKING = "lacking"
    UNKNOWN = "unknown"
    """The connection may not read the assignments, or what a role allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviousImage:
    """The app's image before this run, read before a tag can move."""

    reference: str
    """The reference in the app's configuration."""
    digest: Digest | None
    """Digest of the index or manifest that the reference pointed at before this run's push; None when unknown."""
    manifest: ManifestDigest | None = None
    """Digest of the app's platform manifest: the same, or one in the index; None when it could not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """An image in the agent's engine."""

    references: tuple[str, ...]
    id: str
    platform: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedImage:
    """An image in the registry, with its digest confirmed by the registry if the connection may read it."""

    registry: RegistryHost
    """The login server."""
    repository: str
    tags: tuple[str, ...]
    """Empty when the image is known only by digest."""
    digest: Digest | None
    """Digest of the index or manifest that the tags point at; None when it cannot be read."""
    fresh_tag: bool = False
    """Whether the registry had no such tag before this run pushed it, so that the tag can mean only this image."""

    @property
    def reference(self) -> ImageReference:
        """`registry/repository:tag` with the tag to deploy, or by digest when there is no tag."""
        tag, digest = (self.tags[0], None) if self.tags else ("", self.digest)
        return ImageReference(host=self.registry, repository=self.repository, tag=tag, digest=digest)

    @property
    def pinned(self) -> ImageReference | None:
        """`registry/repository@sha256:…`; None when the digest is unknown."""
        return self.reference.pinned(self.digest) if self.digest else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """An update that pointed the app at an image."""

    app: App
    reference: str
    """The reference now in the app's configuration."""
    digest: Digest | None
    """None when it is unknown; then the platform's log cannot confirm the image either."""
    restarted: bool
    """Whether the configuration did not change, so that the app was restarted to pull the image again."""
    changed: tuple[str, ...] = ()
    """Names of the site properties that changed, besides the image."""
    settings: SettingsChange | None = None
    """The change of the app settings before the app was pointed at the image."""
    sticky: tuple[str, ...] = ()
    """Names of the settings that this run made sticky to their slot."""
    held_back: str = ""
    """The command that gives the image its traffic by hand, if it gets none before it is verified; else empty."""

    @property
    def served_before(self) -> App:
        """The app with the image that served just before the update."""
        return self.app


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotsFound:
    """The two slots of a swap, as found before any change."""

    production: App
    slot: App
    swap: str
    """The command that swaps the two, and swaps them back."""
    look: str
    """The command that shows the image of production."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swapped(Update):
    """A swap that Azure says was made: `app` is production as it was before, `reference` is its new image."""

    slot: App
    """The slot as it was before the swap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """One function, as the host lists it."""

    name: str
    trigger: str
    """Type of the trigger binding, such as `httpTrigger`; empty when the host does not say."""
    url: str = ""
    """URL of an HTTP function; may contain `{parameters}`."""
    needs_key: bool = False
    disabled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RolledBack:
    """A rollback that pointed the app at its previous image again."""

    reference: str
    verification: Verification
