"""What App Service itself wrote into the app's log about a start; the container's own lines are in the same text.

Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#access-diagnostic-logs; the safe way to
read it follows https://github.com/kosli-dev/cli/blob/main/internal/azure/azure_apps.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Exactly three digits of a second, a level and a dash: lines of another form are the container's.
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z (INFO|WARN|ERROR) +- (.*)")
_STARTED = re.compile(r"docker run -d .*?--name (\S+) .*?\S+@(sha256:[0-9a-f]{64})")
_DIGEST = re.compile(r"Digest: (sha256:[0-9a-f]{64})")
_PULL_FAILED = (
    "image pull failed",
    "manifest unknown",
    "unauthorized: authentication required",
    "pull access denied",
)
_START_FAILED = ("failing site start", "terminated during site startup", "didn't respond to http pings")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the platform."""

    at: datetime
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The platform's latest attempt to start the app, as far as it has come."""

    began: datetime
    pulled: str
    """The digest that was pulled; empty before."""
    started: str
    """The digest of the container that was started; empty before."""
    ready: bool
    pull_failure: str
    """The first line since the change that says so: later ones tell of attempts without credentials, and mislead."""
    start_failure: str

    @property
    def failure(self) -> str:
        """The line that says why it failed; empty when it has not."""
        return self.start_failure or ("" if self.started else self.pull_failure)

    @property
    def phase(self) -> str:
        """How far it has come, in words."""
        if self.ready:
            return "container is ready"
        if self.started:
            return "container started"
        return "image pulled" if self.pulled else "pulling the image"


def latest_start(text: str, *, since: datetime) -> Start | None:
    """Give the latest start that began at `since` or later; None when there is none yet."""
    lines = [line for line in _platform_lines(text) if line.at >= since]
    begins = [number for number, line in enumerate(lines) if "Pulling image" in line.text]
    if not begins:
        return None
    return _read(lines[begins[-1] :], pull_failure=_first([line.text for line in lines], _PULL_FAILED))


def _read(lines: list[Line], pull_failure: str) -> Start:
    texts = [line.text for line in lines]
    started = next((found.group(2) for text in texts if (found := _STARTED.search(text))), "")
    pulled = next((found.group(1) for text in texts if (found := _DIGEST.search(text))), "")
    return Start(
        began=lines[0].at,
        pulled=pulled,
        started=started,
        ready=any("initialized successfully and is ready to serve requests" in text for text in texts),
        pull_failure=pull_failure,
        start_failure=_first(texts, _START_FAILED),
    )


def _first(texts: list[str], signs: tuple[str, ...]) -> str:
    return next((text for text in texts if any(sign in text.lower() for sign in signs)), "")


def _platform_lines(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        if found := _LINE.match(line):
            at = datetime.strptime(found.group(1), "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=timezone.utc)
            yield Line(at=at, text=found.group(3))
