"""Splitting text into words as a shell does, for flags that people paste from scripts and documents."""

from __future__ import annotations

from dataclasses import dataclass, field

_JOINS_LINES = frozenset({"\\", "`", "^"})
"""The line continuations of a POSIX shell, PowerShell and cmd. YAML may already have joined the lines."""
_ESCAPED_IN_QUOTES = frozenset('"\\$`\n')


def split_words(text: str) -> list[str]:
    """Return the words of a text.

    Quotes and backslashes work as in a POSIX shell, with two exceptions: a backslash in a path that begins with a drive
    letter stays, and a line continuation on its own is dropped.

    Raises:
        ValueError: when a quote does not close.
    """
    made = _Words()
    for sign in text.replace("\r\n", "\n"):
        made.take(sign)
    return made.all()


@dataclass(slots=True)
class _Words:
    """The words so far, and the one being read."""

    done: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    begun: bool = False
    """Whether a word has begun, even an empty one in quotes."""
    plain: bool = True
    """Whether nothing in the word was quoted or escaped."""
    quote: str = ""
    escaping: bool = False
    value_from: int = 0
    """Index in the word where the last value begins, after `=` or `,`."""

    def take(self, sign: str) -> None:
        """Take the next character."""
        if self.escaping:
            self._take_escaped(sign)
        elif self.quote:
            self._take_quoted(sign)
        elif sign == "\\" and not self._in_windows_path():
            self.escaping = True
        elif sign in "\"'":
            self.quote, self.begun, self.plain = sign, True, False
        elif sign.isspace():
            self._end_word()
        else:
            self._add(sign)

    def all(self) -> list[str]:
        """Return the words; raise ValueError when a quote is still open."""
        if self.quote:
            raise ValueError(f"No closing quotation ({self.quote})")
        self._end_word()
        return self.done

    def _take_escaped(self, sign: str) -> None:
        self.escaping = False
        if sign == "\n":
            return
        if self.quote and sign not in _ESCAPED_IN_QUOTES:
            self._add("\\")
        elif not self.quote and sign.isspace() and not self.begun:
            return  # a backslash on its own: a line continuation whose line end is gone
        self._add(sign)
        self.plain = False

    def _take_quoted(self, sign: str) -> None:
        if sign == self.quote:
            self.quote = ""
        elif sign == "\\" and self.quote == '"':
            self.escaping = True
        else:
            self._add(sign)

    def _add(self, sign: str) -> None:
        self.signs.append(sign)
        self.begun = True
        if sign in "=,":
            self.value_from = len(self.signs)

    def _in_windows_path(self) -> bool:
        r"""Tell whether a backslash here belongs to an unquoted path such as `C:\agent`."""
        letter, colon, separator = (*self.signs[self.value_from : self.value_from + 3], "", "", "")[:3]
        return self.plain and letter.isalpha() and colon == ":" and separator in {"", "\\", "/"}

    def _end_word(self) -> None:
        word = "".join(self.signs)
        if self.begun and not (self.plain and word in _JOINS_LINES):
            self.done.append(word)
        self.signs, self.begun, self.plain, self.value_from = [], False, True, 0
