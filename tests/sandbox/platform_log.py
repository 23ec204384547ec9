"""The log App Service keeps of a site's container: its own lines and, in between, what the container printed.

There are two dialects, `ClassicLog` (with or without a time before what the container printed) and `Log2025`; which
one an app has is the platform's choice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Dialect = Literal["classic", "classic_raw", "2025"]


@dataclass(slots=True)
class PlatformLog(ABC):
    """The lines of one site, oldest first."""

    lines: list[str] = field(default_factory=list)
    pulls_again_without_credentials: ClassVar[bool]
    """Whether this platform tries a refused pull once more, and then makes do with a copy it has."""

    @property
    def text(self) -> str:
        """The whole log, as ARM hands it out."""
        return "".join(line + "\n" for line in self.lines)

    @abstractmethod
    def container_said(self, lines: Iterable[str]) -> None:
        """Take over what a container printed, as it is."""

    @abstractmethod
    def pulling(self, reference: str, *, site: str) -> None:
        """Say that a pull begins."""

    @abstractmethod
    def pulled(self, reference: str, digest: str, *, seconds: float, fresh: bool) -> None:
        """Say what a pull brought; `fresh` where it was not on the host before."""

    @abstractmethod
    def pull_refused(self, reference: str, text: str) -> None:
        """Give the engine's error as the platform words it."""

    @abstractmethod
    def defaulting_to_local_copy(self, *, present: bool) -> None:
        """Say that every attempt to pull failed, and whether that ends the start."""

    @abstractmethod
    def starting(
        self, *, container: str, site: str, reference: str, digest: str, port: int, shown: Mapping[str, str]
    ) -> None:
        """Say how the container is run; `shown` is what of its environment the log may show."""

    @abstractmethod
    def warming_up(self, *, container: str, site: str) -> None:
        """Say that the container runs and the first request is on its way."""

    @abstractmethod
    def ready(self, *, container: str, site: str, seconds: float) -> None:
        """Say that the container answers, after that long (of the platform), and gets the traffic."""

    @abstractmethod
    def exited(self, *, container: str, site: str, code: int, seconds: float) -> None:
        """Say that the container ended before it answered."""

    @abstractmethod
    def silent(self, *, container: str, site: str, port: int, seconds: float) -> None:
        """Say that the container ran but did not answer in time (seconds of the platform)."""

    @abstractmethod
    def could_not_run(self, *, container: str, site: str, text: str) -> None:
        """Give the engine's refusal to run the container at all."""

    @abstractmethod
    def crashed(self, *, container: str, site: str, code: int) -> None:
        """Say that a container that had served ended."""

    @abstractmethod
    def stopped(self, *, container: str, site: str) -> None:
        """Say that a container was ended because another serves, or because the app was stopped."""

    @abstractmethod
    def did_not_start(self, site: str) -> None:
        """Say that the start is over, without success."""


def split_reference(reference: str) -> tuple[str, str]:
    """Give repository (with host) and tag or digest of an image reference; `latest` where it has neither.

    Source: https://pkg.go.dev/github.com/distribution/reference#pkg-overview
    """
    repository, at, digest = reference.partition("@")
    head, colon, tag = repository.rpartition(":")
    if colon and "/" not in tag:
        return head, digest or tag
    return repository, digest if at else "latest"
