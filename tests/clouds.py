"""What has to come of a whole run in a cloud that is not Azure's public one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.pipeline import Pipeline


def assert_the_whole_run_works(pipeline: Pipeline) -> None:
    """Build, push, deploy and verify, by nothing but the names of the pipeline's cloud."""
    run, cloud = pipeline.run(), pipeline.azure.place
    assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
    assert pipeline.call()[0] == 200
    assert run.variables["imageReference"] == f"contoso.{cloud.registries}/hello-function:1"
    assert run.variables["AppServiceApplicationUrl"] == f"https://docker-func-sample.{cloud.apps}"


def assert_the_whole_run_works_on_a_stack(pipeline: Pipeline) -> None:
    """Learn in the preflight which versions of its APIs an Azure Stack has, and get by with them."""
    azure = pipeline.azure
    azure.grant(pipeline.principal, "Reader", pipeline.registry.id)
    run = pipeline.run(azureContainerRegistry="contoso")
    assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
    assert pipeline.call()[0] == 200
    assert run.variables["imageReference"] == "contoso.azsacr.local.azurestack.external/hello-function:1"
    assert len([call for call in azure.calls if call.path == "/metadata/endpoints"]) == 1
    refused = [call for call in azure.calls if call.host == azure.place.resource_manager and call.status == 400]
    of_a_host = ("/host/", "/hostruntime/", "/functions", "/syncfunctiontriggers")  # 400 while it starts
    too_new = [call for call in refused if not any(part in call.path for part in of_a_host)]
    change = next(call for call in azure.writes if call.method == "PATCH")
    assert too_new
    assert all(call.ended < change.began for call in too_new)
