"""Many sites in one run, call by call: which calls each makes, and what happens where Azure counts them."""

from __future__ import annotations

import io
import os
import signal
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytask import edge
from pytask.errors import Cancelled, ManyFailures
from pytask.journal import Journal
from pytask.network.pace import Bucket
from pytask.report.apps import End, rows_of, table
from pytask.report.state import describe_state
from tests.contract.builders.paper import Cabinet
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.container_app import ScriptedContainerApp
from tests.contract.targets.many_sites import FastClock, ManySites, Town
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.shelf import Shelf
from tests.contract.test_whole_run import _registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OURS = f"{REGISTRY}/shop:7"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Town]]:
    cabinet = Cabinet()
    cabinet.tags["6"] = cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)

        def town(speed: float = 20.0, **buckets: Bucket) -> Town:
            clock = FastClock(speed=speed)
            sites = ManySites(clock, lambda image: cabinet.tags[image.rpartition(":")[2]], **buckets)
            shelf = Shelf(clock=clock, timeouts=sites.timeouts)
            return Town(tmp_path, shelf, cabinet, io.StringIO(), Journal(lambda _: None), sites=sites)

        yield town


def numbered(count: int) -> list[str]:
    return [f"shop-{number:03}" for number in range(count)]


def test_each_of_many_makes_the_calls_that_one_alone_makes(opened: Callable[..., Town]) -> None:
    town = opened()
    town.deploy(["alone"])
    town.deploy(numbered(5))
    assert {name: town.sites.routes_of(name) for name in numbered(5)} == dict.fromkeys(
        numbered(5), town.sites.routes_of("alone")
    )
    assert town.sites.refused == 0
    assert {town.sites.calls[name, "PATCH config/web"] for name in numbered(5)} == {1}


def test_a_broken_site_among_many_is_rolled_back_and_explained(opened: Callable[..., Town]) -> None:
    town = opened()
    town.sites.open(numbered(30))
    broken = town.sites.sites["shop-017"]
    broken.new_image("crashes")
    broken.good = {BEFORE}
    with pytest.raises(ManyFailures) as raised:
        town.deploy(numbered(30))
    assert [one.code for one in raised.value.failures] == ["container-exits", "some-apps-failed"]
    assert [row.end for row in rows_of(town.journal)] == [
        End.ROLLED_BACK if name == "shop-017" else End.VERIFIED for name in numbered(30)
    ]
    assert town.images() == [BEFORE if name == "shop-017" else OURS for name in numbered(30)]


def test_200_sites_of_which_one_is_broken_stay_within_azures_limits_by_themselves(opened: Callable[..., Town]) -> None:
    town, names = opened(speed=30.0), numbered(200)
    town.sites.open(names)
    broken = town.sites.sites["shop-123"]
    broken.new_image("crashes")
    broken.good = {BEFORE}
    with pytest.raises(ManyFailures) as raised:
        town.deploy(names)
    assert [one.code for one in raised.value.failures] == ["container-exits", "some-apps-failed"]
    assert town.images() == [BEFORE if name == "shop-123" else OURS for name in names]
    rows = rows_of(town.journal)
    assert [row.end for row in rows] == [End.ROLLED_BACK if name == "shop-123" else End.VERIFIED for name in names]
    assert table(rows).startswith("200 apps: 199 verified, 1 rolled back\n")
    assert town.sites.refused <= 20  # both clocks refill, and a busy machine may be late with one of them


def test_buckets_that_others_empty_too_make_all_wait_and_none_fail(opened: Callable[..., Town]) -> None:
    town = opened(speed=40.0, reads=Bucket(40, 4.0), writes=Bucket(15, 2.0))
    town.deploy(numbered(25))
    assert town.sites.refused > 0
    assert [row.end for row in rows_of(town.journal)] == [End.VERIFIED] * 25
    assert town.images() == [OURS] * 25


def test_a_signal_in_the_middle_begins_nothing_more_and_everything_that_was_begun_is_told(
    opened: Callable[..., Town],
) -> None:
    town, written, before = opened(), list[str](), signal.getsignal(signal.SIGTERM)
    town.sites.open(numbered(40))
    town.prepare = edge._cancel_on_signals
    town.shelf.timeouts = replace(town.shelf.timeouts, last_answer=0.2)

    def called(name: str, route: str) -> None:
        if route == "PATCH config/web":
            written.append(name)
            if len(written) == 10:
                os.kill(os.getpid(), signal.SIGTERM)

    town.sites.when_called = called
    try:
        with pytest.raises(Cancelled):
            town.deploy(numbered(40))
    finally:
        for thread in threading.enumerate():
            if thread.name == "background":
                thread.join(30)  # one of them sends the second signal, for which the handlers must still be there
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.default_int_handler if one is signal.SIGINT else before)
    assert len(written) <= 30
    state = describe_state(town.journal)
    ends = {row.label: row.end for row in rows_of(town.journal)}
    assert all((ends[name] is End.NOT_BEGUN) == (name not in written) for name in numbered(40))
    open_ones = [name for name, end in ends.items() if end is End.STOPPED]
    assert open_ones
    for name in open_ones:
        assert f"{name}: " in state
        assert f"az functionapp config container set --name {name} " in state
    assert f"{40 - len(written)} more not changed" in state


def test_sites_and_a_container_app_run_the_same_image_after_one_build(opened: Callable[..., Town]) -> None:
    town, jobs = opened(), ScriptedContainerApp()
    jobs.clock = town.sites.clock  # type: ignore[assignment] # whichever they share
    town.others["jobs"] = jobs.find
    town.sites.open(numbered(3))
    town.deploy([*numbered(3), "jobs"])
    assert town.images() == [OURS] * 3
    assert jobs.image() == OURS
    assert [row.end for row in rows_of(town.journal)] == [End.VERIFIED] * 4
