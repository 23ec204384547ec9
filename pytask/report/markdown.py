"""Foreign text in Markdown, escaped so that nothing in it becomes an image, a link, a heading or HTML.

Source: https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors.foreign import shortened

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNS = re.compile(r"([\\`*\[\]<>|~]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])|^[#+-])")
"""An underscore within a word has no meaning, nor do block markers that are not at the start of a line."""
_LONGEST = 500
_FEWEST_IN_A_FENCE = 3


@dataclass(frozen=True, slots=True)
class Words:
    """Foreign text in Markdown, without secrets."""

    redact: Callable[[str], str]

    def escaped(self, text: str) -> str:
        """Return text as prose in one line."""
        return escaped(self.redact(text))

    def code(self, text: str) -> str:
        """Return text as a code span in one line."""
        return code(self.redact(text))

    def block(self, text: str) -> str:
        """Return text of several lines as a code block."""
        return block(self.redact(text))


def escaped(text: str) -> str:
    """Return text as prose in one line, with Markdown's special characters escaped."""
    return _SIGNS.sub(r"\\\1", _flat(text))


def code(text: str) -> str:
    """Return text as a code span in one line; backticks in the text cannot end it."""
    flat = _flat(text)
    fence, pad = "`" * (_longest_run(flat) + 1), " " if "`" in flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def block(text: str) -> str:
    """Return text of several lines as a code block."""
    fence = "`" * max(_FEWEST_IN_A_FENCE, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def cell(markdown: str) -> str:
    """Return Markdown for a table cell, where a bar would end the cell, even in a code span."""
    return re.sub(r"(?<!\\)\|", r"\\|", markdown.replace("\n", " "))


def _flat(text: str) -> str:
    return shortened(" ".join(text.split()), _LONGEST)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
