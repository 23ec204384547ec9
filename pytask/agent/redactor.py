"""Redaction of this run's secrets, in everything that is shown or written.

Other programs repeat a secret in the form of their own text: within a URL, as JSON, in base64. The agent masks some of
these forms in its log, but it does not mask the summary and the record.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

_HIDDEN = "***"
_SHORTEST = 4
"""Characters. Masking a shorter line of a secret, such as a brace in JSON, would hide harmless text."""
_SHORTEST_ENCODED = 8
"""Minimum bytes of a secret whose base64 form is masked too, and minimum characters of a part that counts as one."""
_CUT = "…"
_OF_A_NET_PROGRAM = re.compile(r"[^\x00-%(-*,-;=?-_a-~]")
"""Characters that .NET escapes in JSON although it need not: `&'+<>`, the backtick, and all from DEL on. The class
excludes all other characters, because `re` takes 7 ms for a class that reaches beyond the first 65,536 characters.
https://learn.microsoft.com/dotnet/standard/serialization/system-text-json/character-encoding"""
_REMEMBERED = 256
"""Secrets whose forms are kept: a token is masked each time that it is used."""


class Redactor:
    """Removes the run's secrets from text. Thread-safe."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[str, ...]] = {}
        """The forms of all secrets by their first characters, longest first, so that one pass finds them all."""
        self._tails: dict[str, tuple[str, ...]] = {}
        """The same forms by their last characters."""
        self._lock = threading.Lock()

    def add(self, text: str) -> list[str]:
        """Redact a secret and every line of it from now on, and return these lines.

        The whole is redacted too: a JSON document or base64 has it on one line, and its own lines may be too short.
        """
        lines = [line.strip() for line in text.splitlines() if len(line.strip()) >= _SHORTEST]
        with self._lock:
            for form in {form for part in (*lines, text.strip()) for form in forms_of(part)}:
                for known, end in ((self._heads, form[:_SHORTEST]), (self._tails, form[-_SHORTEST:])):
                    known[end] = tuple(sorted({*known.get(end, ()), form}, key=len, reverse=True))
        return lines

    def redact(self, text: str) -> str:
        """Return a text without the secrets, even one that is shortened (`…`) in its middle."""
        shown, at = [], 0
        for start, end in _merged(sorted(self._found(text))):
            shown += [text[at:start], _HIDDEN]
            at = end
        return "".join([*shown, text[at:]])

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the positions of secrets, which may overlap."""
        is_cut = _CUT in text
        for at in range(len(text) - _SHORTEST + 1 if self._heads else 0):
            four = text[at : at + _SHORTEST]
            if four in self._heads and (end := _end(text, at, self._heads[four], is_cut=is_cut)):
                yield at, end
            if is_cut and four in self._tails and (begin := _begin_behind_cut(text, at + _SHORTEST, self._tails[four])):
                yield begin, at + _SHORTEST


@lru_cache(maxsize=_REMEMBERED)
def forms_of(secret: str) -> frozenset[str]:
    """Return the forms in which others repeat a text: itself, in a URL, in JSON, in HTML, and in base64.

    In base64, a text that follows other text, such as `user:`, can have three different forms.
    Source: https://www.rfc-editor.org/rfc/rfc4648#section-4
    """
    data = secret.encode(errors="surrogateescape")
    as_json = json.dumps(secret, ensure_ascii=False)[1:-1]
    in_urls = (quote(data, safe=""), quote(data), quote_plus(data))
    forms = {
        *(secret, as_json, json.dumps(secret)[1:-1], _as_net_writes(as_json)),
        *in_urls,
        *(_in_small_hex(form) for form in in_urls),
        *(html.escape(secret), html.escape(secret).replace("&#x27;", "&#39;")),
    }
    if len(data) >= _SHORTEST_ENCODED:
        encoded = [_in_base64(data, before) for before in range(3)]
        forms.update(encoded, (form.replace("+", "-").replace("/", "_") for form in encoded))
    return frozenset(form for form in forms if len(form) >= _SHORTEST)


def _as_net_writes(as_json: str) -> str:
    escaped = _OF_A_NET_PROGRAM.sub(lambda found: f"\\u{ord(found[0]):04X}", as_json)
    return escaped.replace('\\"', "\\u0022")


def _in_small_hex(url: str) -> str:
    first, *others = url.split("%")
    return "%".join([first, *(f"{one[:2].lower()}{one[2:]}" for one in others)])


def _in_base64(data: bytes, before: int) -> str:
    """Return the part of the base64 form that depends only on the data, after this many other bytes."""
    encoded = base64.b64encode(bytes(before) + data).decode().rstrip("=")
    complete = (before + len(data)) % 3 == 0
    return encoded[(0, 2, 3)[before] : None if complete else -1]


def _end(text: str, at: int, forms: tuple[str, ...], *, is_cut: bool) -> int:
    """Return the end of a secret that begins at a position, or where the text is shortened within it; 0 for none."""
    for form in forms:
        if text.startswith(form, at):
            return at + len(form)
        cut = text.find(_CUT, at, at + len(form) + 1) if is_cut else -1
        piece = text[at:cut].rstrip(" ") if cut >= 0 else ""
        if len(piece) >= _SHORTEST_ENCODED and form.startswith(piece):
            return at + len(piece)
    return 0


def _begin_behind_cut(text: str, end: int, forms: tuple[str, ...]) -> int:
    """Return the start of a secret's end whose beginning was cut off; 0 for none."""
    cut = text.rfind(_CUT, max(0, end - len(forms[0]) - 2), end)
    begin = cut + len(_CUT) + (text[cut + 1 : cut + 2] == " ")
    piece = text[begin:end] if cut >= 0 else ""
    return begin if len(piece) >= _SHORTEST_ENCODED and any(form.endswith(piece) for form in forms) else 0


def _merged(places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield positions that do not overlap."""
    pending: tuple[int, int] | None = None
    for start, end in places:
        if pending and start <= pending[1]:
            pending = pending[0], max(pending[1], end)
        else:
            if pending:
                yield pending
            pending = start, end
    if pending:
        yield pending
