"""Foreign text in Markdown: nothing in it becomes an image, a link, a heading or HTML.

Source: https://github.github.com/gfm/
"""

from __future__ import annotations

import re

from pytask.errors.foreign import shortened

_SIGNS = re.compile(r"([\\`*\[\]<>|~]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])|^[#+-])")
"""Within a word an underscore is no sign; nor is what only a line can begin with, elsewhere."""
_LONGEST = 500
_FEWEST_IN_A_FENCE = 3


def escaped(text: str) -> str:
    """Return text as prose, in one line, each sign of Markdown as itself."""
    return _SIGNS.sub(r"\\\1", _flat(text))


def code(text: str) -> str:
    """Return text as a code span, in one line; no run of backticks in it ends the span."""
    flat = _flat(text)
    fence, pad = "`" * (_longest_run(flat) + 1), " " if "`" in flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def block(text: str) -> str:
    """Return text of several lines as a block of code."""
    fence = "`" * max(_FEWEST_IN_A_FENCE, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def cell(markdown: str) -> str:
    """Return Markdown as it stands in a table, where a bar ends the cell, within a code span too."""
    return re.sub(r"(?<!\\)\|", r"\\|", markdown.replace("\n", " "))


def _flat(text: str) -> str:
    return shortened(" ".join(text.split()), _LONGEST)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
