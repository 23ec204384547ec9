"""Failures of the image itself: the app's host could not unpack or run it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pytask.errors.base import TaskFailure


class Maker(Enum):
    """What wrote files with an owner out of range, judged by the instruction; the value is the fix.

    Sources: https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/ and
    https://circleci.com/docs/high-uid-error/
    """

    PACKAGES = "npm, yarn, pnpm: packages keep the ids of their publishers; chown in the same RUN: RUN npm ci && chown -R 0:0 node_modules (npm up to 6 also: npm ci --unsafe-perm)"
    TAR = "tar: unpack with tar --no-same-owner"
    USERS = "useradd, groupadd: give an id in the range and keep the login records small: useradd --no-log-init --uid 1000, groupadd --gid 1000"
    CHOWN = "chown: give ids in the range, such as chown -R 0:0"
    COPY = "COPY: write COPY --chown=0:0, or leave --chown out"
    ADD = "ADD: it keeps the ids inside an archive; make the archive with tar --owner=0 --group=0, or write ADD --chown=0:0 (for archives, BuildKit 0.23 or later)"
    BASE = "base image: use a newer one, or another tag; or copy what you need from it with COPY --from in a multi-stage build, which makes root the owner"
    OTHER = "find the command that writes the file, and end the same RUN with chown -R 0:0 on what it wrote"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignLayer:
    """A layer with owners out of range."""

    number: int
    of: int
    digest: str
    instruction: str
    """The Dockerfile instruction that made the layer; empty when the image does not say."""
    makers: tuple[Maker, ...]
    entry: str
    """The first file, folder or link with such an owner."""
    user: int
    group: int
    entries: int
    """The number of entries with such owners."""

    def __str__(self) -> str:
        digest = self.digest.removeprefix("sha256:")[:12]
        made = f", created by {self.instruction}" if self.instruction else ""
        more = f", and {self.entries - 1} more with such owners" if self.entries > 1 else ""
        return f"layer {self.number} of {self.of} ({digest}){made}:\n  {self.entry} belongs to user {self.user}, group {self.group}{more}"


class OwnerOutOfRange(TaskFailure):
    """A file's owner has an id that App Service does not map."""

    reference: str
    layers: tuple[ForeignLayer, ...]
    code = "owner-out-of-range"
    title = "{reference} has files with owners that App Service cannot map"
    happened = "{listed}"
    cause = "App Service maps only the user and group ids 0 to 65535, and its hosts cannot unpack a layer with any other id. A chown or rm in a later instruction does not help: the earlier layer stays in the image as it is"
    fix = "{fixes}\nAn instruction that is not in your Dockerfile belongs to the base image: use a newer one"
    link = "https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/"

    @property
    def listed(self) -> str:
        """The layers, one per line."""
        return "\n".join(map(str, self.layers))

    @property
    def fixes(self) -> str:
        """The fixes for the instructions that may have made them, one per line."""
        makers = dict.fromkeys(maker for layer in self.layers for maker in layer.makers)
        return "\n".join(maker.value for maker in makers)


class UserOutOfRange(TaskFailure):
    """The image runs as a user whose id App Service does not map."""

    reference: str
    user: str
    code = "user-out-of-range"
    title = "{reference} runs as a user that App Service cannot map"
    happened = "the image's configuration sets USER {user}"
    cause = "App Service maps only the user and group ids 0 to 65535, and does not start a container as any other user"
    fix = "write USER with an id in that range in the Dockerfile, such as USER 1000, and give useradd the same --uid; if the Dockerfile has no USER, the base image sets it"
    link = "https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/"


class WrongPlatform(TaskFailure):
    """The image is for a different operating system or processor."""

    reference: str
    found: str
    wanted: str
    code = "wrong-platform"
    title = "{reference} is built for {found}, but the app's host runs {wanted}"
    happened = "the image's configuration names the platform {found}"
    cause = "Docker builds for the agent's processor architecture by default; --platform in a FROM line, or a base image for only one architecture, can also determine it"
    fix = "set platform to {wanted} and remove --platform from the FROM lines"
    link = "https://docs.docker.com/build/building/multi-platform/"


class ImageUnreadable(TaskFailure):
    """A manifest, configuration or layer in the registry is not valid."""

    reference: str
    part: str
    detail: str
    code = "image-unreadable"
    title = "{reference} cannot be read from the registry as a container image"
    happened = "{part}: {detail}"
    cause = (
        "a layer was damaged during the push or in the registry's storage, or the reference is not a container image"
    )
    fix = "run the pipeline again; if it persists, delete the image from the registry (az acr repository delete) and push it again, because layers that already exist are not sent again"
