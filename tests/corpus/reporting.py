"""The corpus as a person reads it: one line for each case that is not right, totals by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.corpus.cases import Broken, ErrorOutput, PlatformLog, RecordedRun
from tests.corpus.judging import PARTS, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.corpus.judging import Judgment

_LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Report:
    """All judgments of one run."""

    judgments: tuple[Judgment, ...]

    @property
    def failed(self) -> int:
        """How many cases failed."""
        return self._count(Verdict.FAILED)

    @property
    def passed(self) -> int:
        """How many cases passed."""
        return self._count(Verdict.PASSED)

    def lines(self) -> Iterator[str]:
        """Yield the report; the last line is `N passed, N failed`."""
        yield from _section("What each log alone proves", (f"{_name(one)}: {one.proves}" for one in self._logs))
        yield from _section("Failed", self._told(Verdict.FAILED))
        yield from _section("No code fits yet", self._told(Verdict.APART))
        yield from _section("Facts not shown", (_facts(one) for one in self.judgments if one.missing))
        yield from self._totals()
        yield f"{self.passed} passed, {self.failed} failed"

    @property
    def _logs(self) -> list[Judgment]:
        return [one for one in self.judgments if isinstance(one.case, PlatformLog)]

    @property
    def _errors(self) -> list[Judgment]:
        return [one for one in self.judgments if isinstance(one.case, ErrorOutput)]

    def _count(self, verdict: Verdict, among: list[Judgment] | None = None) -> int:
        return sum(one.verdict is verdict for one in (self.judgments if among is None else among))

    def _told(self, verdict: Verdict) -> Iterator[str]:
        return (f"{_name(one)}: {one.told}" for one in self.judgments if one.verdict is verdict)

    def _totals(self) -> Iterator[str]:
        if self._logs:
            right = (f"{part} {sum(part in one.right for one in self._logs)}" for part in PARTS)
            yield f"platform logs: {self._of(self._logs)}; right: {', '.join(right)}"
        if self._errors:
            shown = sum(len(one.shown) for one in self._errors)
            whole = shown + sum(len(one.missing) for one in self._errors)
            yield f"errors: {self._of(self._errors)}; facts: {_share(shown, whole)} shown"
        runs = [one for one in self.judgments if isinstance(one.case, RecordedRun)]
        if runs:
            yield f"recorded runs: {self._of(runs)}"
        broken = sum(isinstance(one.case, Broken) for one in self.judgments)
        if broken:
            yield f"cannot be read: {broken}"

    def _of(self, among: list[Judgment]) -> str:
        passed, apart = self._count(Verdict.PASSED, among), self._count(Verdict.APART, among)
        told = f"{_share(passed, len(among) - apart)} passed"
        return f"{told}, {apart} more ask for a code that is missing" if apart else told


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = [f"  {_on_one_line(line)}" for line in lines]
    if told:
        yield f"{title}:"
        yield from told
        yield ""


def _name(judgment: Judgment) -> str:
    return judgment.case.name


def _facts(judgment: Judgment) -> str:
    return f"{_name(judgment)}: {', '.join(judgment.missing)}"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "0 of 0"


def _on_one_line(text: str) -> str:
    """Return a text without line ends and control characters, cut where it is long."""
    line = "".join(one if one.isprintable() else " " for one in text)
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
