"""Docker's ignore rules, exactly as its own matcher has them: which files of a context a build gets.

docker-py's matcher is not used: it judges `**` and the parent folders of a path by other rules than BuildKit's.
Sources: https://github.com/moby/patternmatcher/blob/main/patternmatcher.go,
https://github.com/moby/patternmatcher/blob/main/ignorefile/ignorefile.go and
https://github.com/tonistiigi/fsutil/blob/master/filter.go
"""

from __future__ import annotations

import posixpath
import re
import warnings
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pytask.errors.acr_context import IgnorePatternInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_ESCAPED = frozenset(".+()|{}$")
_SPECIAL = re.compile(r"[*\[\]?^\\]")
_STARS, _LONGEST = 3, 256
"""The most wildcards of a pattern, and characters of a path, that a regular expression gets: it may try every way to
share the path among the wildcards. The others are matched in one pass, which takes longer for ordinary paths."""
_PIECE = re.compile(r"\*\*/?|\*|\?|\[(?:\\.|[^\]\\])+\]|\\.|.", re.DOTALL)


@dataclass(frozen=True)
class Pattern:
    """One line of an ignore file."""

    text: str
    """Without the `!`, and as short as a path can be written."""
    is_exception: bool

    @cached_property
    def matches(self) -> Callable[[str], object]:
        """The function that tells whether a path matches, apart from its parent folders."""
        text = self.text
        kind, expression = _translated(text)
        if kind == "exact":
            return text.__eq__
        if kind == "prefix":
            return lambda path: path.startswith(text[:-2])
        if kind == "suffix":
            return lambda path: path.endswith(text[2:]) or (text[2:3] == "/" and path == text[3:])
        return self._by_expression(expression)

    def ends(self, path: str) -> set[int]:
        """Return the lengths of the beginnings of a path that match.

        Raises:
            IgnorePatternInvalid: when Docker would not build with the pattern.
        """
        self._compiled(_translated(self.text)[1])
        return beginnings(self.pieces, path)

    def _by_expression(self, expression: str) -> Callable[[str], object]:
        compiled, pieces = self._compiled(expression).fullmatch, self.pieces
        stars = sum(piece.startswith("*") for piece in pieces)
        in_one_pass = len(pieces) > 1 and stars > _STARS
        return lambda path: (
            compiled(path) if len(path) <= _LONGEST and not in_one_pass else matches_in_one_pass(pieces, path)
        )

    def _compiled(self, expression: str) -> re.Pattern[str]:
        with warnings.catch_warnings():  # Python warns about classes that a later version may read differently
            warnings.simplefilter("ignore", FutureWarning)
            try:
                return re.compile(expression, re.ASCII)
            except re.error as error:
                raise IgnorePatternInvalid(pattern=self.text, reason=str(error)) from error

    @cached_property
    def pieces(self) -> Sequence[str]:
        """Its wildcards, and its other characters one by one."""
        return tuple(_PIECE.findall(self.text))

    @property
    def beginning(self) -> str:
        """The pattern without the wildcard of all that is below a folder."""
        return self.text.removesuffix("/**").removesuffix("/*")


def read_patterns(text: str) -> tuple[Pattern, ...]:
    """Return the patterns of an ignore file's text.

    Raises:
        IgnorePatternInvalid: when Docker would not build with it.
    """
    return tuple(_patterns(text.removeprefix("\ufeff")))


def _patterns(text: str) -> Iterator[Pattern]:
    for line in text.split("\n"):
        pattern = "" if line.startswith("#") else line.strip()
        if not pattern:
            continue
        is_exception = pattern.startswith("!")
        cleaned = _cleaned(pattern[1:].strip()) if is_exception else _cleaned(pattern)
        if len(cleaned) > 1:
            cleaned = cleaned.removeprefix("/")
        # Docker shortens `!/` once more, to a lone `!`.
        if not cleaned.removeprefix("/" if is_exception else "") or _is_malformed(cleaned):
            raise IgnorePatternInvalid(pattern=pattern, reason="syntax error in pattern")
        yield Pattern(cleaned, is_exception)


def _cleaned(pattern: str) -> str:
    """Return a path in its shortest form, as Go's `filepath.Clean` does; an empty one stays empty."""
    cleaned = posixpath.normpath(pattern) if pattern else ""
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def _is_malformed(pattern: str) -> bool:
    """Tell whether a class of characters is not closed, or a backslash is the last character.

    Source: https://cs.opensource.google/go/go/+/master:src/internal/filepathlite and `path/filepath.Match`
    """
    at, end = 0, len(pattern)
    while at < end:
        if pattern[at] == "\\":
            at += 1
            if at == end:
                return True
        elif pattern[at] == "[":
            at = _end_of_class(pattern, at + 1)
            if at < 0:
                return True
        at += 1
    return False


def _end_of_class(pattern: str, at: int) -> int:
    """Return where a class of characters is closed; -1 when it is not, or has an invalid range."""
    at += pattern[at : at + 1] == "^"
    ranges = 0
    while pattern[at : at + 1] != "]" or not ranges:
        at = _behind_character(pattern, at)
        if at > 0 and pattern[at : at + 1] == "-":
            at = _behind_character(pattern, at + 1)
        if at < 0 or at >= len(pattern):
            return -1
        ranges += 1
    return at


def _behind_character(pattern: str, at: int) -> int:
    if pattern[at : at + 1] in {"", "-", "]"}:
        return -1
    at += pattern[at] == "\\"
    return at + 1 if at < len(pattern) else -1


def _translated(pattern: str) -> tuple[str, str]:
    """Return how a pattern is matched, and the regular expression for it, both as moby's `Pattern.compile` does."""
    kind, written, at, end = "exact", list[str](), 0, len(pattern)
    while at < end:
        first, character = at == 0, pattern[at]
        at += 1
        if character == "*" and pattern[at : at + 1] == "*":
            at += 1 + (pattern[at + 1 : at + 2] == "/")
            if at < end:
                written.append("(?:.*/)?")
                kind = "expression"
            elif kind == "exact":
                kind = "prefix"
            else:
                written.append(".*")
                kind = "expression"
            kind = "suffix" if first else kind
            continue
        if character == "\\" and at < end:
            character, at = f"\\{pattern[at]}", at + 1
        kind = "expression" if character[0] in "*?\\[]" else kind
        written.append({"*": "[^/]*", "?": "[^/]"}.get(character, _plain(character)))
    return kind, "".join(written)


def _plain(character: str) -> str:
    return f"\\{character}" if character in _ESCAPED or character == "\\" else character


def matches_in_one_pass(pieces: Sequence[str], path: str) -> bool:
    """Tell whether the pieces of a pattern match a path."""
    return len(path) in beginnings(pieces, path)


def beginnings(pieces: Sequence[str], path: str) -> set[int]:
    """Return the lengths of the beginnings of a path that a pattern matches, by where each of its pieces may end."""
    places = {0}
    for number, piece in enumerate(pieces):
        places = _behind(piece, path, places, last=number == len(pieces) - 1)
        if not places:
            break
    return places


def _behind(piece: str, path: str, places: set[int], *, last: bool) -> set[int]:
    first, end = min(places), len(path)
    if piece in {"**", "**/"}:
        return set(range(first, end + 1)) if last else places | {at + 1 for at in range(first, end) if path[at] == "/"}
    if piece == "*":
        return set(_within_a_name(path, places))
    fits = _one(piece)
    return {place + 1 for place in places if place < end and fits(path[place])}


def _within_a_name(path: str, places: set[int]) -> Iterator[int]:
    """Yield the positions themselves, and those after them up to the next slash."""
    going = False
    for at in range(min(places), len(path) + 1):
        going = at in places or (going and path[at - 1] != "/")
        if going:
            yield at


def _one(piece: str) -> Callable[[str], object]:
    """Return the test of one character."""
    if piece == "?":
        return lambda character: character != "/"
    if len(piece) == 1:
        return piece.__eq__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(piece, re.ASCII | re.DOTALL).fullmatch


def _ends_at(ends: Sequence[set[int]], at: int, number: int) -> bool:
    return at in ends[number]


@dataclass(frozen=True)
class Ignored:
    """The rules of one ignore file."""

    patterns: tuple[Pattern, ...]

    def excludes(self, path: str, parent: Sequence[bool]) -> tuple[bool, list[bool]]:
        """Tell whether a path is excluded, and which patterns match it; `parent` says which match its folder.

        A pattern that cannot change the verdict is not tried, nor counted as a match for what is below: so Docker does.
        """
        return self._judged(lambda number: bool(self.patterns[number].matches(path)), parent)

    def excludes_file(self, path: str) -> bool:
        """Tell whether a path is excluded, by itself or with one of its folders."""
        ends = [pattern.ends(path) for pattern in self.patterns]
        excluded, matched, at = False, list[bool](), 0
        while at < len(path):
            slash = path.find("/", at + 1)
            at = len(path) if slash < 0 else slash
            excluded, matched = self._judged(partial(_ends_at, ends, at), matched)
            if excluded and not self.may_keep_below(path[:at]):
                return True
        return excluded

    def _judged(self, matches: Callable[[int], bool], parent: Sequence[bool]) -> tuple[bool, list[bool]]:
        excluded, matched = False, [False] * len(self.patterns)
        for number, pattern in enumerate(self.patterns):
            match = bool(parent) and parent[number]
            if not match:
                if pattern.is_exception is not excluded:
                    continue
                match = matches(number)
            if match:
                matched[number], excluded = True, not pattern.is_exception
        return excluded, matched

    def may_keep_below(self, folder: str) -> bool:
        """Tell whether something below an excluded folder may be kept."""
        if not self._plain_exceptions:
            return True
        return any(f"{one}/".startswith(f"{folder}/") for one in self._exceptions)

    @cached_property
    def _exceptions(self) -> tuple[str, ...]:
        return tuple(pattern.beginning for pattern in self.patterns if pattern.is_exception)

    @cached_property
    def _plain_exceptions(self) -> bool:
        return not any(_SPECIAL.search(one) for one in self._exceptions)


def is_ignored(path: str, text: str) -> bool:
    """Tell whether an ignore file's text excludes a path of the context.

    Raises:
        IgnorePatternInvalid: when Docker would not build with it.
    """
    return Ignored(read_patterns(text)).excludes_file(path)
