"""What fails with one of many apps, and what is said and left of each."""

from __future__ import annotations

import pytest

from pytask.errors import Cancelled, ManyFailures
from pytask.errors.many_apps import SomeAppsFailed
from pytask.errors.start import ContainerExits
from pytask.report.apps import End, rows_of
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.many_apps.store import OURS, Store, numbered
from tests.contract.targets.scene import BEFORE


def test_the_broken_one_of_many_is_rolled_back_alone(store: Store) -> None:
    names = numbered(199)
    store.open(names)
    broken = store.shelves["shop-123"]
    broken.new_image("crashes")
    broken.good = {BEFORE}
    with pytest.raises(ManyFailures) as raised:
        store.deploy(names)
    assert store.holding(BEFORE) == ["shop-123"]
    assert len(store.holding(OURS)) == 198
    assert [type(one) for one in raised.value.failures] == [ContainerExits, SomeAppsFailed]
    told = store.end(raised)
    assert "200 apps: 199 verified, 1 rolled back" in told
    assert told.count("200 apps:") == 1
    assert f"shop-123  rolled back (container-exits)  {BEFORE}" in " ".join(told.split("\n")).replace("   ", " ")
    assert outputs(store.journal)["verification"] == "failed"
    assert outputs(store.journal)["runningImage"] == OURS


def test_an_unverified_app_among_the_others_is_named_and_makes_the_whole_unverified(store: Store) -> None:
    store.open(numbered(3))
    store.shelves["shop-001"].new_image("cannot be seen")
    journal = store.deploy(numbered(3))
    told = store.end()
    assert outputs(journal)["verification"] == "unverified"
    assert "type=warning" in told
    assert "shop-001: unverified" in told
    assert "result=SucceededWithIssues" in told


@pytest.mark.parametrize("stage", ["refuse", "lose_the_answer"])
def test_an_update_of_another_that_fails_stops_nobody_and_counts_as_failed(store: Store, stage: str) -> None:
    store.open(numbered(30))
    getattr(store.shelves["shop-004"], stage)()
    with pytest.raises(ManyFailures):
        store.deploy(numbered(30))
    assert len(store.holding(OURS)) == (29 if stage == "refuse" else 30)
    assert outputs(store.journal)["verification"] == "failed"


def test_a_defect_in_one_rollout_stops_nobody_and_is_told(store: Store) -> None:
    store.open(numbered(3))
    store.shelves["shop-001"].fault = KeyError("a defect")
    with pytest.raises(ManyFailures) as raised:
        store.deploy(numbered(3))
    assert store.holding(OURS) == ["shop-000", "shop-002"]
    assert raised.value.failures[0].code == "our-bug"


def test_a_run_that_is_cancelled_begins_no_other_app_and_says_what_is_open_with_each(store: Store) -> None:
    names = numbered(60)
    store.open(names)
    stopped = store.shelves["shop-002"]
    stopped.cancels_while_written = True
    with pytest.raises(Cancelled) as raised:
        store.deploy(names)
    told = store.end(raised)
    begun = store.holding(OURS)
    assert 1 <= len(begun) <= 40
    state = describe_state(store.journal)
    assert f"shop-002: shop-002 is configured with {OURS} (previously {BEFORE})" in state
    assert f"to roll back by hand: shelf put shop-002 {BEFORE}" in state
    ends = {row.label: row.end for row in rows_of(store.journal)}
    assert all((end is End.NOT_BEGUN) == (label not in begun) for label, end in ends.items() if label != "shop")
    left = sum(end is End.NOT_BEGUN for end in ends.values())
    assert f"{left} more not changed" in state
    assert "result=Canceled" in told
    assert not [one for one in store.writes() if BEFORE in one]
