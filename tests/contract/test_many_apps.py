"""One image for many apps: `appName` first, the others side by side, and what is said and left of each."""

from __future__ import annotations

import gc
import io
import json
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import pytask.__main__ as edge
from pytask.errors import Cancelled, ManyFailures, TaskFailure
from pytask.errors.agent import RunCancelled
from pytask.errors.app import AppNotFound
from pytask.errors.many_apps import AppNamedTwice, MoreAppsInvalid, MoreAppsNotBegun, SomeAppsFailed
from pytask.errors.start import ContainerExits, Unverified
from pytask.inputs import read_plan
from pytask.journal import Journal
from pytask.model import BuildAndPush, BuildPushDeploy, Secret
from pytask.report.apps import End, rows_of
from pytask.report.outputs import as_json, outputs
from pytask.report.plan import render_plan
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.shelf import Shelf
from tests.contract.test_whole_run import Scene, _registry
from tests.unit.inputs.environments import an_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytask.model import AppAddress
    from pytask.targets.target import Target

OURS = f"{REGISTRY}/shop:7"


@dataclass
class Store(Scene):
    """Many shelves; the first one is `appName`."""

    shelves: dict[str, Shelf] = field(default_factory=dict)
    """By label."""
    failures: tuple[TaskFailure, ...] = ()

    def open(self, names: Sequence[str], *, workers: str = "") -> None:
        """Put up further shelves, each on workers of its own unless they are given."""
        for label in names:
            name, _, slot = label.partition("/")
            self.shelves[label] = Shelf(
                name=name, slot=slot, workers=workers or label, clock=self.shelf.clock, timeouts=self.shelf.timeouts
            )

    def find(self, address: AppAddress) -> Target[Any]:
        """Return the shelf with a name."""
        label = f"{address.name}/{address.slot}" if address.slot else address.name
        if address.name == "my-app":
            return self.shelf.find()
        if label not in self.shelves:
            raise AppNotFound(app=label, where="the store")
        return self.shelves[label].find()

    def deploy(self, names: Sequence[str], **inputs: str) -> Journal:
        """Run the task for `appName` and these."""
        return self.run(PaperBuilder(self.cabinet), moreApps="\n".join(names), **inputs)

    def holding(self, reference: str) -> list[str]:
        """Return the labels of the further shelves that hold an image."""
        return [label for label, shelf in self.shelves.items() if shelf.holds == reference]

    def writes(self) -> list[str]:
        """Return what was done to the further shelves."""
        return [one for shelf in self.shelves.values() for one in shelf.done]

    def end(self, raised: pytest.ExceptionInfo[Any] | None = None) -> str:
        """Report as the process does at its end, and return the log of that."""
        error = raised.value if raised else None
        failures = error.failures if isinstance(error, ManyFailures) else (error,) if error else ()
        if isinstance(error, Cancelled):
            failures = (RunCancelled(stage="Deploy"),)
        assert self.job
        before = len(self.log.getvalue())
        edge._tell(self.job, failures)
        return self.log.getvalue()[before:]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    cabinet = Cabinet()
    cabinet.tags["6"] = cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield Store(tmp_path, Shelf(), cabinet, io.StringIO(), Journal(lambda _: None))
        for thread in threading.enumerate():
            if thread.name == "background":
                thread.join(10)  # a run that ends early leaves one that still asks the registry
        gc.collect()


def numbered(count: int) -> list[str]:
    return [f"shop-{number:03}" for number in range(count)]


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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the registry is asked meanwhile
def test_all_that_is_wrong_with_any_app_is_found_before_anything_is_pushed(store: Store) -> None:
    store.open(numbered(2))
    with pytest.raises(ManyFailures) as raised:
        store.deploy([*numbered(2), "missing-1", "missing-2"])
    assert [one.code for one in raised.value.failures] == ["app-not-found"] * 2
    assert "7" not in store.cabinet.tags
    assert [*store.shelf.done, *store.writes()] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the registry is asked meanwhile
def test_two_names_of_one_app_are_found_before_anything_is_pushed(store: Store) -> None:
    store.open(["shop-eu"])
    with pytest.raises(AppNamedTwice):
        store.deploy(["shop-eu", "other/shop-eu/production"])
    assert [*store.shelf.done, *store.writes()] == []


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


def test_the_record_has_every_app(store: Store) -> None:
    store.open(["shop-eu/staging"])
    journal = store.deploy(["shop-eu/staging"])
    record = json.loads(as_json(journal, {}, str, str))
    assert [one["name"] for one in record["apps"]] == ["shop", "shop-eu/staging"]
    assert {one["verification"] for one in record["apps"]} == {"verified"}
    assert record["app"].endswith("/shop")


def test_a_check_looks_at_every_app_and_writes_nothing(store: Store) -> None:
    store.open(numbered(3))
    journal = store.deploy(numbered(3), command="check")
    assert [*store.shelf.done, *store.writes()] == []
    assert "shop-001    image      contoso.azurecr.io/shop:6" in store.log.getvalue()
    assert outputs(journal)["verification"] == "skipped"
    assert "apps:" not in store.end()


def test_a_deploy_of_an_existing_image_goes_to_every_app(store: Store) -> None:
    store.open(numbered(2))
    store.deploy(numbered(2))
    journal = store.deploy(numbered(2), command="deploy")
    assert [row.end for row in rows_of(journal)] == [End.VERIFIED] * 3


def test_a_secret_of_one_app_is_masked_in_the_lines_of_every_other(store: Store) -> None:
    store.open(numbered(2))
    known = threading.Event()

    def tell() -> None:
        assert store.job
        store.job.console.secret("s3cret-of-one")
        known.set()

    def repeat() -> None:
        assert store.job
        assert known.wait(20)
        store.job.console.line("somebody says s3cret-of-one")

    store.shelves["shop-000"].when_put, store.shelves["shop-001"].when_put = tell, repeat
    store.deploy(numbered(2))
    assert "shop-001  somebody says ***" in store.log.getvalue()


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


def test_several_wrong_lines_are_all_told_at_once(tmp_path: Path) -> None:
    lines = ["a b", "shop-eu", "$(Missing)", "x/y/z/w", "/subscriptions/s/none", "shop-eu/production", "my-app", "/x"]
    with pytest.raises(ManyFailures) as raised:
        read_plan(an_environment(tmp_path, moreApps="\n".join(lines)), Secret)
    found = sorted(one.code for one in raised.value.failures)
    assert found == [AppNamedTwice.code] * 2 + [MoreAppsInvalid.code] * 4 + ["variable-not-expanded"]


def test_the_forms_of_a_line(tmp_path: Path) -> None:
    site = "/subscriptions/S/resourceGroups/g/providers/Microsoft.Web/sites/a1/slots/green"
    app = "/subscriptions/S/resourceGroups/g/providers/Microsoft.App/containerApps/a2"
    lines = ["shop-eu", " shop-eu/staging ", "rg-(eu)/shop-eu/Production", "", site, app]
    plan = read_plan(an_environment(tmp_path, moreApps="\n".join(lines), slotName="staging"), Secret)
    assert isinstance(plan, BuildPushDeploy)
    assert [(one.name, one.slot, one.resource_group) for one in plan.app.more] == [
        ("shop-eu", "", ""),
        ("shop-eu", "staging", ""),
        ("shop-eu", "", "rg-(eu)"),
        ("a1", "green", "g"),
        ("a2", "", "g"),
    ]
    assert plan.app.more[4].on_container_apps
    assert "shop-eu in moreApps means production, not staging" in " ".join(plan.notes)
    assert "  then    shop-eu, staging\n" in render_plan(plan)


def test_a_command_without_apps_does_not_read_them(tmp_path: Path) -> None:
    plan = read_plan(an_environment(tmp_path, command="buildAndPush", moreApps="not an app"), Secret)
    assert isinstance(plan, BuildAndPush)
