"""Every cloud, by nothing but what the service connection says: the names of the others lead nowhere here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local_azure.environments import CHINA, STACK_WITH_ADFS, US_GOVERNMENT, AzureEnvironment
from tests.pipeline import Scheme, a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure


@pytest.mark.parametrize(("cloud", "scheme"), [(US_GOVERNMENT, "federation"), (CHINA, "certificate")])
def test_the_whole_run_works_in_another_cloud(
    azure: LocalAzure, tmp_path: Path, cloud: AzureEnvironment, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme, cloud=cloud) as pipeline:
        run = pipeline.run()
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert pipeline.call()[0] == 200
    assert run.variables["imageReference"] == f"contoso.{cloud.registries}/hello-function:1"
    assert run.variables["AppServiceApplicationUrl"] == f"https://docker-func-sample.{cloud.apps}"


@pytest.mark.parametrize(("cloud", "scheme"), [(STACK_WITH_ADFS, "certificate")])
def test_the_whole_run_works_on_an_azure_stack(
    azure: LocalAzure, tmp_path: Path, cloud: AzureEnvironment, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme, cloud=cloud) as pipeline:
        azure.grant(pipeline.principal, "Reader", pipeline.registry.id)
        run = pipeline.run(azureContainerRegistry="contoso")
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert pipeline.call()[0] == 200
    assert run.variables["imageReference"] == "contoso.azsacr.local.azurestack.external/hello-function:1"
    assert len([call for call in azure.calls if call.path == "/metadata/endpoints"]) == 1
    refused = [call for call in azure.calls if call.host == cloud.resource_manager and call.status == 400]
    of_a_host = ("/host/", "/hostruntime/", "/functions", "/syncfunctiontriggers")  # 400 while it starts
    too_new = [call for call in refused if not any(part in call.path for part in of_a_host)]
    change = next(call for call in azure.writes if call.method == "PATCH")
    assert too_new
    assert all(call.ended < change.began for call in too_new), "what it has is learned in the preflight"
