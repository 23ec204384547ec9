"""The log App Service keeps of a site's container: its own lines and, in between, what the container printed.

There are two dialects, the classic one (with or without a time before what the container printed) and that of 2025;
which one an app has is the platform's choice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Dialect = Literal["classic", "classic_raw", "2025"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """One attempt to start one container of a site, as far as the platform's log tells of it."""

    site: str
    """The site's name there."""
    container: str
    reference: str
    """The image as it is configured, by tag or by digest."""
    port: int
    start_time_limit: float
    """Seconds of the platform that the container has to answer."""
    shown: Mapping[str, str]
    """What of its environment the log may show."""
    command: Sequence[str] = ()
    identity: bool = False
    """Whether the app has a managed identity, which brings a container of the platform's."""
    login: bool = False
    """Whether Authentication is on, which brings another."""
    known: bool = False
    """Whether an image of that reference is on the machine already, be it the newest or not."""


@dataclass(slots=True)
class PlatformLog(ABC):
    """The log of one site, oldest line first."""

    pulls_again_without_credentials: ClassVar[bool]
    """Whether this platform tries a refused pull once more, and then makes do with a copy it has."""
    ready_at: float = field(default=0.0, init=False, kw_only=True)
    """When it last said that a container is ready, by this machine's monotonic clock."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The whole log, as ARM hands it out."""

    @abstractmethod
    def another(self, name: str) -> PlatformLog:
        """Return an empty log of the same dialect, for another machine."""

    @abstractmethod
    def container_said(self, lines: Sequence[str]) -> None:
        """Take over what a container printed, as it is."""

    @abstractmethod
    def pulling(self, launch: Launch) -> None:
        """Say that a pull begins."""

    @abstractmethod
    def pulled(self, launch: Launch, digest: str, *, seconds: float, fresh: bool) -> None:
        """Say what a pull brought; `fresh` where that very image was not on the machine before."""

    @abstractmethod
    def pull_refused(self, launch: Launch, text: str) -> None:
        """Return the engine's error as the platform words it."""

    @abstractmethod
    def defaulting_to_local_copy(self, *, present: bool) -> None:
        """Say that every attempt to pull failed, and whether that ends the start."""

    @abstractmethod
    def starting(self, launch: Launch, digest: str) -> None:
        """Say how the container is run."""

    @abstractmethod
    def warming_up(self, launch: Launch) -> None:
        """Say that the container runs and the first request is on its way."""

    @abstractmethod
    def ready(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container answers, after that long (of the platform), and gets the traffic."""

    @abstractmethod
    def exited(self, launch: Launch, *, code: int, seconds: float) -> None:
        """Say that the container ended before it answered."""

    @abstractmethod
    def silent(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container ran but did not answer in time (seconds of the platform)."""

    @abstractmethod
    def could_not_run(self, launch: Launch, text: str) -> None:
        """Return the engine's refusal to run the container at all."""

    @abstractmethod
    def interrupted(self, launch: Launch) -> None:
        """Say that the start was given up because of a newer change."""

    @abstractmethod
    def crashed(self, launch: Launch, code: int) -> None:
        """Say that a container that had served ended."""

    @abstractmethod
    def stopped(self, launch: Launch) -> None:
        """Say that a container was ended because another serves, or because the app was stopped."""

    @abstractmethod
    def did_not_start(self, launch: Launch, *, last: bool) -> None:
        """Say that the start is over, without success; with `last` no other follows for now."""


def split_reference(reference: str) -> tuple[str, str]:
    """Return repository (with host) and tag or digest of an image reference; `latest` where it has neither.

    Source: https://pkg.go.dev/github.com/distribution/reference#pkg-overview
    """
    repository, at, digest = reference.partition("@")
    head, colon, tag = repository.rpartition(":")
    if colon and "/" not in tag:
        return head, digest or tag
    return repository, digest if at else "latest"
