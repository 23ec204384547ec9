"""Foreign text costs time by its length, and no more: every reader of it, with pieces that tempt an expression."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from pytask.agent.commands import disarm
from pytask.builders.ignore import is_ignored
from pytask.errors import TaskFailure
from pytask.errors.foreign import without_page
from pytask.inspection.history import instruction_of
from pytask.model.reference import ImageReference, NotAReference
from pytask.registry.challenge import parse_challenges
from pytask.report.markdown import block, code, escaped
from pytask.targets.redaction import redacted
from pytask.targets.site.platform_log import read_platform_log
from tests.platform_lines import classic, of_2025
from tests.unit.growth import grows_linearly

if TYPE_CHECKING:
    from collections.abc import Callable

PIECES = [
    "#",
    "#\u200b",
    "##v\u200b",
    " ",
    "`",
    "a=",
    "=",
    '"',
    '\\"',
    ",",
    "/",
    "[",
    "sh -c ",
    "docker run ",
    "*",
    "**/",
    "[",
    "[\\]",
    "[a]",
    "*a",
    "/a",
    "Image ",
    "<",
]


def log(text: str) -> object:
    return read_platform_log(text, reference="x/y:1", since=datetime(2020, 1, 1, tzinfo=timezone.utc), site="shop")


READERS: dict[str, Callable[[str], object]] = {
    "a line of the log": disarm,
    "a challenge": lambda text: parse_challenges(f"Bearer {text}"),
    "the platform's log of old": lambda text: log(classic(1, f"docker run -d --name shop_1_0a {text}")),
    "the platform's log of 2025": lambda text: log(of_2025(1, f"Container is running. {text}")),
    "what a container printed": lambda text: redacted(f"password {text}", {"KEY": "a-setting"}),
    "an image's history": lambda text: instruction_of(f"|9 {text}"),
    "a page": lambda text: without_page(f"<html>{text}"),
    "a reference": ImageReference.parse,
    "an ignore file's line": lambda text: is_ignored("a/b/c.txt", f"{text}x"),
    "an ignored path": lambda text: is_ignored(f"{text}x", "**/*a*/**/*.[a-z]x"),
    "a cell of the summary": lambda text: (code(text), escaped(text), block(text)),
}


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("reader", READERS)
def test_reading_takes_time_by_the_length_and_no_more(reader: str, piece: str) -> None:
    def read(times: int) -> None:
        with suppress(TaskFailure, NotAReference):
            READERS[reader](piece * times)

    assert grows_linearly(read)
