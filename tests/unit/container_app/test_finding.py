"""Which container app is found, and what is refused before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytask.errors.app import AppNotFound
from pytask.errors.container_app import (
    ContainerAppAdminUser,
    ContainerAppHasNoSlots,
    ContainerAppIsNoFunctionApp,
    ContainerAppMode,
    ContainerAppNotFound,
    InputsForSites,
    SecretMissing,
    SettingIsSecret,
)
from pytask.model import AppAddress, AppPlan, PullAccess, PullPlan
from pytask.model.settings import WantedSettings
from pytask.targets.container_app.app import VERSION
from pytask.targets.container_app.target import find_container_app
from pytask.targets.find import find_target
from pytask.targets.site.address import parse_app
from tests.contract.targets.container_app import PATH, ScriptedContainerApp, a_container
from tests.contract.targets.scene import NEW, NO_REGISTRY, PLAN
from tests.scripted import Answer
from tests.unit.container_app.runs import HOST, updated

if TYPE_CHECKING:
    from pytask.errors import TaskFailure


def test_a_resource_id_names_a_container_app() -> None:
    found = parse_app(PATH, input_name="appName")
    assert found == AppAddress(subscription_id="s", resource_group="g", name="shop", on_container_apps=True)


def test_a_container_app_that_does_not_run_functions_is_refused() -> None:
    app = ScriptedContainerApp()
    app.resource["kind"] = ""
    with pytest.raises(ContainerAppIsNoFunctionApp):
        app.find()


@pytest.mark.parametrize("group", ["g", ""])
def test_a_container_app_is_found_by_name_where_there_is_no_function_app(group: str) -> None:
    app = ScriptedContainerApp()
    app.answers("GET resources", Answer(body={"value": [{"id": PATH}]}))
    found = find_target(app.azure(), AppAddress(name="shop", resource_group=group))
    assert found.app.resource_id == PATH


@pytest.mark.parametrize("status", [403, 404, 409])
def test_an_app_that_is_neither_is_not_found_as_a_function_app(status: int) -> None:
    app = ScriptedContainerApp()
    refusal = Answer(status, {"error": {"code": "MissingSubscriptionRegistration", "message": "no"}})
    app.answers("GET containerApps/nobody", refusal)
    with pytest.raises(AppNotFound):
        find_target(app.azure(), AppAddress(name="nobody", resource_group="g"))


def test_an_api_version_that_shows_no_kind_is_not_believed() -> None:
    app = ScriptedContainerApp()
    app.hides_kind_in = VERSION
    assert app.find().app.name == "shop"


def test_a_slot_of_a_container_app_is_refused() -> None:
    with pytest.raises(ContainerAppHasNoSlots):
        find_container_app(ScriptedContainerApp().azure(), replace(PLAN.app, slot="staging"))


@pytest.mark.parametrize("mode", ["Labels", "Canary"])
def test_a_revision_mode_that_is_not_known_is_refused_before_anything_is_written(mode: str) -> None:
    app = ScriptedContainerApp()
    app.configuration["activeRevisionsMode"] = mode
    with pytest.raises(ContainerAppMode):
        updated(app)
    assert app.writes() == []


@pytest.mark.parametrize(
    ("plan", "refusal"),
    [
        (replace(PLAN, configuration={"appCommandLine": "x"}), InputsForSites),
        (replace(PLAN, settings=WantedSettings(values={"A": "secretref:other"})), SecretMissing),
        (replace(PLAN, pull=PullPlan(access=PullAccess.ADMIN_USER)), ContainerAppAdminUser),
        (replace(PLAN, settings=WantedSettings(values={"A": "hunter22"}, secret=("A",))), SettingIsSecret),
    ],
)
def test_what_a_container_app_cannot_have_is_refused(plan: AppPlan, refusal: type[TaskFailure]) -> None:
    app = ScriptedContainerApp()
    with pytest.raises(refusal):
        updated(app, plan=plan)
    assert app.writes() == []


def test_a_container_app_that_is_named_by_its_id_and_is_not_there_is_told() -> None:
    app = ScriptedContainerApp()
    with pytest.raises(ContainerAppNotFound):
        find_container_app(app.azure(), replace(PLAN.app, name="other", on_container_apps=True))


def test_by_hand_the_runs_own_container_is_named() -> None:
    app = ScriptedContainerApp()
    app.template["containers"].insert(0, a_container(name="proxy", image="contoso.azurecr.io/proxy:1"))
    snapshot = app.find().preflight(PLAN, replace(NO_REGISTRY, host=HOST, repository="shop"))
    assert " --container-name shop --image " in snapshot.app.by_hand.use(NEW)
    assert snapshot.app.by_hand.restart.endswith("--revision shop--0000001")
