"""Every cloud, by nothing but what the service connection says: the names of the others lead nowhere here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.clouds import assert_the_whole_run_works, assert_the_whole_run_works_on_a_stack
from tests.end_to_end.test_failures import the_error
from tests.local_azure.environments import CHINA, STACK, STACK_WITH_ADFS, US_GOVERNMENT, AzureEnvironment
from tests.on_paper.pipeline import a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.pipeline import Scheme


@pytest.mark.parametrize("cloud", [US_GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
@pytest.mark.parametrize("scheme", ["federation", "certificate", "system_identity"])
def test_the_whole_run_works_in_another_cloud(
    azure: PaperAzure, tmp_path: Path, cloud: AzureEnvironment, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme, cloud=cloud) as pipeline:
        assert_the_whole_run_works(pipeline)


@pytest.mark.parametrize("cloud", [US_GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
def test_the_login_server_of_a_registry_comes_from_the_cloud_itself(
    azure: PaperAzure, tmp_path: Path, cloud: AzureEnvironment
) -> None:
    with a_pipeline(azure, tmp_path, cloud=cloud) as pipeline:
        azure.grant(pipeline.principal, "Reader", pipeline.registry.id)
        run = pipeline.run(azureContainerRegistry="contoso")
    assert run.result == "Succeeded", run.log
    assert run.variables["imageReference"] == f"contoso.{cloud.registries}/hello-function:1"


@pytest.mark.parametrize("scheme", ["key", "certificate"])
@pytest.mark.parametrize("cloud", [STACK, STACK_WITH_ADFS], ids=["Entra ID", "AD FS"])
def test_the_whole_run_works_on_an_azure_stack(
    azure: PaperAzure, tmp_path: Path, cloud: AzureEnvironment, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme, cloud=cloud) as pipeline:
        assert_the_whole_run_works_on_a_stack(pipeline)


def test_a_connection_whose_authority_is_of_another_cloud_says_so(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, scheme="key", cloud=US_GOVERNMENT) as pipeline:
        wrong = replace(pipeline.connection, data={**pipeline.connection.data, "environmentUrl": "x"})
        data = {**wrong.data, "activeDirectoryServiceEndpointResourceId": "https://management.core.windows.net/"}
        run = replace(pipeline, connection=replace(wrong, data=data)).run()
    assert the_error(run) == "audience-unknown"
    assert "does not know https://management.core.windows.net/" in run.log


def test_a_login_page_is_recognized_whatever_its_host(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, cloud=CHINA) as pipeline:
        azure.require_login(pipeline.site)
        run = pipeline.run(smokeTestPath="/api/HttpTriggerSample")
    assert (run.result, run.variables["verification"]) == ("SucceededWithIssues", "unverified"), run.log
    assert "the app requires sign-in" in run.log
