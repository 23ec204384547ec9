"""What of the site's configuration would have to change, and what of it may be restored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.targets.site.rollback import former_properties
from pytask.targets.site.site import differing, not_kept, reads_as
from tests.scripted import an_update, found_site

VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_reads_as_itself(value: object) -> None:
    assert reads_as(value, value)


@given(st.dictionaries(st.text(), VALUES), st.dictionaries(st.text(), VALUES))
def test_what_has_been_written_does_not_differ_any_more(before: dict[str, object], wanted: dict[str, object]) -> None:
    changes = differing(before, wanted)
    assert changes.items() <= wanted.items()
    assert differing({**before, **changes}, wanted) == {}
    assert all(reads_as(before[name], wanted[name]) for name in wanted.keys() - changes.keys() & before.keys())


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (None, ""),
        ("", ""),
        ({"allowedOrigins": ["a"], "supportCredentials": False}, {"allowedOrigins": ["a"]}),
        ([{"ipAddress": "Any", "tag": "Default"}], [{"ipAddress": "Any"}]),
    ],
)
def test_what_azure_adds_is_no_difference(found: object, wanted: object) -> None:
    assert reads_as(found, wanted)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (None, False),
        (1, True),
        ("true", True),
        ("8", 8),
        ("a", "A"),
        ("a", ""),
        (["a"], ["a", "b"]),
        (["a", "b"], ["a"]),
        (None, []),
        ({"a": 1}, {"a": 2}),
        (None, {}),
    ],
)
def test_another_value_or_type_is_a_difference(found: object, wanted: object) -> None:
    assert not reads_as(found, wanted)


def test_what_was_written_is_kept_however_azure_spells_it_and_lists_are_not_judged() -> None:
    written = {"ftpsState": "ftpsonly", "alwaysOn": True, "numberOfWorkers": 2, "cors": {"a": 1}, "x": "y", "z": ""}
    found = {"ftpsState": "FtpsOnly", "alwaysOn": False, "numberOfWorkers": 1, "cors": None, "z": None}
    assert not_kept(found, written) == ["alwaysOn", "numberOfWorkers", "x"]


def test_only_what_was_changed_and_nobody_changed_since_is_put_back() -> None:
    wanted: dict[str, object] = {"alwaysOn": True, "appCommandLine": "run", "http20Enabled": True, "numberOfWorkers": 2}
    before: dict[str, object] = {"alwaysOn": False, "appCommandLine": None, "http20Enabled": True, "numberOfWorkers": 1}
    changed = ("alwaysOn", "appCommandLine", "numberOfWorkers")
    update = an_update(app=found_site(configuration=before), beside=wanted, changed=changed)
    since: dict[str, object] = {**wanted, "numberOfWorkers": 5, "http20Enabled": False}
    assert former_properties(update, since) == {"alwaysOn": False, "appCommandLine": ""}
