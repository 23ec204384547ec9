"""What App Service itself wrote into the app's log about a start; the container's own lines are in the same text.

Two dialects: the classic one (`docker run …`) and that of 2025 (`State: Starting, Action: PullingImage, …`).
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#access-diagnostic-logs; the safe way to
read it follows https://github.com/kosli-dev/cli/blob/main/internal/azure/azure_apps.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the classic dialect exactly three digits of a second, a level and a dash: lines of another form are the
# container's. In that of 2025 the container's lines look like the platform's.
_CLASSIC = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z (?:INFO|WARN|ERROR) +- (.*)")
_OF_2025 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})\dZ (.*)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ")
_VOCABULARY = re.compile(
    r"State: |Container |Starting |Stopping |Creating |Establishing |Mounting |Pinging |Pulling |Site|Image |Failed to "
)
_TAIL = 8


class Kind(Enum):
    """What a line of the platform tells."""

    BEGIN = "pulling the image"
    PULLED = "image pulled"
    STARTED = "container started"
    READY = "container is ready"
    PULL_FAILED = "pull failed"
    START_FAILED = "start failed"


_START_FAILED = (
    "failing site start|terminated during site startup|didn't respond to HTTP pings|startup probe failed|has exited|"
    "finished running with exit code|did not start within expected time limit|failed to start container|"
    "start container failed|OCI runtime create failed|exec format error|exec user process"
)
_PULL_FAILED = (
    "image pull failed|image pull for .* failed|failed to pull image|manifest unknown|no matching manifest|"
    "unauthorized: |pull access denied|denied: |failed to register layer|toomanyrequests|no such host|i/o timeout|"
    "over VNET failed|Inspect image returned null"
)
_OPENS = frozenset({Kind.BEGIN, Kind.STARTED})
# The first that fits decides; a group, where there is one, is the image's digest or reference.
_KINDS = tuple(
    (kind, re.compile(signs, re.IGNORECASE))
    for kind, signs in (
        (Kind.BEGIN, r"State: Starting, Action: PullingImage"),
        (None, r"State: "),  # a state line repeats the last error long after it is over
        (Kind.PULLED, r"Digest: (sha256:[0-9a-f]{64})"),
        (Kind.PULLED, r"Image (\S+) is pulled from registry "),
        (Kind.STARTED, r"docker run -d .*?--name \S+ .*?\S+@(sha256:[0-9a-f]{64})"),
        (Kind.STARTED, r"Creating container with image: .* fully qualified image name: (\S+)"),
        (Kind.READY, r"initialized successfully and is ready to serve requests|^Site started\."),
        (Kind.START_FAILED, _START_FAILED),
        (Kind.PULL_FAILED, _PULL_FAILED),
        (Kind.BEGIN, r"^Pulling image: \S+$"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of the platform that tells something."""

    at: datetime
    kind: Kind
    image: str
    """Digest or reference of the image it names; empty when it names none."""
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The platform's latest attempt to start the app, as far as it has come."""

    events: tuple[Event, ...]
    """Since the change; earlier attempts come first."""
    attempt: tuple[Event, ...]
    """Those of the latest attempt."""
    tail: tuple[str, ...]
    """The container's last lines."""

    def started(self) -> str:
        """Give what the latest attempt started: digest or reference; empty before."""
        return next((event.image for event in self.attempt if event.kind is Kind.STARTED), "")

    def pulled(self) -> bool:
        """Tell whether the latest attempt pulled an image."""
        return any(event.kind is Kind.PULLED for event in self.attempt)

    def ready(self) -> bool:
        """Tell whether the latest attempt came up."""
        return any(event.kind is Kind.READY for event in self.attempt)

    def failure(self) -> Event | None:
        """Give the line that says why it failed, None when it has not: the first one since the change.

        Later ones mislead: after a failed pull the platform tries again without credentials, and is then refused.
        Once the container is ready, such lines may be its own.
        """
        if self.ready():
            return None
        wanted = {Kind.START_FAILED} if self.started() and self.pulled() else {Kind.PULL_FAILED, Kind.START_FAILED}
        return next((event for event in self.events if event.kind in wanted), None)

    def pull_refused(self) -> str:
        """Give the first line of the latest attempt that says why a pull failed; empty when there is none."""
        return next((event.text for event in self.attempt if event.kind is Kind.PULL_FAILED), "")

    def phase(self) -> str:
        """Give how far it has come, in words."""
        reached = {event.kind for event in self.attempt}
        order = (Kind.READY, Kind.STARTED, Kind.PULLED)
        return next((kind.value for kind in order if kind in reached), Kind.BEGIN.value)


def latest_start(text: str, *, since: datetime) -> Start | None:
    """Give the latest start that began at `since` or later; None when there is none yet."""
    # Only at line feeds: a container may print other line ends, to make lines that look like the platform's.
    lines = [line.rstrip("\r") for line in text.split("\n")]
    events = [event for event in _events(lines) if event.at >= since]
    begins = [number for number, event in enumerate(events) if event.kind is Kind.BEGIN]
    if not begins:
        return None
    return Start(events=tuple(events), attempt=tuple(events[begins[-1] :]), tail=_tail(lines, since))


def _events(lines: list[str]) -> Iterator[Event]:
    for line in lines:
        if found := _CLASSIC.match(line) or _OF_2025.match(line):
            at = datetime.strptime(found.group(1), "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=timezone.utc)
            yield from _told(at, found.group(2))


def _told(at: datetime, text: str) -> Iterator[Event]:
    for kind, pattern in _KINDS:
        if match := pattern.search(text):
            if kind is not None:
                yield Event(at=at, kind=kind, image=match.group(1) if match.groups() else "", text=text)
            return


def _tail(lines: list[str], since: datetime) -> tuple[str, ...]:
    """Give the container's last lines: of the first attempt that failed, or of the latest when none has."""
    told = [(number, event) for number, line in enumerate(lines) for event in _events([line]) if event.at >= since]
    failed = next((number for number, event in told if event.kind is Kind.START_FAILED), len(lines))
    opened = [number for number, event in told if event.kind in _OPENS and number < failed]
    closed = [number for number, event in told if event.kind is Kind.BEGIN and number > failed]
    attempt = lines[opened[-1] if opened else len(lines) : closed[0] if closed else len(lines)]
    others = [text for line in attempt if (text := _of_the_container(line)).strip()]
    return tuple(others[-_TAIL:])


def _of_the_container(line: str) -> str:
    """Give what the container said, without the time before it; empty for the platform's lines."""
    if _CLASSIC.match(line) or ((found := _OF_2025.match(line)) and _VOCABULARY.match(found.group(2))):
        return ""
    return _TIME.sub("", line)
