"""The platform's log in the form of 2025, as published logs have it. The words are in `log_2025_grammar`.

Platform and container lines look alike: one to seven digits of a second (.NET cuts zeros at the end), then the text.
Around each start stand the lines of Kudu, now in parallel, now before, now later, and those of the platform's other
containers, in the same words.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, ClassVar, Literal

from tests.local_azure.logs import log_2025_grammar as words
from tests.local_azure.logs.log_lines import LogClock, LogLines, woven
from tests.local_azure.logs.platform_log import Launch, PlatformLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_NEVER = "01/01/0001 00:00:00"
_REFUSED = ("unauthorized", "denied", "forbidden", "not allowed access")
_KUDU_LATER = 80.0
_KUDU_STOPS = 12.0
_Pace = Literal["parallel", "before", "after the pull", "later", "never"]
_PACES: Sequence[_Pace] = ("parallel", "before", "after the pull", "later", "parallel", "never")
"""When Kudu starts, seen from the app's start; one after the other in a site's life."""
_LATE = 0.25
_BLOCK = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Error:
    """The last error, which stays in every later state line, also when the app runs again."""

    name: str = ""
    details: str = ""
    at: str = _NEVER


@dataclass(frozen=True, slots=True)
class _Sidecar:
    """A container of the platform's beside the app's."""

    suffix: str
    image: str
    registry: str
    full: str


class Log2025(PlatformLog):
    """The newer dialect. What varies from start to start does so by `name`, the same each time."""

    pulls_again_without_credentials: ClassVar[bool] = False

    def __init__(self, *, name: str = "", second: float = 0.05, clock: LogClock | None = None) -> None:
        self._mood = Random(f"2025 {name}")  # noqa: S311 - no secret hangs on it
        self._second = second
        self._clock = clock or LogClock()
        newline = self._mood.choice(["\n", "\n", "\r\n"])
        self._lines = LogLines(_Stamp(self._mood), second, self._clock, newline=newline)
        self._error = _Error()
        self._starts = self._mood.randrange(len(_PACES))
        self._kudu: _Pace = "never"
        self._created = ""
        self._old_kudu = ""
        self._kudu_name = ""
        self._began: dict[str, str] = {}

    @property
    def text(self) -> str:
        """The whole log, as ARM hands it out."""
        return self._lines.text

    def another(self, name: str) -> Log2025:
        """Return an empty log of the same dialect."""
        return Log2025(name=name, second=self._second, clock=self._clock)

    def container_said(self, lines: Sequence[str]) -> None:
        """Take over what a container printed, as it is: nothing tells it from the platform's own lines.

        The two streams are joined late, so that one may stand before a line of the other that is older.
        """
        printed = [line or " " for line in lines]
        self._lines.tell(printed[:1], late=self._mood.random() < _LATE)
        self._lines.tell(printed[1:])

    def pulling(self, launch: Launch) -> None:
        """Say that a pull begins; Kudu may begin as well, or have begun."""
        self._kudu = _PACES[self._starts % len(_PACES)]
        self._starts += 1
        self._old_kudu, self._kudu_name = self._kudu_name, f"{self._mood.randbytes(6).hex()}_{_name(launch)}_kudu"
        beside = {"parallel": self._of_kudu(launch, words.PULLING), "before": self._whole_kudu(launch)}
        own = self._own(launch, words.PULLING)
        others = [line for one in _sidecars(launch, first=True) for line in self._of(launch, one, words.PULLING)]
        before = beside.get(self._kudu, [])
        self._lines.tell([*before, *own] if self._kudu == "before" else woven(before, own, self._mood))
        self._lines.tell(others)

    def pulled(self, launch: Launch, digest: str, *, seconds: float, fresh: bool) -> None:
        """Say what was pulled; nothing of an image that is there already, and never a digest."""
        _ = (digest, seconds)
        self._lines.tell(self._own(launch, words.PULLED) if fresh else [])
        self._lines.tell(self._whole_kudu(launch) if self._kudu == "after the pull" else [])

    def pull_refused(self, launch: Launch, text: str) -> None:
        """Say that it failed; what the registry said stays untold, but for a refusal that has a name of its own."""
        refused = any(sign in text.lower() for sign in _REFUSED)
        self._lines.tell(self._own(launch, words.PULL_FAILED))
        details = (words.PULL_REFUSED if refused else words.PULL_FAILED_DETAILS).format(image=launch.reference)
        self._fail("ImagePullUnauthorizedFailure" if refused else "ImagePullFailure", details)

    def defaulting_to_local_copy(self, *, present: bool) -> None:
        """Say nothing: this platform does not make do with a copy."""

    def starting(self, launch: Launch, digest: str) -> None:
        """Say which image the container is made of, by the reference that is configured."""
        _, self._created = digest, launch.container
        own, beside = self._own(launch, words.CREATING), self._of_kudu(launch, words.CREATING)
        self._lines.tell(woven(beside if self._kudu == "parallel" else [], own, self._mood))

    def warming_up(self, launch: Launch) -> None:
        """Say that the container runs and is asked for a first answer."""
        own, beside = self._own(launch, words.RUNNING), self._of_kudu(launch, words.RUNNING)
        self._lines.tell(woven(beside if self._kudu == "parallel" else [], own, self._mood))
        for one in _sidecars(launch):
            steps = (words.CREATING, words.RUNNING) if one.suffix == "msiProxy" else _WHOLE
            self._lines.tell(line for step in steps for line in self._of(launch, one, step))

    def ready(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container answers and gets the traffic."""
        self._began[launch.container] = self._now()
        self._lines.tell(self._own(launch, words.READY, seconds=seconds))
        if self._kudu == "later":
            self._lines.tell_later(_KUDU_LATER, self._whole_kudu(launch))

    def exited(self, launch: Launch, *, code: int, seconds: float) -> None:
        """Say that the container ended before it answered, and with what exit code."""
        self._lines.tell(self._own(launch, words.EXITED, code=code, seconds=seconds))
        self._time_out(launch)
        if self._kudu == "parallel":
            self._lines.tell_later(_KUDU_STOPS, self._own(launch, words.KUDU_STOPPED))

    def silent(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container ran but did not answer in time, and was then ended by the platform."""
        self._lines.tell(self._own(launch, words.SILENT, seconds=seconds))
        self._lines.tell(self._own(launch, words.KUDU_REVERTED) if self._kudu == "parallel" else [])
        self._time_out(launch)
        self._lines.tell(self._own(launch, words.AFTER_SILENCE))

    def could_not_run(self, launch: Launch, text: str) -> None:
        """Say that the container could not be made; the reason that the engine gives stays untold."""
        self._lines.tell(self._own(launch, words.NOT_CREATED))
        _ = text
        self._fail("ContainerCreateFailure", "")

    def interrupted(self, launch: Launch) -> None:
        """Say that the start was given up, in the pull or later."""
        pulled = self._created == launch.container
        self._lines.tell(self._own(launch, words.START_INTERRUPTED if pulled else words.PULL_INTERRUPTED))

    def crashed(self, launch: Launch, code: int) -> None:
        """Say that a container that had served ended."""
        self._lines.tell(self._own(launch, words.CRASHED, code=code))

    def stopped(self, launch: Launch) -> None:
        """Say that a container was ended; so is the Kudu of its time."""
        kudu = self._own(launch, words.KUDU_STOPPED, kudu=self._old_kudu) if self._old_kudu else []
        self._lines.tell(woven(self._own(launch, words.STOPPED), kudu, self._mood))

    def did_not_start(self, launch: Launch, *, last: bool) -> None:
        """Say that the start is over, without success, and that the site is blocked when it was one too many."""
        self._lines.tell(self._own(launch, words.DID_NOT_START))
        self._lines.tell(self._own(launch, words.BLOCKED) if last else [])

    def _time_out(self, launch: Launch) -> None:
        limit = launch.start_time_limit
        self._fail("ContainerTimeout", words.CONTAINER_TIMEOUT.format(limit=limit))

    def _fail(self, name: str, details: str) -> None:
        self._error = _Error(name, details, self._now())

    def _whole_kudu(self, launch: Launch) -> list[str]:
        return [line for step in _WHOLE for line in self._of_kudu(launch, step)]

    def _of_kudu(self, launch: Launch, step: Sequence[words.Line]) -> list[str]:
        image, registries = words.KUDU
        registry = self._mood.choice(registries)
        sidecar = _Sidecar("kudu", image, registry, f"{registry}/{image}")
        return self._of(launch, sidecar, step, hash=self._kudu_name.partition("_")[0])

    def _of(self, launch: Launch, sidecar: _Sidecar, step: Sequence[words.Line], **more: str) -> list[str]:
        """Return the lines of one of the platform's own containers: the same ones, without the site's state."""
        facts = {
            "name": f"{_name(launch)}_{sidecar.suffix}",
            "image": sidecar.image,
            "registry": sidecar.registry,
            "full": sidecar.full,
            "hash": _hash(launch, sidecar.suffix),
            **more,
        }
        return self._own(launch, [line for line in step if isinstance(line, str)], **facts)

    def _own(self, launch: Launch, step: Sequence[words.Line], **more: object) -> list[str]:
        facts = {
            "site": launch.site,
            "name": _name(launch),
            "hash": _hash(launch),
            "image": launch.reference,
            "registry": launch.reference.partition("/")[0],
            "full": launch.reference,
            "kudu": self._kudu_name,
            "elapsed": self._mood.randrange(2, 12_000),
            "pipe": self._mood.randbytes(16).hex(),
            "began": self._began.get(launch.container, self._now()),
            "moment": self._now(),
            "unblocked": self._now(_BLOCK),
            **more,
        }
        return [line.format(**facts) if isinstance(line, str) else self._state(line, facts) for line in step]

    def _now(self, later: timedelta = timedelta(0)) -> str:
        return f"{self._clock.now() + later:%m/%d/%Y %H:%M:%S}"

    def _state(self, line: words.State, facts: dict[str, object]) -> str:
        return (
            f"State: {line.state}, Action: {line.action}, LastError: {self._error.name}, "
            f"LastErrorTimestamp: {self._error.at}, LastErrorDetails: {self._error.details}, "
            f"Details: {line.details.format(**facts)}, DetailsLevel: {line.level}"
        )


_WHOLE = (words.PULLING, words.CREATING, words.RUNNING)


class _Stamp:
    """Return the moment with up to seven digits of a second, without zeros at the end."""

    def __init__(self, mood: Random) -> None:
        self._mood = mood

    def __call__(self, moment: datetime) -> str:
        digits = f"{moment:%f}{self._mood.randrange(10)}"
        kept = digits.rstrip("0") or "0000001"
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{kept}Z "


def _sidecars(launch: Launch, *, first: bool = False) -> Sequence[_Sidecar]:
    """Return the platform's containers that go with the app; with `first` those that are pulled before it runs."""
    names = {"msiProxy": ("msitokenservice:stage4", launch.identity), "middleware": ("middleware:stage5", launch.login)}
    return [
        _Sidecar(suffix, f"mcr.microsoft.com/appsvc/{image}", "mcr.microsoft.com", f"mcr.microsoft.com/appsvc/{image}")
        for suffix, (image, present) in names.items()
        if present and (suffix == "msiProxy" or not first)
    ]


def _name(launch: Launch) -> str:
    """Return the name of the site's container: a slot's has one underscore where the site's has two."""
    return launch.site.replace("__", "_")


def _hash(launch: Launch, suffix: str = "") -> str:
    return hashlib.sha256(f"{launch.container}{suffix}".encode()).hexdigest()[:12]
