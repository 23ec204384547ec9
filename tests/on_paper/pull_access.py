"""What the tests of pull access share: an app without any, and what a run wrote to set it up."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.on_paper.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.local_azure.state.principal import Principal
    from tests.pipeline import Pipeline

BY_IDENTITY = {"appPullAccess": "managedIdentity"}
STABLE = {"command": "deploy", "imageName": "hello-function:stable", "tags": ""}
GRANTER = "Role Based Access Control Administrator"
READER = "Container Registry Repository Reader"
WRITER = "Container Registry Repository Writer"
QUICK = {"role_propagation": 0.5, "role_propagation_limit": 60.0, "settled_failure": 0.5, "longest_poll": 0.5}
IMAGE_ONLY = ["PATCH app/config/web", "POST app/syncfunctiontriggers"]
FROM_NOTHING = ["PATCH app", "PUT registry/providers/Microsoft.Authorization", *IMAGE_ONLY]


@contextmanager
def new_app(
    azure: PaperAzure, folder: Path, *, granter: bool = True, role: str = "AcrPush", **timeouts: float
) -> Iterator[Pipeline]:
    """Return a pipeline whose app has no way into the registry, with less timeouts than in life."""
    with a_pipeline(azure, folder, app_pull=None, registry_role=role, limits={**QUICK, **timeouts}) as pipeline:
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
