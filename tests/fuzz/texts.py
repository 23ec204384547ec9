"""Foreign text to make up: words that a parser looks for, mixed, repeated and cut, and JSON with the names it reads."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

from hypothesis import strategies as st

JSON_NAMES = ("error", "message", "code", "value", "properties", "name", "id", "type")
_COMMON = ("", " ", "\n", "\r", "\t", "\0", '"', "'", "`", "\\", "/", ":", ";", ",", "=", "#", "@", "*", "[", "]", "(")
_HOSTILE = ("##vso[task.complete]", "$(touch x)", "\u2028", "\u200b", "²", "İ", "ﬀ", "\x85", "9" * 50, "e" * 300)
_LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def pieces_of(*words: str) -> st.SearchStrategy[str]:
    """Return a strategy for one piece of a text."""
    own = st.sampled_from(words) if words else st.nothing()
    return own | st.sampled_from(_COMMON) | st.sampled_from(_HOSTILE) | _LETTERS


def made_of(*words: str) -> st.SearchStrategy[str]:
    """Return a strategy for texts of up to some thousand characters in which these words are frequent."""
    piece = pieces_of(*words)
    repeated = st.tuples(piece, st.integers(0, 40)).map(lambda given: given[0] * given[1])
    return st.lists(piece | piece | repeated, max_size=14).map("".join)


def values(*names: str) -> st.SearchStrategy[Any]:
    """Return a strategy for JSON values in which these names are frequent."""
    leaves = (
        st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    )
    keys = st.sampled_from((*JSON_NAMES, *names)) | _LETTERS
    return st.recursive(
        leaves | made_of(*names),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=12,
    )


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for JSON objects in which these names are frequent."""
    keys = st.sampled_from((*JSON_NAMES, *names)) | _LETTERS
    return st.dictionaries(keys, values(*names), max_size=6)


def documents(*names: str) -> st.SearchStrategy[str]:
    """Return a strategy for JSON documents, of which some are damaged."""
    whole = values(*names).map(json.dumps)
    cut = st.tuples(whole, st.integers(0, 60), made_of(*names)).map(
        lambda given: given[0][: given[1]] + given[2] + given[0][given[1] + 1 :]
    )
    return whole | objects(*names).map(json.dumps) | cut | st.sampled_from(("", "[" * 3000, '{"a":' * 3000, "NaN"))


def archives(*names: str) -> st.SearchStrategy[bytes]:
    """Return a strategy for tar archives with files of these names, of which some are damaged."""
    content = documents("Config", "Layers", "rootfs", "diff_ids", "history", "manifests", "digest").map(str.encode)
    members = st.lists(st.tuples(st.sampled_from((*names, "x")), content | st.binary(max_size=600)), max_size=4)
    damage = st.tuples(st.integers(0, 3000), st.binary(max_size=30), st.integers(0, 600))
    return st.tuples(members.map(_packed), st.none() | damage).map(lambda given: _damaged(*given))


def _packed(members: list[tuple[str, bytes]]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def _damaged(archive: bytes, damage: tuple[int, bytes, int] | None) -> bytes:
    if damage is None:
        return archive
    at, put, gone = damage
    return archive[:at] + put + archive[at + gone :]
