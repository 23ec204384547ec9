"""The syntax of a Dockerfile, as BuildKit reads it: lines, instructions, words and variables.

Sources: https://docs.docker.com/reference/dockerfile/ and
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go
"""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BACKSLASH, _BACKTICK = "\\", "`"
_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_TAKE_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
_AS_DEEP_AS_PEOPLE_NEST = 16
_LONGEST_VALUE = 4096
"""Characters: longer than any reference, and a limit on the growth of variables that refer to each other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One instruction with its continuation lines joined, without comments and here-document bodies."""

    name: str
    """In upper case."""
    text: str
    """What follows the name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dockerfile:
    """A parsed Dockerfile."""

    directives: Mapping[str, str]
    """Parser directives at the top: `syntax`, `escape`, `check`."""
    instructions: tuple[Instruction, ...]


def read_dockerfile(path: Path) -> Dockerfile:
    """Return a parsed Dockerfile; bytes that are not UTF-8 are replaced. Raises OSError."""
    return parse_dockerfile(path.read_text(encoding="utf-8-sig", errors="replace"))


def is_utf16(path: Path) -> bool:
    """Tell whether a file begins with the byte order mark of UTF-16, which BuildKit does not read."""
    with path.open("rb") as file:
        return file.read(2) in {BOM_UTF16_LE, BOM_UTF16_BE}


def parse_dockerfile(text: str) -> Dockerfile:
    """Return the parsed text of a Dockerfile, with any line ends and with or without a byte order mark."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    directives = dict(_directives(lines))
    escape = _BACKTICK if directives.get("escape") == _BACKTICK else _BACKSLASH
    return Dockerfile(directives=directives, instructions=tuple(_instructions(lines, escape)))


def arguments_of(text: str, escape: str = _BACKSLASH) -> Iterator[tuple[str, str | None]]:
    """Yield the name and default of each `ARG` declaration, with quotes kept; None when there is no default."""
    for word in words(text, escape):
        name, equals, value = word.partition("=")
        yield name, value if equals else None


def words(text: str, escape: str = _BACKSLASH) -> Iterator[str]:
    """Yield the words of a text; quoted or escaped blanks are part of a word."""
    word, quote, position = "", "", 0
    while position < len(text):
        sign = text[position]
        if sign == escape and quote != "'":
            word += text[position : position + 2]
            position += 2
            continue
        if sign.isspace() and not quote:
            if word:
                yield word
            word = ""
        else:
            word += sign
            quote = _quote_behind(sign, quote)
        position += 1
    if word:
        yield word


def expanded(text: str, values: Mapping[str, str]) -> str:
    """Return a text without quotes, with `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` replaced.

    A variable without a value stays as written: its expansion in BuildKit would not name a registry.
    """
    made, quote, position = "", "", 0
    while position < len(text) and len(made) <= _LONGEST_VALUE:
        sign = text[position]
        if sign in "\"'" and quote in {"", sign}:
            quote = _quote_behind(sign, quote)
            position += 1
        elif sign == "$" and quote != "'":
            piece, position = _variable(text, position, values)
            made += piece
        else:
            made += sign
            position += 1
    return made[:_LONGEST_VALUE]


def _quote_behind(sign: str, quote: str) -> str:
    if quote:
        return "" if sign == quote else quote
    return sign if sign in "\"'" else ""


def _variable(text: str, start: int, values: Mapping[str, str]) -> tuple[str, int]:
    """Return the replacement of the variable that begins at a `$`, and the position after it."""
    if text[start + 1 : start + 2] != "{":
        end = _end_of_name(text, start + 1)
        name = text[start + 1 : end]
        return values.get(name, text[start:end]), max(end, start + 1)
    end = _closing(text, start + 2)
    if end < 0:
        return text[start:], len(text)
    return _braced(text[start + 2 : end], values, text[start : end + 1]), end + 1


def _braced(inside: str, values: Mapping[str, str], written: str) -> str:
    end = _end_of_name(inside, 0)
    name, operator = inside[:end], inside[end:].removeprefix(":")[:1]
    word, value = inside[end:].removeprefix(":")[1:], values.get(inside[:end], "")
    if operator == "-":
        return value or expanded(word, values)
    if operator == "+":
        return expanded(word, values) if value else ""
    return value or values.get(name, written)


def _end_of_name(text: str, start: int) -> int:
    end = start
    while end < len(text) and (text[end] == "_" or (text[end].isascii() and text[end].isalnum())):
        end += 1
    return end


def _closing(text: str, start: int) -> int:
    """Return the position of the closing brace for one opened just before `start`; -1 when there is none."""
    depth = 1
    for position in range(start, min(len(text), start + _LONGEST_VALUE)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth in {0, _AS_DEEP_AS_PEOPLE_NEST}:
            return position if depth == 0 else -1
    return -1


def _directives(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the parser directives: comments at the very top, each allowed once."""
    seen = set[str]()
    for line in lines[1:] if lines[0].startswith("#!") else lines:
        name, equals, value = line.lstrip().removeprefix("#").partition("=")
        name = name.strip().lower()
        if not line.lstrip().startswith("#") or not equals or name not in _DIRECTIVES - seen:
            return
        seen.add(name)
        yield name, value.strip()


def _instructions(lines: list[str], escape: str) -> Iterator[Instruction]:
    position = 0
    while position < len(lines):
        joined, position = _joined(lines, position, escape)
        name, text = (*joined.split(None, 1), "", "")[:2]
        if name.upper() in _TAKE_HEREDOCS:
            for word in words(text, escape):
                position = _behind_heredoc(word, lines, position)
        if name:
            yield Instruction(name=name.upper(), text=text.strip())


def _joined(lines: list[str], position: int, escape: str) -> tuple[str, int]:
    """Return the line at a position with its continuation lines, and the position after them.

    Comments and empty lines between them are skipped.
    """
    parts: list[str] = []
    while position < len(lines):
        line, position = lines[position].strip() if not parts else lines[position].rstrip(" \t"), position + 1
        if line.lstrip().startswith("#") or not line:
            if parts:
                continue
            return "", position
        if not _goes_on(line, escape):
            return "".join([*parts, line]), position
        parts.append(line[:-1])
    return "".join(parts), position


def _goes_on(line: str, escape: str) -> bool:
    return line.endswith(escape) and not line.endswith(escape * 2)


def _behind_heredoc(word: str, lines: list[str], position: int) -> int:
    """Return the position after a here-document's body; `position` itself when `word` opens none or an unclosed one."""
    number_before, arrows, rest = word.partition("<<")
    name = rest.removeprefix("-").strip("\"'")
    if number_before.strip("0123456789") or not arrows or not name or "<" in rest:
        return position
    for number in range(position, len(lines)):
        line = lines[number].lstrip("\t") if rest.startswith("-") else lines[number]
        if line == name:
            return number + 1
    return position
