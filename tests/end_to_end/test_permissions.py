"""docs/permissions.md is held against the calls that are really made, and against runs in which one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.hurried import hurried_task
from tests.end_to_end.permissions_document import APP, REGISTRY, SWAP, custom_role, narrow, rows, used
from tests.end_to_end.test_failures import assert_untouched, the_error
from tests.local_azure.state.roles import ROLES, Role
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

SMOKE = {"smokeTestPath": "/api/HttpTriggerSample?name=Ada"}
STABLE = {"command": "deploy", "imageName": "hello-function:stable", "tags": ""}
WRITER = "Container Registry Repository Writer"


def with_insights(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the app Application Insights; returns its annotations."""
    component = pipeline.azure.add_component("insights")
    pipeline.site.settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] = component.connection_string
    return component.annotations


@pytest.fixture
def promotion(pushed: str, azure: LocalAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline whose image is in the registry already, with an app that has Application Insights."""
    assert pushed
    with a_pipeline(azure, tmp_path, task=hurried_task(tmp_path, functions_cache=1.0)) as one:
        with_insights(one)
        yield one


def test_the_documented_role_is_enough(pipeline: Pipeline) -> None:
    narrow(pipeline)
    annotations = with_insights(pipeline)
    run = pipeline.run(SMOKE)
    assert (run.result, run.variables["verification"], run.issues) == ("Succeeded", "verified", ()), run.log
    assert 'smoke test      GET /api/HttpTriggerSample?name=Ada → 200 "Hello, Ada.' in run.log
    assert len(annotations) == 1


def test_the_role_holds_what_is_used_and_nothing_else(promotion: Pipeline) -> None:
    azure = promotion.azure
    narrow(promotion)
    azure.add_slot(promotion.site, "staging", settings=promotion.site.settings)
    results = [
        promotion.run(SMOKE, tags="one").result,
        promotion.run(SMOKE, tags="one").result,  # the same reference: a restart
        *(promotion.run({**STABLE, **SMOKE}, slotName="staging").result for _ in range(2)),
        promotion.run({**STABLE, **SMOKE}, slotName="staging", swapWithProduction="true").result,
        promotion.run(command="buildAndPush", appName="").result,
        promotion.run(command="check", azureContainerRegistry="", imageName="").result,
        promotion.run(command="build").result,
    ]
    assert results == ["Succeeded"] * 8
    assert the_error(promotion.run(slotName="stagging")) == "slot-not-found"

    of_registry = {row.permission.lower() for row in REGISTRY}
    by_hand = {name.lower() for row in APP for name in (row.permission, row.on_a_slot())}
    by_hand |= {row.permission.lower() for row in SWAP}
    assert used(promotion) - of_registry == by_hand
    role = custom_role()
    allowed = Role(actions=tuple(role["Actions"]), not_actions=tuple(role["NotActions"]))
    assert [action for action in by_hand if not allowed.allows(action)] == []
    for pattern in role["Actions"]:
        narrower = Role(actions=tuple(one for one in role["Actions"] if one != pattern))
        assert [action for action in by_hand if not narrower.allows(action)], f"{pattern} is superfluous"


def test_a_registry_by_repository_asks_for_the_role_that_counts_there(azure: LocalAzure, tmp_path: Path) -> None:
    azure.add_registry(role_assignment_mode="AbacRepositoryPermissions")
    with a_pipeline(azure, tmp_path) as pipeline:
        run = pipeline.run()
        assert the_error(run) == "push-denied"
        assert WRITER in run.log
        assert "nothing was pushed and nothing was changed" in run.log
        assert_untouched(pipeline)

        azure.grant(pipeline.principal, WRITER, pipeline.registry.id)
        run = pipeline.run(SMOKE)
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        asked = {row.permission.lower() for row in rows("To set up pull access")}
        taken = [one for one in used(pipeline) - asked if one.startswith("microsoft.containerregistry/")]
        writer = Role(data_actions=ROLES[WRITER].data_actions)
        assert all(writer.allows(action, data=True) for action in taken)
