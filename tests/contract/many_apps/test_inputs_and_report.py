"""How further apps are named, what is wrong with them, and what the record and the log tell of each."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from pytask.errors import ManyFailures
from pytask.errors.many_apps import AppNamedTwice, MoreAppsInvalid
from pytask.inputs import read_plan
from pytask.model import BuildAndPush, BuildPushDeploy, Secret
from pytask.report.outputs import as_json, outputs
from pytask.report.plan import render_plan
from tests.contract.many_apps.store import Store, numbered
from tests.unit.inputs.environments import an_environment

if TYPE_CHECKING:
    from pathlib import Path


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
