"""Which token a registry is shown, and what is said when it lets nobody in from this address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.local_azure.environments import STACK
from tests.on_paper.pipeline import a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.pipeline import Pipeline


def test_a_firewalled_registry_names_the_address_to_allow(pipeline: Pipeline) -> None:
    pipeline.registry.firewall_denies_agent = True
    failed = pipeline.run()
    assert the_error(failed) == "registry-firewall"
    assert "which connects from 52.166.10.7" in failed.log
    assert "az acr network-rule add --ip-address 52.166.10.7" in failed.log


@pytest.mark.parametrize("role", ["AcrPush", "Contributor"])
def test_a_registry_behind_private_endpoints_is_told_from_a_firewall_where_the_connection_may_see_it(
    azure: PaperAzure, tmp_path: Path, role: str
) -> None:
    with a_pipeline(azure, tmp_path, registry_role=role) as pipeline:
        pipeline.registry.public_network_access = False
        failed = pipeline.run()
        assert the_error(failed) == ("registry-private" if role == "Contributor" else "registry-firewall")
        assert "52.166.10.7" in failed.log
        assert "nothing was pushed and nothing was changed" in failed.log


def test_an_app_gets_an_image_that_the_agent_may_not_read_for_the_firewall(pipeline: Pipeline) -> None:
    assert pipeline.run(tags="1").result == "Succeeded"
    pipeline.registry.firewall_denies_agent = True
    done = pipeline.run(command="deploy", tags="1")
    assert (done.result, done.variables["imageDigest"]) == ("SucceededWithIssues", ""), done.log
    assert "blocks this agent, which connects from 52.166.10.7: the image is not inspected" in done.log


def test_layers_are_read_from_the_registrys_storage_without_its_token(pipeline: Pipeline) -> None:
    done = pipeline.run()
    assert done.result == "Succeeded", done.log
    stored = [call for call in pipeline.azure.calls if call.host.endswith(".blob.core.windows.net")]
    assert stored
    assert {call.status for call in stored} <= {200, 206}
    assert "could not be read" not in done.log


def test_a_registry_that_takes_its_own_audience_only_is_entered_at_the_first_attempt(pipeline: Pipeline) -> None:
    pipeline.registry.arm_tokens = False
    done = pipeline.run()
    assert done.result == "Succeeded", done.log
    exchanges = [call.status for call in pipeline.azure.calls if call.path == "/oauth2/exchange"]
    assert set(exchanges) == {200}


def test_a_registry_that_refuses_its_own_audience_is_not_shown_the_token_for_resource_manager(
    pipeline: Pipeline,
) -> None:
    pipeline.registry.own_tokens = False
    assert the_error(pipeline.run()) == "registry-sign-in-refused"
    exchanges = [call.status for call in pipeline.azure.calls if call.path == "/oauth2/exchange"]
    assert exchanges == [401]


def test_where_entra_id_does_not_know_the_registries_audience_the_one_for_arm_follows(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with a_pipeline(azure, tmp_path, cloud=STACK) as pipeline:
        done = pipeline.run(azureContainerRegistry="contoso.azsacr.local.azurestack.external")
    assert done.result == "Succeeded", done.log
    refused = [call for call in azure.calls if call.path.endswith("/token") and call.status == 400]
    assert len(refused) == 1
    assert "AADSTS" not in done.log


def test_a_registry_that_takes_neither_audience_is_told_with_its_first_refusal(pipeline: Pipeline) -> None:
    pipeline.registry.own_tokens = pipeline.registry.arm_tokens = False
    assert the_error(pipeline.run()) == "registry-sign-in-refused"
    exchanges = [call.status for call in pipeline.azure.calls if call.path == "/oauth2/exchange"]
    assert exchanges == [401]


@pytest.mark.parametrize(
    "realm", ["https://login.contoso.example/oauth2/token", "http://contoso.azurecr.io/oauth2/token"]
)
def test_azures_token_does_not_follow_a_challenge_that_leads_elsewhere(pipeline: Pipeline, realm: str) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="contoso.azurecr.io"'}
    pipeline.azure.faults.script(r"GET contoso\.azurecr\.io/v2/$", status=401, headers=challenge, times=None)
    failed = pipeline.run()
    assert the_error(failed) == "registry-not-azure"
    assert realm in failed.log
    assert not [call for call in pipeline.azure.calls if call.path.startswith("/oauth2/") and call.method == "POST"]
