"""Turning the lines of a log into attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, ClassVar

from pytask.targets.site.platform_log.attempt import FailureKind
from pytask.targets.site.platform_log.draft import Cause, Draft
from pytask.targets.site.platform_log.drafts import Drafts
from pytask.targets.site.platform_log.lines import Line, Writer
from pytask.targets.site.platform_log.names import is_platform_container, is_platform_image, plain_site
from pytask.targets.site.platform_log.statement import Statement, What

if TYPE_CHECKING:
    from collections.abc import Callable

_RETRIED_WITHIN = timedelta(seconds=30)
_SAME = timedelta(seconds=2)
_UP = ("probe", "started", "state")
"""The lines that report a site as up, in order."""


@dataclass(kw_only=True, slots=True)
class Reading:
    """The attempts so far, and what the next line may refer to."""

    deployed: str
    since: datetime
    drafts: Drafts = field(default_factory=Drafts)
    pulling: Draft | None = None
    """The attempt that lines about a pull belong to; None while something else is pulled."""
    pulling_other: bool = False
    exit: tuple[Line, bool | None] | None = None
    """An exit whose container is not named yet, and whether it is Kudu's (None when unknown)."""
    unknown: Line | None = None
    """An unknown error, or a sidecar's: the cause when the start then ends without another one."""

    def state(self, line: Line, statement: Statement) -> None:
        """Process the statement of a platform line."""
        if self._is_of_another(statement):
            self._other(line, statement)
            return
        if read := self._READERS.get(statement.what):
            read(self, line, statement)
        if statement.dated:
            self._repeated(line, statement)

    def output(self, text: str) -> None:
        """Add a container's line to the latest attempt, if that has a container."""
        last = self.drafts.all[-1] if self.drafts.all else None
        if text.strip() and last and (last.container or last.started) and last.stopped_at is None:
            last.output.append(text)

    def finish(self) -> list[Draft]:
        """Return the attempts, oldest first, at the end of the log."""
        self._settle_exit()
        return sorted(self.drafts.all, key=lambda draft: draft.began)

    def _settle_exit(self) -> None:
        """Assign an exit without a container's name to the latest container, unless it was Kudu's."""
        pending, self.exit = self.exit, None
        if pending and pending[1] is not True:
            line = pending[0]
            draft = self.drafts.latest(line, lambda one: one.has_container() and not one.stopped_at)
            if draft or not self.drafts.all:
                (draft or self._open(line)).blame(_exited(line))

    def _is_of_another(self, statement: Statement) -> bool:
        """Tell whether a statement is about an image or container that the platform runs beside the app."""
        if statement.image and is_platform_image(statement.image, self.deployed):
            return True
        return is_platform_container(statement.container)

    def _other(self, line: Line, statement: Statement) -> None:
        if statement.what is What.PULL:
            self.pulling, self.pulling_other = None, True
        elif statement.what in {What.PULLED, What.CREATE}:
            self._disown()
        elif statement.what is What.FAIL:
            self.unknown = line
        elif statement.what is What.STOP and self.exit and self.exit[1]:
            self.exit = None
        if statement.what is What.CREATE and statement.container:
            # Lines about that container belong to no attempt.
            self.drafts.by_container[statement.container] = Draft(began=line.at, writer=line.writer)

    def _disown(self) -> None:
        """Drop an attempt that began with lines about an unnamed pull, because the pull was not the app's."""
        last = self.drafts.all[-1] if self.drafts.all else None
        if last and last.is_fresh() and not (last.image or last.site or last.causes or last.steps):
            self.drafts.all.pop()
            self.pulling, self.pulling_other = None, True

    def _begin(self, line: Line, statement: Statement) -> None:
        site = plain_site(statement.site)
        draft = self.drafts.latest(
            line, lambda one: one.is_fresh() and not one.causes and one.fits(image=statement.image, site=site)
        )
        if draft is None or not statement.step or statement.step in draft.steps:
            draft = self._open(line)
            self.pulling, self.pulling_other = None, False
        draft.steps.add(statement.step)
        draft.is_of(statement.image)
        draft.site = draft.site or site

    def _pull(self, line: Line, statement: Statement) -> None:
        if not statement.image:
            if not self.drafts.all and not self.pulling_other:
                self.pulling = self._open(line)
            return
        draft = self.drafts.latest(line, lambda one: one.is_fresh() and one.fits(image=statement.image))
        if draft is None or (statement.step in draft.steps and not _is_retry(draft, line)):
            draft = self._open(line)
        draft.steps.add(statement.step)
        draft.is_of(statement.image)
        self.pulling, self.pulling_other = draft, False

    def _digest(self, line: Line, statement: Statement) -> None:
        if not self.pulling_other:
            self._of_pull(line).digest = statement.digest

    def _pulled(self, line: Line, statement: Statement) -> None:
        if self.pulling_other and not statement.image:
            return
        draft = self._of_pull(line, statement.image)
        draft.pulled = True
        draft.digest = statement.digest or draft.digest
        draft.is_of(statement.image)

    def _of_pull(self, line: Line, image: str = "") -> Draft:
        """Return the attempt that a line about a pull belongs to."""
        if self.pulling is None or not self.pulling.is_fresh() or not self.pulling.fits(image=image):
            fresh = self.drafts.latest(line, lambda one: one.is_fresh() and one.fits(image=image))
            self.pulling, self.pulling_other = fresh or self._open(line), False
        return self.pulling

    def _create(self, line: Line, statement: Statement) -> None:
        draft = self.drafts.latest(line, lambda one: one.is_fresh() and one.fits(image=statement.image))
        draft = draft or self._open(line)
        if statement.image:
            draft.runs(statement.image)
        if statement.container:
            self.drafts.call(draft, line, statement)
        draft.made_at = line.at

    def _name(self, line: Line, statement: Statement) -> None:
        self.drafts.named(line, statement)

    def _ready(self, line: Line, statement: Statement) -> None:
        draft = self.drafts.named(line, statement) if statement.container else self._up(line, statement)
        if draft and draft.ready_at is None:
            draft.ready_at = line.at
            self.unknown = None

    def _up(self, line: Line, statement: Statement) -> Draft | None:
        """Return the attempt that a line without a name reports as up; None when none fits.

        An attempt that other lines already reported as up comes first, because the platform repeats this.
        """
        earlier = set(_UP[: _UP.index(statement.step)])
        draft = self.drafts.latest(
            line, lambda one: bool(one.ready_at and earlier & one.steps) and statement.step not in one.steps
        )
        draft = draft or self.drafts.called(line, statement, lambda one: one.may_come_up() and one.has_container())
        draft = draft or self.drafts.latest(line, Draft.may_come_up)
        if draft is None and not self.drafts.all:
            draft = self._open(line)
        if draft:
            draft.steps.add(statement.step)
        return draft

    def _fail(self, line: Line, statement: Statement) -> None:
        kind = statement.kind or FailureKind.START_FAILED
        if line.writer is Writer.CLASSIC and statement.container:
            draft = self.drafts.named(line, statement)
        elif statement.of_pull and self.pulling_other and not statement.image:
            self.unknown = line
            return
        else:
            self._settle_exit()
            draft = self._failed_pull(line, statement) if statement.of_pull else self._failed_start(line, statement)
        draft.blame(Cause(at=line.at, kind=kind, line=line.text, of_pull=statement.of_pull, weak=statement.weak))

    def _failed_pull(self, line: Line, statement: Statement) -> Draft:
        """Return the attempt whose pull failed, which has no container yet."""
        fresh = self.drafts.latest(line, lambda one: not one.has_container() and one.fits(image=statement.image))
        return fresh or self._open(line)

    def _failed_start(self, line: Line, statement: Statement) -> Draft:
        """Return the attempt that failed, for a line without a container's name."""
        site = plain_site(statement.site)

        def fits(one: Draft) -> bool:
            return not one.ready_at and one.fits(image=statement.image, site=site)

        def is_failing(one: Draft) -> bool:
            return fits(one) and bool(one.causes) and not one.stopped_at

        failed = self.drafts.latest(line, is_failing) if statement.weak else None
        waiting = self.drafts.called(
            line, statement, lambda one: fits(one) and one.may_come_up() and one.has_container()
        )
        return failed or waiting or self.drafts.latest(line, fits) or self._open(line)

    def _exit(self, line: Line, _: Statement) -> None:
        self.exit = (line, None)

    def _terminate(self, _: Line, statement: Statement) -> None:
        if self.exit and self.exit[1] is None:
            self.exit = (self.exit[0], statement.of_kudu)

    def _stop(self, line: Line, statement: Statement) -> None:
        draft = self.drafts.by_container.get(statement.container)
        if draft is None and self.exit and not self.drafts.all:
            draft = self.drafts.named(self.exit[0], statement)
        if draft and not draft.stopped_at:
            if self.exit:
                draft.blame(_exited(self.exit[0]))
            draft.stopped_at = line.at
        self.exit = None

    def _end(self, line: Line, statement: Statement) -> None:
        if self.pulling_other and statement.of_pull:
            self.unknown = line
            return
        self._settle_exit()
        site = plain_site(statement.site)
        draft = self.drafts.latest(line, lambda one: bool(one.causes) and not one.ended and one.fits(site=site))
        draft = draft or self.drafts.latest(line, lambda one: not one.ready_at and one.fits(site=site))
        if draft is None and not self.drafts.all:
            draft = self._open(line)
        if draft:
            kind, told = statement.kind or FailureKind.START_FAILED, self.unknown or line
            draft.blame(Cause(at=told.at, kind=kind, line=told.text, of_pull=statement.of_pull, weak=True))
            draft.ended = True
        self.unknown = None

    def _error(self, line: Line, _: Statement) -> None:
        self.unknown = line

    def _repeated(self, line: Line, statement: Statement) -> None:
        """Process the last error in a state line, if it belongs to one of the latest attempts."""
        at = _time(statement.dated)
        if at is None or statement.kind is None:
            return
        told = self.drafts.latest(line, lambda one: any(abs(cause.at - at) < _SAME for cause in one.causes))
        draft = told or self.drafts.latest(line, lambda one: not one.ready_at)
        if draft is None and not self.drafts.all and at >= self.since.replace(microsecond=0):
            draft = self._open(line)
        if draft and at >= draft.began.replace(microsecond=0):
            words, of_pull = statement.details, statement.of_pull
            draft.blame(Cause(at=line.at, kind=statement.kind, line=words, of_pull=of_pull, of_state=True))

    _READERS: ClassVar[dict[What, Callable[[Reading, Line, Statement], None]]] = {
        What.BEGIN: _begin,
        What.PULL: _pull,
        What.DIGEST: _digest,
        What.PULLED: _pulled,
        What.CREATE: _create,
        What.NAME: _name,
        What.READY: _ready,
        What.FAIL: _fail,
        What.EXIT: _exit,
        What.TERMINATE: _terminate,
        What.STOP: _stop,
        What.END: _end,
        What.ERROR: _error,
    }

    def _open(self, line: Line) -> Draft:
        self._settle_exit()
        self.unknown = None
        return self.drafts.open(line)


def _exited(line: Line) -> Cause:
    return Cause(at=line.at, kind=FailureKind.EXITED, line=line.text)


def _is_retry(draft: Draft, line: Line) -> bool:
    """Tell whether a pull that begins again belongs to the same start, as a retry by another method."""
    return bool(draft.causes) and line.at - draft.causes[-1].at < _RETRIED_WITHIN


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
