"""docs/permissions.md is held against the calls that are really made, and against runs in which one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.permissions_document import APP, REGISTRY, SWAP, Row, custom_role, narrow, used
from tests.end_to_end.test_failures import the_error
from tests.on_paper.pipeline import FAILING, a_pipeline, assert_untouched, change, store
from tests.on_paper.pipeline import STABLE as STABLE_IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.faults.paper_azure import PaperAzure
    from tests.pipeline import Pipeline

SMOKE = {"smokeTestPath": "/api/HttpTriggerSample?name=Ada"}
STABLE = {"command": "deploy", "imageName": "hello-function:stable", "tags": ""}
WRITER = "Container Registry Repository Writer"
READER = "Container Registry Repository Reader"


CHECKS = {"configuration", "image digest", "restarted host", "functions", "smoke test"}
RARELY = {"Microsoft.Web/sites/restart/action"}
"""Needed only when the reference is the one before."""


def with_insights(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the app Application Insights; returns its annotations."""
    component = pipeline.azure.add_component("insights")
    pipeline.site.settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] = component.connection_string
    return component.annotations


def gaps(run: TaskRun) -> set[str]:
    """Return the checks that the run's warning names as not made."""
    told = "".join(issue.message for issue in run.issues if issue.message.startswith("unverified: "))
    return {check for check in CHECKS if f"{check} (" in told}


@pytest.fixture
def promotion(azure: PaperAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline whose image is in the registry already, with an app that has Application Insights."""
    with a_pipeline(azure, tmp_path) as one:
        with_insights(one)
        yield one


@pytest.mark.parametrize("row", APP, ids=lambda row: row.permission.removeprefix("Microsoft."))
def test_without_a_permission_a_run_does_what_the_document_says(promotion: Pipeline, row: Row) -> None:
    narrow(promotion)
    inputs = {**STABLE, **SMOKE}
    if row.permission in RARELY:
        assert promotion.run(inputs).variables["verification"] == "verified"
    before = promotion.site.config["linuxFxVersion"]
    narrow(promotion, without=row.permission)
    run = promotion.run(inputs)
    assert row.permission.lower() in used(promotion)
    assert "our-bug" not in run.log
    assert "Traceback" not in run.log
    if row.code:
        assert the_error(run) == row.code
        assert row.permission in run.log
        assert promotion.site.config["linuxFxVersion"] == before
        return
    assert row.gaps or row.note, row.without
    assert run.seconds < 20, run.log
    assert (run.result, gaps(run)) == ("SucceededWithIssues" if row.gaps else "Succeeded", row.gaps), run.log
    assert row.note in run.log
    assert promotion.site.config["linuxFxVersion"].endswith("hello-function:stable")
    assert promotion.call()[0] == 200


@pytest.mark.parametrize("row", SWAP[1:4], ids=lambda row: row.permission.removeprefix("Microsoft."))
def test_without_a_permission_a_swap_does_what_the_document_says(promotion: Pipeline, row: Row) -> None:
    narrow(promotion)
    site, azure = promotion.site, promotion.azure
    assert promotion.run(SMOKE, tags="one").variables["verification"] == "verified"
    azure.add_slot(site, "staging", settings=site.settings)
    narrow(promotion, without=row.permission)
    run = promotion.run({**STABLE, **SMOKE}, slotName="staging", swapWithProduction="true")
    assert row.permission.lower() in used(promotion)
    if row.code:
        assert the_error(run) == row.code
        assert row.permission in run.log
        assert site.config["linuxFxVersion"].endswith(":one")
        assert "az functionapp deployment slot swap" in run.log
    else:
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert site.config["linuxFxVersion"].endswith(":stable")


def test_a_refused_restart_says_that_the_tag_means_another_image_now(promotion: Pipeline) -> None:
    narrow(promotion)
    assert promotion.run(tags="moving").variables["verification"] == "verified"
    change(promotion)
    narrow(promotion, without="Microsoft.Web/sites/restart/action")
    run = promotion.run(tags="moving")
    assert the_error(run) == "azure-forbidden"
    assert "its next start pulls the image that the tag points to now" in run.log
    assert "az functionapp restart --name docker-func-sample --resource-group rg-func" in run.log
    assert "was not changed" not in run.log


@pytest.mark.parametrize("log", [True, False], ids=["log refused too", "no log"])
def test_where_nothing_tells_which_image_answers_nothing_is_verified_and_nothing_rolled_back(
    promotion: Pipeline, *, log: bool
) -> None:
    narrow(promotion)
    assert promotion.run({**STABLE}).variables["verification"] == "verified"
    promotion.site.has_log = log
    role = custom_role()
    blind = [
        *role["NotActions"],
        "Microsoft.Web/sites/hostruntime/host/read",
        "Microsoft.Web/sites/containerlogs/action",
    ]
    promotion.azure.add_role(role["Name"], actions=role["Actions"], not_actions=blind[: None if log else -1])
    run = promotion.run(SMOKE, tags="2", verifyTimeoutMinutes="0.1")
    assert (run.result, run.variables["verification"]) == ("SucceededWithIssues", "unverified"), run.log
    assert gaps(run) == CHECKS - {"configuration"}
    assert promotion.site.config["linuxFxVersion"].endswith("hello-function:2")
    assert "Roll back" not in run.groups


def test_without_the_log_a_failed_start_is_unverified_and_nothing_is_rolled_back(promotion: Pipeline) -> None:
    narrow(promotion)
    assert promotion.run({**STABLE}).variables["verification"] == "verified"
    narrow(promotion, without="Microsoft.Web/sites/containerlogs/action")
    (promotion.sources / "Dockerfile").write_bytes(FAILING)
    run = promotion.run(tags="2", verifyTimeoutMinutes="0.1")
    assert (run.result, run.variables["verification"]) == ("SucceededWithIssues", "unverified"), run.log
    assert "Roll back" not in run.groups
    assert promotion.site.config["linuxFxVersion"].endswith("hello-function:2")


def test_a_slot_takes_permissions_of_its_own(promotion: Pipeline) -> None:
    slot = promotion.azure.add_slot(promotion.site, "staging")
    changing = next(row for row in APP if row.permission.endswith("config/write"))
    narrow(promotion, without=changing.on_a_slot())
    run = promotion.run({**STABLE}, slotName="staging")
    assert the_error(run) == changing.code
    assert changing.on_a_slot() in run.log
    assert slot.config["linuxFxVersion"] == ""


@pytest.mark.parametrize("row", REGISTRY, ids=lambda row: row.permission.rpartition("registries/")[2])
def test_without_a_permission_on_the_registry_nothing_is_pushed(azure: PaperAzure, tmp_path: Path, row: Row) -> None:
    with a_pipeline(azure, tmp_path, registry_role=None) as pipeline:
        azure.add_role("almost AcrPush", actions=["Microsoft.ContainerRegistry/*"], not_actions=[row.permission])
        azure.grant(pipeline.principal, "almost AcrPush", pipeline.registry.id)
        for name in ("contoso", pipeline.registry.id) if row.code == "registry-not-found" else ("contoso.azurecr.io",):
            run = pipeline.run(azureContainerRegistry=name)
            assert the_error(run) == row.code
            assert "nothing was pushed and nothing was changed" in run.log
            assert row.permission.lower() in used(pipeline)
            assert row.permission in run.log or "AcrPush" in run.log
        assert_untouched(pipeline)


@pytest.mark.parametrize("role", ["AcrPull", None])
@pytest.mark.parametrize("form", ["tag", "digest"])
def test_an_image_is_deployed_without_rights_to_push_it(
    azure: PaperAzure, tmp_path: Path, role: str | None, form: str
) -> None:
    (pulling,) = (row for row in REGISTRY if row.permission.endswith("/pull/read"))
    with a_pipeline(azure, tmp_path, registry_role=role) as pipeline:
        digest = store(pipeline, "stable", STABLE_IMAGE)
        image = "hello-function:stable" if form == "tag" else f"hello-function@{digest}"
        run = pipeline.run({**STABLE, **SMOKE}, imageName=f"contoso.azurecr.io/{image}")
        assert pipeline.site.config["linuxFxVersion"] == f"DOCKER|contoso.azurecr.io/{image}", run.log
        assert gaps(run) == (pulling.gaps if role is None and form == "tag" else set()), run.log
        assert run.result == ("SucceededWithIssues" if gaps(run) else "Succeeded")
        assert (pulling.note in run.log) is (role is None)
        assert ("Inspected in" in run.log) is (role is not None)


def test_an_app_that_pulls_by_repository_needs_the_role_that_counts_there(azure: PaperAzure, tmp_path: Path) -> None:
    registry = azure.add_registry(role_assignment_mode="AbacRepositoryPermissions")
    with a_pipeline(azure, tmp_path, registry_role=WRITER) as pipeline:
        assert pipeline.site.identity
        azure.revoke(pipeline.site.identity, READER)
        azure.grant(pipeline.site.identity, "AcrPull", registry.id)
        run = pipeline.run(verifyTimeoutMinutes="0.1")
        assert the_error(run) == "pull-unauthorized"
        assert READER in run.log


def test_a_check_tells_what_it_may_not_see_and_a_reader_may_check(promotion: Pipeline) -> None:
    narrow(promotion)
    assert promotion.run({**STABLE}).variables["verification"] == "verified"
    before = len(promotion.azure.writes)
    promotion.azure.revoke(promotion.principal, custom_role()["Name"])
    promotion.azure.grant(promotion.principal, "Reader", promotion.site.id)
    run = promotion.run(command="check", azureContainerRegistry="", imageName="")
    assert (run.result, run.issues) == ("Succeeded", ()), run.log
    assert "not allowed to read the app's settings" in run.log
    assert "not visible: Azure returned 403 for 'read the platform's log'" in run.log
    assert "HttpTriggerSample (httpTrigger)" in run.log

    promotion.azure.revoke(promotion.principal, "Reader")
    bare = promotion.azure.add_role("bare", actions=["Microsoft.Web/sites/read", "Microsoft.Web/sites/config/read"])
    promotion.azure.grant(promotion.principal, bare, promotion.site.id)
    run = promotion.run(command="check", azureContainerRegistry="", imageName="")
    assert (run.result, run.issues) == ("Succeeded", ()), run.log
    assert "not visible: Azure returned 403 for 'read the state of the Functions host'" in run.log
    assert "does not respond" not in run.log
    assert "functions  none" not in run.log
    assert len(promotion.azure.writes) == before
