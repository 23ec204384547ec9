"""JSON of others becomes a value or unreadable, and its parts are there in the expected shape or absent."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.decode import (
    Unreadable,
    decode,
    decode_object,
    flag_at,
    list_at,
    number_at,
    object_at,
    objects_at,
    text_at,
    texts_at,
    whole_at,
)
from tests.unit.growth import grows_linearly

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.decode import JSON

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
ANYTHING = VALUES | st.builds(Unreadable, TEXTS) | st.floats() | st.binary(max_size=5)
READERS: dict[Callable[..., object], type | tuple[type, ...]] = {
    object_at: dict,
    list_at: list,
    objects_at: list,
    texts_at: list,
    text_at: str,
    flag_at: (bool, type(None)),
    number_at: (int, float, type(None)),
    whole_at: (int, type(None)),
}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b'{"a":1}{', "it is not JSON"),
        (b'{"a": NaN}', "it is not JSON"),
        (b"[Infinity, -Infinity]", "it is not JSON"),
        (b'{"a": 1e999}', "it is not JSON"),
        (b'{"a": ' + b"9" * 41 + b"}", "it is not JSON"),
        (b'{"name": "B\xe4r"}', "it is not UTF-8"),
        ('{"name": "Bär"}'.encode("utf-16"), "it is not UTF-8"),
        (b'{"name": "\\ud800"}', "it is not UTF-8"),
        (b'{"\\uDFFF": 1}', "it is not UTF-8"),
        ('{"name": "\ud800"}', "it is not UTF-8"),
        (b"[" * 101 + b"]" * 101, "it is nested too deeply"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 100_000, "it is nested too deeply"),
    ],
    ids=range(17),
)
def test_what_is_no_json_is_unreadable(body: bytes | str, reason: str) -> None:
    assert decode(body) == Unreadable(reason)
    assert decode_object(body) == Unreadable(reason)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"1e18", b"true"])
def test_what_is_no_object_is_none_of_an_object(body: bytes) -> None:
    assert decode(body) == json.loads(body)
    assert decode_object(body) == Unreadable("it is not a JSON object")


def test_what_is_odd_but_json_is_a_value() -> None:
    assert decode_object(b"{}") == {}
    assert decode(b'\xef\xbb\xbf{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
    assert decode(b'{"at": 1e18, "a": "\\\\ud800"}') == {"at": 1e18, "a": "\\ud800"}
    assert decode(b"[" * 100 + b"]" * 100) != Unreadable("it is nested too deeply")


@given(VALUES)
def test_every_value_comes_back(value: JSON) -> None:
    assert decode(json.dumps(value)) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=300) | st.text(max_size=300) | VALUES.map(json.dumps) | st.floats().map(json.dumps))
def test_no_body_raises_and_no_value_is_left_that_cannot_be_written(body: bytes | str) -> None:
    value = decode(body)
    if not isinstance(value, Unreadable):
        assert json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) == value


@given(ANYTHING, st.lists(TEXTS, max_size=3))
def test_each_reader_gives_its_own_shape_of_anything(value: object, path: list[str]) -> None:
    for read, shapes in READERS.items():
        assert isinstance(read(value, *path), shapes)
        assert isinstance(read({"a": value, "b": {"c": value}}, "b", "c"), shapes)
    assert all(isinstance(one, dict) for one in objects_at({"a": value}, "a"))
    assert all(isinstance(one, str) for one in texts_at({"a": value}, "a"))


def test_a_part_in_another_shape_is_absent() -> None:
    value = {"flag": True, "one": 1, "half": 0.5, "text": "x", "list": [1, "y", {"z": None}], "nothing": None}
    assert (flag_at(value, "flag"), flag_at(value, "one"), flag_at(value, "text")) == (True, None, None)
    assert (number_at(value, "flag"), number_at(value, "one"), number_at(value, "half")) == (None, 1, 0.5)
    assert (whole_at(value, "flag"), whole_at(value, "one"), whole_at(value, "half")) == (None, 1, None)
    assert (text_at(value, "text"), text_at(value, "one"), text_at(value, "nothing")) == ("x", "", "")
    assert (texts_at(value, "list"), objects_at(value, "list"), list_at(value, "text")) == (["y"], [{"z": None}], [])
    assert (object_at(value, "list"), object_at(value), object_at(None)) == ({}, value, {})
    assert text_at({"a": {"b": "c"}}, "a", "b") == "c"
    assert text_at({"a": [{"b": "c"}]}, "a", "b") == ""
    assert math.isclose(number_at({"a": 1e18}, "a") or 0, 1e18)


@pytest.mark.parametrize("part", ["9", "[", '"\\ud83d\\ude00",', '{"a":', '"' + "\\" * 20, "[],", '{"a":1},'])
def test_a_body_takes_time_in_proportion_to_its_size(part: str) -> None:
    assert grows_linearly(lambda size: decode("[" + part * size))
