"""`appPullAccess`: the app is let into the registry, once, and nothing that was there is lost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.hurried import hurried_task
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.principal import Principal
    from tests.pipeline import Pipeline

BY_IDENTITY = {"appPullAccess": "managedIdentity"}
STABLE = {"command": "deploy", "imageName": "hello-function:stable", "tags": ""}
GRANTER = "Role Based Access Control Administrator"
QUICK = {"role_propagation": 0.5, "role_propagation_limit": 60.0, "settled_failure": 0.5, "longest_poll": 0.5}


@contextmanager
def new_app(
    azure: LocalAzure, folder: Path, *, granter: bool = True, role: str = "AcrPush", **timeouts: float
) -> Iterator[Pipeline]:
    """Return a pipeline whose app has no way into the registry, with less timeouts than in life."""
    task = hurried_task(folder, **{**QUICK, **timeouts})
    with a_pipeline(azure, folder, app_pull=None, registry_role=role, task=task) as pipeline:
        if granter:
            azure.grant(pipeline.principal, GRANTER, pipeline.registry.id)
        yield pipeline


def written(pipeline: Pipeline, since: int = 0) -> list[str]:
    """Return what was written to Azure, each without what comes before the app's or the registry's name."""
    paths = (
        (call.method, call.path.replace("/resourcegroups/", "/resourceGroups/"))
        for call in pipeline.azure.writes[since:]
    )
    calls = (f"{method} {path}".partition("/roleAssignments/")[0] for method, path in paths)
    return [call.replace(pipeline.site.id, "app").replace(pipeline.registry.id, "registry") for call in calls]


def roles(pipeline: Pipeline, principal: Principal | None) -> list[tuple[str, str]]:
    """Return the roles that a principal has, each with where."""
    assert principal
    return pipeline.azure.assignments(principal)


IMAGE_ONLY = ["PATCH app/config/web", "POST app/syncfunctiontriggers"]
FROM_NOTHING = ["PATCH app", "PUT registry/providers/Microsoft.Authorization", *IMAGE_ONLY]


def test_an_app_without_any_access_becomes_able_to_pull_in_one_run_and_a_second_writes_only_the_image(
    azure: LocalAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path, role_propagation=4.0) as pipeline:
        azure.delay_roles(2)
        run = pipeline.run(BY_IDENTITY, build_id="1")
        assert (run.result, run.variables["verification"], run.issues) == ("Succeeded", "verified", ()), run.log
        assert written(pipeline) == FROM_NOTHING
        assert roles(pipeline, pipeline.site.identity) == [("AcrPull", pipeline.registry.id)]
        assert (
            "pull    with the system-assigned identity; the identity and its role on the registry are set up" in run.log
        )
        assert (
            "pull    with the system-assigned identity (to be turned on, role AcrPull to be granted on contoso)"
            in run.log
        )
        assert "identity  the system-assigned identity was turned on" in run.log
        assert "for the new role to propagate" in run.log
        assert "restarting the app" not in run.log

        before = len(azure.writes)
        pipeline.edit("Hello", "Bonjour")
        run = pipeline.run(BY_IDENTITY, build_id="2")
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert written(pipeline, before) == IMAGE_ONLY
        assert pipeline.call()[1].startswith("Bonjour")
        assert "Set up pull access for docker-func-sample" not in run.groups


@pytest.fixture(autouse=True)
def stable(pushed: str) -> str:
    """Have an image to deploy."""
    return pushed
