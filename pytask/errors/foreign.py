"""Making foreign text fit to show: shorten it, and reduce a web page to its words."""

from __future__ import annotations

import html
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_GAP = " … "
_MOST_NAMES, _LONGEST_NAME = 20, 100


def shortened(text: str, most: int) -> str:
    """Return text of at most `most` characters: a longer one keeps only its beginning and end."""
    if len(text) <= most:
        return text
    half = max(0, most - len(_GAP)) // 2
    return f"{text[:half]}{_GAP}{text[len(text) - half :]}"


def beginning(text: str, most: int) -> str:
    """Return the first `most` characters of a text, with a sign at the end if there were more.

    Without the sign, the redactor could not tell that a secret was cut there, and would leave its first half.
    """
    return text if len(text) <= most else f"{text[:most]}{_GAP.strip()}"


def listed(names: Iterable[str]) -> str:
    """Return names for people, however many there are: the first of them, and how many more."""
    known = tuple(names)
    shown = ", ".join(beginning(name, _LONGEST_NAME) for name in known[:_MOST_NAMES])
    more = len(known) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


def shell_word(text: str) -> str:
    """Return text as one word of a command to copy, in one line, whatever is in it."""
    return shlex.quote(" ".join(text.split()))


def without_page(text: str) -> str:
    """Return a text with any web page in it replaced by the page's title or, without one, its words."""
    lowered = text.lower()
    begin = min((at for sign in ("<!doctype html", "<html") if (at := lowered.find(sign)) >= 0), default=-1)
    if begin < 0 or len(lowered) != len(text):
        return text
    title = lowered.find("<title>", begin)
    end = lowered.find("</title>", title) if title >= 0 else -1
    said = text[title + len("<title>") : end] if end >= 0 else _words(text[begin:])
    return " ".join(f"{text[:begin]} {html.unescape(said)}".split())


def _words(page: str) -> str:
    """Return the text between the tags."""
    return " ".join(piece.rpartition(">")[2] for piece in page.split("<"))
