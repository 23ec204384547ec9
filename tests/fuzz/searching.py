"""Search for texts that a parser does not take: an exception that it does not document, or time beyond the length."""

from __future__ import annotations

import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.unit.growth import grows_linearly

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.parsers import Parser

_LONG = 20_000
_SECONDS = 0.3
"""Of the processor, for 20,000 characters; what takes longer is measured again, by how it grows."""


@dataclass(frozen=True, kw_only=True)
class Find:
    """A text that a parser does not take."""

    parser: str
    given: str
    went: str


class TooSlow(Exception):  # noqa: N818 - its name says what happened
    """The time grows faster than the text."""


def crashes(name: str, parser: Parser, examples: int) -> Find | None:
    """Give a parser so many examples, and return the smallest one that it does not take; None when it takes all."""
    return _searched(name, parser.given, parser.holds, examples, (Phase.generate, Phase.shrink))


def slowness(name: str, parser: Parser, examples: int) -> Find | None:
    """Give a parser so many texts whose pieces repeat, and return one that takes time beyond its length, if any."""

    def hold(piece: object) -> None:
        if not isinstance(piece, str | bytes) or not piece:
            return
        began = time.thread_time()
        _read(parser, piece, _LONG)
        if time.thread_time() - began > _SECONDS and not grows_linearly(lambda size: _read(parser, piece, size)):
            raise TooSlow(name)

    return _searched(name, parser.given.map(_short), hold, examples, (Phase.generate,))


def _short(given: object) -> object:
    return given[:40] if isinstance(given, str | bytes) else given


def _read(parser: Parser, piece: str | bytes, size: int) -> None:
    with suppress(Exception):  # what a crash is, the other search finds
        parser.holds((piece * (size // len(piece) + 1))[:size])


def _searched(
    name: str,
    strategy: st.SearchStrategy[object],
    hold: Callable[[object], None],
    examples: int,
    phases: Sequence[Phase],
) -> Find | None:
    last: list[object] = []

    @settings(
        max_examples=examples,
        derandomize=False,
        deadline=None,
        database=None,
        print_blob=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(strategy)
    def search(one: object) -> None:
        last[:] = [one]
        hold(one)

    try:
        search()
    except Exception as error:  # noqa: BLE001 - any is a find
        place = traceback.extract_tb(error.__traceback__)[-1]
        went = f"{type(error).__name__}: {error} ({place.filename.rpartition('/')[2]}:{place.lineno})"
        return Find(parser=name, given=repr(last[0])[:400] if last else "", went=went.split("\n", maxsplit=1)[0][:300])
    return None
