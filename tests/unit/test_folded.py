"""Lines that YAML joined into one are noted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.inputs.folded import note_folded, pairs_within
from pytask.inputs.reader import Reader


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("1 B=2 WEBSITES_PORT=80", 2),
        ("Server=x;Database=y B=2", 1),
        ("x  Other__Key=2", 1),
        (" B=1", 0),
        ("1 B:0=2", 1),
        ("Data Source=x;Initial Catalog=y;User ID=z;Connect Timeout=3", 0),
        ("Server=tcp:x,1433;Initial Catalog=y;Persist Security Info=False;User ID=z", 0),
        ("Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=a=", 0),
        ("-Xmx1g -Dfoo=bar", 0),
        ("a == b", 0),
        ("https://x/?a=1&b=2", 0),
        ('{"a": "b c=d"}', 0),
        ("'1 B=2'", 0),
        ("", 0),
    ],
)
def test_what_looks_like_further_pairs_is_counted(value: str, pairs: int) -> None:
    assert pairs_within(value) == pairs


@given(st.text(max_size=80))
def test_any_value_can_be_looked_through(value: str) -> None:
    assert 0 <= pairs_within(value) <= value.count("=")


def test_the_note_names_the_entry_and_shows_nothing_of_its_value() -> None:
    reader = Reader(environment={})
    note_folded(reader, "appSettings", [("A", "s3cret TOKEN=s3cret"), ("B", "2")])
    (note,) = reader.notes
    assert note.startswith("appSettings: the value of A contains 1 more NAME=VALUE pair after")
    assert "s3cret" not in note
    assert "TOKEN" not in note
