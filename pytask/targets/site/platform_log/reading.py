"""From the lines of a log to the attempts that they tell of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.attempt import FailureKind
from pytask.targets.site.platform_log.draft import Cause, Draft
from pytask.targets.site.platform_log.lines import Line, Writer
from pytask.targets.site.platform_log.names import is_platform_container, is_platform_image, plain_site
from pytask.targets.site.platform_log.statement import Statement, What

if TYPE_CHECKING:
    from collections.abc import Callable

# Lines that name no container belong to one of the last few attempts; looking no further keeps this linear.
_REACH = 8
_RETRIED_WITHIN = timedelta(seconds=30)


@dataclass(kw_only=True, slots=True)
class Reading:
    """The attempts so far, and what the next line may refer to."""

    deployed: str
    since: datetime
    drafts: list[Draft] = field(default_factory=list)
    by_container: dict[str, Draft] = field(default_factory=dict)
    pulling: Draft | None = None
    """Whose pull the lines on a pull are of; None also while something else is pulled."""
    pulling_other: bool = False
    exit: tuple[Line, bool | None] | None = None
    """A container has exited, and it is not told yet which; then whether it is Kudu's, as far as that is known."""
    unknown: Line | None = None
    """An error that nothing here knows, or a sidecar's: the cause when the start then ends without another one."""

    def state(self, line: Line, statement: Statement) -> None:
        """Take in what a line of the platform states."""
        if self._is_of_another(statement):
            self._other(line, statement)
            return
        deed: dict[What, Callable[[Line, Statement], None]] = {
            What.BEGIN: self._begin,
            What.PULL: self._pull,
            What.DIGEST: self._digest,
            What.PULLED: self._pulled,
            What.CREATE: self._create,
            What.NAME: self._name,
            What.READY: self._ready,
            What.FAIL: self._fail,
            What.EXIT: self._exit,
            What.TERMINATE: self._terminate,
            What.STOP: self._stop,
            What.END: self._end,
            What.ERROR: self._error,
        }
        if do := deed.get(statement.what):
            do(line, statement)
        if statement.dated:
            self._repeated(line, statement)

    def output(self, text: str) -> None:
        """Take in a line of a container: of the latest attempt's, as soon as that has one."""
        last = self.drafts[-1] if self.drafts else None
        if text.strip() and last and (last.container or last.started) and last.stopped_at is None:
            last.output.append(text)

    def finish(self) -> list[Draft]:
        """Return the attempts, oldest first, when the log has ended."""
        if self.exit and self.exit[1] is not True:
            line = self.exit[0]
            draft = self._latest(lambda one: bool(one.container or one.started) and not one.stopped_at, line.writer)
            if draft:
                self._blame(draft, line, FailureKind.EXITED)
        return sorted(self.drafts, key=lambda draft: draft.began)

    def _is_of_another(self, statement: Statement) -> bool:
        """Return whether a statement is on an image or a container that the platform runs beside the app."""
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

    def _disown(self) -> None:
        """Drop an attempt that was begun by lines on a pull without a name, which was not the app's."""
        last = self.drafts[-1] if self.drafts else None
        if last and last.is_fresh() and not last.image and not last.site and not last.causes:
            self.drafts.pop()
            self.pulling, self.pulling_other = None, True

    def _begin(self, line: Line, statement: Statement) -> None:
        draft = self._latest(
            lambda one: (
                one.is_fresh() and not one.causes and one.fits(image=statement.image, site=plain_site(statement.site))
            ),
            line.writer,
        )
        if draft is None or not statement.step or statement.step in draft.steps:
            draft = self._open(line)
        draft.steps.add(statement.step)
        draft.is_of(statement.image)
        draft.site = draft.site or plain_site(statement.site)

    def _pull(self, line: Line, statement: Statement) -> None:
        if not statement.image:
            if not self.drafts and not self.pulling_other:
                self.pulling = self._open(line)
            return
        draft = self._latest(lambda one: one.is_fresh() and one.fits(image=statement.image), line.writer)
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
        """Return the attempt that a line on a pull belongs to."""
        if self.pulling is None or not self.pulling.is_fresh() or not self.pulling.fits(image=image):
            fresh = self._latest(lambda one: one.is_fresh() and one.fits(image=image), line.writer)
            self.pulling, self.pulling_other = fresh or self._open(line), False
        return self.pulling

    def _create(self, line: Line, statement: Statement) -> None:
        draft = self._latest(lambda one: one.is_fresh() and one.fits(image=statement.image), line.writer)
        draft = draft or self._open(line)
        if statement.image:
            draft.runs(statement.image)
        if statement.container:
            self._call(draft, statement.container)

    def _name(self, line: Line, statement: Statement) -> None:
        self._named(line, statement)

    def _named(self, line: Line, statement: Statement) -> Draft:
        """Return the attempt of a container; a name that is new is that of one that has none yet, else of a new one."""
        draft = self.by_container.get(statement.container)
        if draft is None:
            draft = self._latest(lambda one: one.is_open() and not one.container, line.writer) or self._open(line)
            self._call(draft, statement.container)
        draft.site = draft.site or plain_site(statement.site)
        return draft

    def _call(self, draft: Draft, container: str) -> None:
        draft.is_called(container)
        self.by_container[container] = draft

    def _ready(self, line: Line, statement: Statement) -> None:
        if statement.container:
            draft: Draft | None = self._named(line, statement)
        else:
            draft = self._latest(_may_come_up, line.writer)
            if draft is None and not self.drafts:
                draft = self._open(line)
        if draft and draft.ready_at is None:
            draft.ready_at = line.at

    def _fail(self, line: Line, statement: Statement) -> None:
        kind = statement.kind or FailureKind.START_FAILED
        if line.writer is Writer.CLASSIC and statement.container:
            self._blame(self._named(line, statement), line, kind, weak=statement.weak)
        elif self.pulling_other and kind.of_pull and not statement.image:
            self.unknown = line
        else:
            self._blame(self._failing(line, statement), line, kind, weak=statement.weak)

    def _failing(self, line: Line, statement: Statement) -> Draft:
        draft = self._latest(
            lambda one: not one.ready_at and one.fits(image=statement.image, site=plain_site(statement.site)),
            line.writer,
        )
        return draft or self._open(line)

    def _blame(self, draft: Draft, line: Line, kind: FailureKind, *, weak: bool = False) -> None:
        draft.causes.append(Cause(at=line.at, kind=kind, line=line.text, weak=weak))

    def _exit(self, line: Line, _: Statement) -> None:
        self.exit = (line, None)

    def _terminate(self, _: Line, statement: Statement) -> None:
        if self.exit and self.exit[1] is None:
            self.exit = (self.exit[0], statement.of_kudu)

    def _stop(self, line: Line, statement: Statement) -> None:
        draft = self.by_container.get(statement.container)
        if draft and self.exit and not draft.stopped_at:
            self._blame(draft, self.exit[0], FailureKind.EXITED)
        if draft and not draft.stopped_at:
            draft.stopped_at = line.at
        self.exit = None

    def _end(self, line: Line, statement: Statement) -> None:
        if self.pulling_other and statement.kind:
            self.unknown = line
            return
        draft = self._latest(lambda one: not one.ready_at and one.fits(site=plain_site(statement.site)), line.writer)
        if draft is None and not self.drafts:
            draft = self._open(line)
        if draft:
            cause, kind = self.unknown or line, statement.kind or FailureKind.START_FAILED
            self._blame(draft, cause, kind, weak=True)
            draft.ended = True
        self.unknown = None

    def _error(self, line: Line, _: Statement) -> None:
        self.unknown = line

    def _repeated(self, line: Line, statement: Statement) -> None:
        """Take in the last error that a state repeats, where it is of the latest attempt."""
        at, draft = _time(statement.dated), self._latest(lambda one: not one.ready_at, line.writer)
        if at is None or statement.kind is None:
            return
        if draft is None and not self.drafts and at >= self.since.replace(microsecond=0):
            draft = self._open(line)
        if draft and at >= draft.began.replace(microsecond=0):
            draft.causes.append(Cause(at=line.at, kind=statement.kind, line=statement.details, weak=False))

    def _latest(self, wanted: Callable[[Draft], bool], writer: Writer) -> Draft | None:
        near = reversed(self.drafts[-_REACH:])
        return next((one for one in near if one.writer is writer and wanted(one)), None)

    def _open(self, line: Line) -> Draft:
        self.drafts.append(Draft(began=line.at, writer=line.writer))
        self.unknown = None
        return self.drafts[-1]


def _is_retry(draft: Draft, line: Line) -> bool:
    """Return whether a pull that begins again is of the same start, tried once more in another way."""
    return bool(draft.causes) and line.at - draft.causes[-1].at < _RETRIED_WITHIN


def _may_come_up(draft: Draft) -> bool:
    """Return whether a line that says that the site is up, and names no container, may be of this attempt."""
    failed = any(not cause.kind.of_pull for cause in draft.causes)
    return draft.is_open() and bool(draft.container or draft.started) and not failed


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
