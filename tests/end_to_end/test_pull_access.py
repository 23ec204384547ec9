"""`appPullAccess` with a real push and pull; `tests/on_paper` has every case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.hurried import hurried_task
from tests.on_paper.pull_access import BY_IDENTITY, FROM_NOTHING, GRANTER, IMAGE_ONLY, QUICK, roles, written
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure


def test_an_app_without_any_access_becomes_able_to_pull_in_one_run_and_a_second_writes_only_the_image(
    azure: LocalAzure, tmp_path: Path
) -> None:
    task = hurried_task(tmp_path, **{**QUICK, "role_propagation": 4.0})
    with a_pipeline(azure, tmp_path, app_pull=None, task=task) as pipeline:
        azure.grant(pipeline.principal, GRANTER, pipeline.registry.id)
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
