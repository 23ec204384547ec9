"""One build on its way: the app of development, the slot of production, production, and an app on Container Apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.hurried import hurried_task
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure

LIMITS = {"swap_poll": 0.3, "functions_cache": 1.0, "longest_poll": 1.0, "host_pause": 0.5}
FIRST = "contoso.azurecr.io/hello-function:first"
ANSWER = "Salut, you. This HTTP triggered function executed successfully."


def test_one_image_is_promoted_from_development_to_production_and_to_container_apps(
    azure: LocalAzure, tmp_path: Path
) -> None:
    with a_pipeline(azure, tmp_path, task=hurried_task(tmp_path, **LIMITS)) as pipeline:
        assert pipeline.run(command="buildAndPush", appName="", tags="first").result == "Succeeded"
        production = azure.add_app("shop", image=FIRST, settings={"AzureWebJobsStorage": "production"})
        slot = azure.add_slot(production, "staging")
        jobs = azure.add_native_app("jobs", image=FIRST, registry=pipeline.registry)
        for scope, role in (
            (production.id, "Website Contributor"),
            (slot.id, "Website Contributor"),
            (jobs.id, "Container Apps Contributor"),
        ):
            azure.grant(pipeline.principal, role, scope)
        pipeline.edit("Hello", "Salut")
        record = {"recordFile": "out/record.json", "deployBy": "digest"}
        deploy = {**record, "command": "deploy", "imageName": ""}
        runs = [
            pipeline.run(record, tags="new"),
            pipeline.run(deploy, appName="shop", slotName="staging"),
            pipeline.run(
                command="swap", imageName="", recordFile="out/record.json", appName="shop", slotName="staging"
            ),
            pipeline.run(deploy, appName="jobs", verifyTimeoutMinutes="1", timeout=180),
        ]
        for run in runs:
            assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert len({run.variables["imageDigest"] for run in runs}) == 1
        assert [("Build image" in run.groups, "Push image" in run.groups) for run in runs] == [
            (True, True),
            *[(False, False)] * 3,
        ]
        pushed = [one.reference for one in pipeline.registry.pushes if one.kind == "manifests"]
        assert pushed == ["first", "new"]
        for place in (production.url, f"https://{jobs.host}"):
            keys = jobs.keys if place.endswith(jobs.host) else production.keys
            path = f"{place}/api/HttpTriggerSample?name=you"
            assert azure.get(path, headers={"x-functions-key": keys.host}) == (200, ANSWER)
