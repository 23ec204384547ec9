"""An attempt whose lines are still being read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.attempt import Attempt, Failure, FailureKind
from pytask.targets.site.platform_log.names import digest_of, repository_of, same_image, site_of, without_host

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from pytask.targets.site.platform_log.lines import Writer

_TAIL = 8
_MOST_CAUSES = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """A line that reports the attempt as failed."""

    at: datetime
    kind: FailureKind
    line: str
    of_pull: bool = False
    weak: bool = False
    """Whether the line may only be a consequence of something not logged."""
    of_state: bool = False
    """Whether it is the last error in a state line: the platform's own name for an earlier failure."""

    def names(self, told: Cause) -> bool:
        """Tell whether this is the same failure as an earlier one, with the reason that the earlier one lacks."""
        if told.kind is FailureKind.PULL_FAILED:
            return self.of_state and self.of_pull
        return self.of_state and told.kind is FailureKind.START_FAILED and self.kind is FailureKind.STORAGE_MOUNT


@dataclass(kw_only=True, slots=True)
class Draft:
    """What is known about an attempt so far."""

    began: datetime
    writer: Writer
    made_at: datetime | None = None
    """When the container was created or started, whichever was logged later."""
    site: str = ""
    container: str = ""
    image: str = ""
    digest: str = ""
    started: str = ""
    pulled: bool = False
    ended: bool = False
    ready_at: datetime | None = None
    stopped_at: datetime | None = None
    steps: set[str] = field(default_factory=set)
    """The steps seen that occur once per start."""
    causes: list[Cause] = field(default_factory=list)
    output: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))

    def is_open(self) -> bool:
        """Tell whether lines without a container's name may belong to this attempt."""
        return not (self.ended or self.ready_at or self.stopped_at)

    def is_fresh(self) -> bool:
        """Tell whether there is no container yet, so that lines about image and container may still follow."""
        return self.is_open() and not self.has_container()

    def has_container(self) -> bool:
        """Tell whether a container was created."""
        return bool(self.container or self.started)

    def may_come_up(self) -> bool:
        """Tell whether a line that reports the site as up, without a container's name, may belong to this attempt."""
        return self.is_open() and all(cause.of_pull for cause in self.causes)

    def blame(self, cause: Cause) -> None:
        """Note why it failed; a state line repeats that every few seconds, and the first few are enough."""
        if len(self.causes) < _MOST_CAUSES and (not self.causes or self.causes[-1].line != cause.line):
            self.causes.append(cause)

    def fits(self, *, image: str = "", site: str = "") -> bool:
        """Tell whether a line about an image or a site may belong to this attempt."""
        other_site = self.site and site and self.site != site
        return not other_site and (not self.image or not image or self._is_same(image))

    def _is_same(self, image: str) -> bool:
        """Tell whether an image is this attempt's, even when one is named by tag and the other by digest."""
        if same_image(self.image, image):
            return True
        named = digest_of(image)
        same_repository = without_host(repository_of(self.image)) == without_host(repository_of(image))
        return bool(named) and same_repository and self.digest in {"", named}

    def is_of(self, image: str) -> None:
        """Note the image, and keep its longest name, which includes the registry's host."""
        if image and (not self.image or (same_image(image, self.image) and len(image) > len(self.image))):
            self.image = image

    def runs(self, image: str) -> None:
        """Note the image that the container is created from, and drop what is known about another image's pull."""
        if self.image and not self._is_same(image):
            self.digest, self.pulled = "", False
        self.image = image
        self.started = digest_of(image) or image
        self.digest = digest_of(image) or self.digest

    def distance(self, called_since: datetime) -> timedelta:
        """Return the time between its container's start and the moment when the platform began to ping a container."""
        return abs((self.made_at or self.began) - called_since)

    def is_called(self, container: str) -> None:
        """Note the container's name and the site's, which is part of it."""
        self.container = self.container or container
        self.site = self.site or site_of(container)

    def attempt(self) -> Attempt:
        """Return the attempt as known so far."""
        return Attempt(
            began=self.began,
            site=self.site,
            container=self.container,
            reference=self.image,
            pulled=self.pulled,
            digest=self.digest,
            started=self.started,
            ready_at=self.ready_at,
            failure=self._failure(self._relevant()),
            pull_failure=self._failure([cause for cause in self.causes if cause.of_pull]),
            output=tuple(self.output),
            stopped_at=self.stopped_at,
        )

    def _relevant(self) -> list[Cause]:
        """Return the causes that count: once the container was ready, only a later exit."""
        if self.ready_at is None:
            return self.causes
        return [cause for cause in self.causes if cause.kind is FailureKind.EXITED and cause.at > self.ready_at]

    def _failure(self, causes: list[Cause]) -> Failure | None:
        if not causes:
            return None
        told = sorted(causes, key=lambda cause: cause.at)
        first = _first(told)
        named = next((cause for cause in told if cause.names(first)), first)
        after = tuple(cause.line for cause in told[told.index(first) + 1 :] if cause is not named)
        return Failure(at=first.at, kind=named.kind, line=named.line, of_pull=first.of_pull, consequences=after)


def _first(told: list[Cause]) -> Cause:
    """Return the first cause.

    A container that ended before the platform stopped pinging it was not silent.
    """
    certain = next((cause for cause in told if not cause.weak), told[0])
    ended = told[0].kind is FailureKind.START_FAILED and certain.kind is FailureKind.SILENT
    return told[0] if ended else certain
