"""What would make the run fail at its end is found in its first seconds, before anything is pushed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.end_to_end.test_failures import BASE, assert_untouched, the_error
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline


def test_a_wrong_app_name_ends_a_long_build_in_seconds(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(BASE + "RUN sleep 60\n")
    run = pipeline.run(appName="no-such-app")
    assert the_error(run) == "app-not-found"
    assert run.seconds < 20
    assert_untouched(pipeline)


def test_an_app_needs_no_way_to_pull_from_a_registry_that_is_open_to_all(azure: LocalAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, app_pull=None) as pipeline:
        pipeline.registry.anonymous_pull = True
        run = pipeline.run()
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log


def test_a_registry_behind_a_firewall_names_the_address(pipeline: Pipeline) -> None:
    pipeline.registry.firewall_denies_agent = True
    run = pipeline.run()
    assert the_error(run) == "registry-firewall"
    assert "is not allowed access" in run.log


def test_what_should_be_known_is_noted(pipeline: Pipeline) -> None:
    folder = pipeline.sources / "Orchestrator"
    folder.mkdir()
    binding = {"name": "context", "type": "orchestrationTrigger", "direction": "in"}
    (folder / "function.json").write_text(json.dumps({"scriptFile": "__init__.py", "bindings": [binding]}))
    (folder / "__init__.py").write_text("def main(context):\n    return None\n")
    assert pipeline.run(build_id="1").result == "Succeeded"
    pipeline.site.settings["DOCKER_ENABLE_CI"] = "true"
    pipeline.site.vnet_image_pull = True
    run = pipeline.run(build_id="2")
    assert run.result == "Succeeded", run.log
    assert "note    DOCKER_ENABLE_CI is true" in run.log
    assert "note    the app pulls through its virtual network" in run.log
    assert "note    Orchestrator: running orchestrations continue with the code of the new image" in run.log
