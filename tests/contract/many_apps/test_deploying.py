"""One image for many apps: `appName` first, the others side by side."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from pytask.errors import ManyFailures, TaskFailure
from pytask.errors.many_apps import MoreAppsNotBegun
from pytask.errors.start import ContainerExits, Unverified
from pytask.report.apps import End, rows_of
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.many_apps.store import OURS, Store, numbered
from tests.contract.targets.scene import BEFORE


@pytest.mark.parametrize("more", [1, 4, 49, 199])
def test_one_image_is_built_once_and_every_app_runs_it(store: Store, more: int) -> None:
    store.open(numbered(more))
    journal = store.deploy(numbered(more))
    assert store.holding(OURS) == numbered(more)
    assert store.writes() == [f"put {OURS}"] * more
    assert outputs(journal)["verification"] == "verified"
    assert outputs(journal)["imageReference"] == outputs(journal)["runningImage"] == store.shelf.holds == OURS
    log, told = store.log.getvalue(), store.end()
    assert log.count("##[group]") == log.count("##[endgroup]")
    assert log.count("Inspected in") == 1
    assert f"{more + 1} apps: {more + 1} verified" in told
    assert [row.end for row in rows_of(journal)] == [End.VERIFIED] * (more + 1)
    assert f"and {more} more: {more + 1} verified" in summary(journal)


def test_each_line_of_the_others_says_which_app_it_is_about_and_errors_are_whole(store: Store) -> None:
    store.open(["shop-eu/staging", "shop-us"])
    store.shelves["shop-us"].new_image("crashes")
    with pytest.raises(ManyFailures) as raised:
        store.deploy(["shop-eu/staging", "shop-us"])
    group = store.log.getvalue().partition("##[group]Deploy to 2 more apps\n")[2].partition("\n(")[0].splitlines()
    assert group
    assert {line[:15].strip() for line in group} == {"shop-eu/staging", "shop-us"}
    errors = [line for line in store.end(raised).splitlines() if "task.logissue type=error" in line]
    assert len(errors) == 2
    assert "shop-us" in errors[0]
    assert "oes not run that either" in errors[0]  # the state row is the app's own
    assert "1 of 3 apps" in errors[1]


@pytest.mark.parametrize(
    ("fate", "inputs", "expected"),
    [
        ("crashes", {}, ContainerExits),
        ("stays away", {}, ContainerExits),
        ("cannot be seen", {}, MoreAppsNotBegun),
        ("cannot be seen", {"whenUnverified": "fail"}, Unverified),
    ],
)
def test_no_other_app_is_touched_unless_the_first_one_is_verified(
    store: Store, fate: str, inputs: dict[str, str], expected: type[TaskFailure]
) -> None:
    store.open(numbered(5))
    store.shelf.new_image(fate)
    with pytest.raises(expected) as raised:
        store.deploy(numbered(5), **inputs)
    assert store.writes() == []
    assert "5 more not changed: shop-000, shop-001" in store.end(raised)


@pytest.mark.parametrize("stage", ["refuse", "lose_the_answer"])
def test_no_other_app_is_touched_when_the_update_of_the_first_one_fails(store: Store, stage: str) -> None:
    store.open(numbered(5))
    getattr(store.shelf, stage)()
    with pytest.raises(TaskFailure):
        store.deploy(numbered(5))
    assert store.writes() == []
    assert "5 more not changed" in describe_state(store.journal)


def test_an_unverified_first_app_does_not_stop_the_others_if_that_is_to_count_as_success(store: Store) -> None:
    store.open(numbered(2))
    store.shelf.new_image("cannot be seen")
    journal = store.deploy(numbered(2), whenUnverified="succeed")
    assert store.holding(OURS) == numbered(2)
    assert outputs(journal)["verification"] == "unverified"


def test_without_a_verification_the_others_follow_once_the_first_is_configured(store: Store) -> None:
    store.open(numbered(2))
    journal = store.deploy(numbered(2), verify="false")
    assert store.holding(OURS) == numbered(2)
    assert outputs(journal)["verification"] == "skipped"
    assert {row.end for row in rows_of(journal)} == {End.DEPLOYED}


def test_what_is_unchanged_is_skipped_for_each_app(store: Store) -> None:
    store.open(numbered(3))
    store.deploy(numbered(3), deployBy="digest")
    for name in ("shop-000", "shop-002"):
        store.shelves[name].holds = BEFORE
    before = {name: len(shelf.done) for name, shelf in store.shelves.items()}
    journal = store.deploy(numbered(3), deployBy="digest", whenUnchanged="skip")
    assert {name: len(shelf.done) - before[name] for name, shelf in store.shelves.items()} == {
        "shop-000": 1,
        "shop-001": 0,
        "shop-002": 1,
    }
    assert [row.end for row in rows_of(journal)] == [End.UNCHANGED, End.VERIFIED, End.UNCHANGED, End.VERIFIED]
    assert outputs(journal)["verification"] == "verified"


def test_apps_of_one_plan_are_not_started_all_at_once_and_others_all_together(store: Store) -> None:
    ours, others = numbered(6), [f"cart-{number}" for number in range(12)]
    store.open(ours, workers="one plan")
    store.open(others)
    seen: list[tuple[int, int]] = []
    running: set[str] = set()
    lock, together = threading.Lock(), threading.Barrier(2 + 12)

    def enter(label: str) -> None:
        with lock:
            running.add(label)
            seen.append((len(running & set(ours)), len(running)))
        if label in others or label in ours[:2]:
            together.wait(20)
        with lock:
            running.discard(label)

    for label, shelf in store.shelves.items():
        shelf.when_put = partial(enter, label)
    store.deploy([*ours, *others])
    assert max(of_the_plan for of_the_plan, _ in seen) <= 2
    assert max(all_told for _, all_told in seen) == 14


def test_no_more_apps_than_twenty_are_updated_at_once(store: Store) -> None:
    store.open(numbered(50))
    running, most, lock, twenty = [0], [0], threading.Lock(), threading.Barrier(20)

    def enter(label: str) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        if label < "shop-020":
            twenty.wait(20)
        with lock:
            running[0] -= 1

    for label, shelf in store.shelves.items():
        shelf.when_put = partial(enter, label)
    store.deploy(numbered(50))
    assert most[0] == 20


def test_a_deploy_of_an_existing_image_goes_to_every_app(store: Store) -> None:
    store.open(numbered(2))
    store.deploy(numbered(2))
    journal = store.deploy(numbered(2), command="deploy")
    assert [row.end for row in rows_of(journal)] == [End.VERIFIED] * 3


def test_an_app_that_was_found_long_ago_is_found_again_before_it_is_changed(store: Store) -> None:
    store.open(numbered(2))
    theirs = "contoso.azurecr.io/theirs:1"
    store.cabinet.tags["1"] = store.cabinet.tags["6"]

    def somebody_else_is_quicker() -> None:
        store.shelf.clock.sleep(120)
        store.shelves["shop-000"].somebody_uses(theirs)

    store.shelf.when_put = somebody_else_is_quicker
    store.shelves["shop-000"].good = {theirs}
    store.shelves["shop-000"].new_image("crashes")
    with pytest.raises(ManyFailures):
        store.deploy(numbered(2))
    assert store.shelves["shop-000"].holds == theirs
    assert store.shelves["shop-001"].holds == OURS
