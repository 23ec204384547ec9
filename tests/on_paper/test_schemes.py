"""Every way in which a service connection signs in, and what is said when one cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import pytest

from tests.agent.endpoints import arm_connection_with_certificate
from tests.end_to_end.test_failures import the_error
from tests.local_azure.state.client_certificate import new_client_certificate
from tests.on_paper.pipeline import a_pipeline, assert_untouched
from tests.pipeline import CERTIFICATE, SECRET, Scheme

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.faults.paper_azure import PaperAzure
    from tests.pipeline import Pipeline


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_the_whole_run_signs_in_by_every_scheme(azure: PaperAzure, tmp_path: Path, scheme: Scheme) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme) as pipeline:
        run = pipeline.run()
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert pipeline.call()[0] == 200
    assert {call.principal for call in azure.writes} == {"pipeline"}
    assert len(azure.assertions_used) == len(set(azure.assertions_used))
    assert_no_secret_is_shown(run)


@pytest.mark.parametrize("scheme", ["system_identity", "user_identity"])
def test_an_identity_endpoint_like_that_of_app_service_will_do(
    azure: PaperAzure, tmp_path: Path, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme, identity_endpoint="app_service") as pipeline:
        run = pipeline.run()
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log


def test_a_machine_is_asked_for_its_identity_past_any_proxy(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, scheme="system_identity") as pipeline:
        pipeline.agent.machine |= {
            "HTTP_PROXY": "http://127.0.0.1:1",
            "http_proxy": "http://127.0.0.1:1",
            "NO_PROXY": "",
        }
        pipeline.agent.machine["no_proxy"] = ""
        assert pipeline.run(command="check").result == "Succeeded"


def assert_no_secret_is_shown(run: TaskRun) -> None:
    key = "".join(CERTIFICATE.key_pem.splitlines()[1:-1])
    shown = "".join(line for line in run.lines if not line.startswith("##vso[task.setsecret]"))
    for secret in (SECRET, *CERTIFICATE.key_pem.splitlines()[1:-1], key):
        assert secret not in shown
    assert "eyJ" not in shown


# Renewal


@pytest.mark.parametrize("scheme", ["key", "certificate", "federation", "system_identity"])
def test_tokens_that_run_out_in_the_middle_of_a_build_are_renewed_without_a_word(
    azure: PaperAzure, tmp_path: Path, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme) as pipeline:
        azure.set_lifetimes(token=3, assertion=3)
        with (pipeline.sources / "Dockerfile").open("a") as dockerfile:
            dockerfile.write("RUN sleep 4\n")
        run = pipeline.run()
    assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
    assert "the sign-in failed" not in run.log
    assert len(azure.assertions_used) == len(set(azure.assertions_used))


# What cannot sign in


def broken(azure: PaperAzure, tmp_path: Path, *, text: str) -> TaskRun:
    """Run with a connection whose certificate field holds that text."""
    with a_pipeline(azure, tmp_path, scheme="certificate") as pipeline:
        connection = arm_connection_with_certificate(
            tenant_id=azure.tenant_id,
            client_id=pipeline.principal.client_id,
            certificate=text,
            subscription_id=azure.subscription_id,
            id=pipeline.connection.id,
        )
        run = replace(pipeline, connection=connection).run(appName="")
        assert_untouched(pipeline)
    return run


def test_a_certificate_without_its_key_is_told_with_the_other_mistakes(azure: PaperAzure, tmp_path: Path) -> None:
    run = broken(azure, tmp_path, text=CERTIFICATE.certificate_pem)
    assert "certificate-incomplete" in run.log
    assert "input-required: the input appName is empty" in run.log


@pytest.mark.parametrize(("expired", "reason"), [(False, "The key was not found"), (True, "The key used is expired")])
def test_a_certificate_that_entra_does_not_take_says_which(
    azure: PaperAzure, tmp_path: Path, *, expired: bool, reason: str
) -> None:
    other = new_client_certificate(days=-1 if expired else 365)
    with a_pipeline(azure, tmp_path, scheme="certificate") as pipeline:
        registered = azure.add_principal("late", certificate=other if expired else CERTIFICATE)
        parameters = {
            **pipeline.connection.parameters,
            "serviceprincipalid": registered.client_id,
            "servicePrincipalCertificate": other.pem,
        }
        run = replace(pipeline, connection=replace(pipeline.connection, parameters=parameters)).run()
        assert the_error(run) == "certificate-refused"
        assert reason in run.log
        assert f"/_settings/adminservices?resourceId={pipeline.connection.id}" in run.log
        assert_untouched(pipeline)


def refusing(pipeline: Pipeline, text: str) -> TaskRun:
    body = json.dumps({"error": "invalid_client", "error_description": f"{text} Trace ID: x"})
    pipeline.azure.faults.script(r"POST login\.microsoftonline\.com", status=400, body=body, times=None)
    return pipeline.run()


@pytest.mark.parametrize("scheme", ["key", "certificate", "federation"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AADSTS7000222: The provided client secret keys for app 'x' are expired.", "secret-expired"),
        ("AADSTS53003: Access has been blocked by Conditional Access policies.", "conditional-access-blocks"),
        ("AADSTS700024: Client assertion is not within its valid time range.", "assertion-out-of-time"),
    ],
)
def test_a_refusal_of_entra_is_understood_whatever_the_scheme(
    azure: PaperAzure, tmp_path: Path, scheme: Scheme, text: str, expected: str
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme) as pipeline:
        run = refusing(pipeline, text)
        assert the_error(run) == expected
        assert run.log.count(text) == 1, "no library logs it beside our failure"
        assert_untouched(pipeline)


@pytest.mark.parametrize("scheme", ["key", "certificate", "federation", "system_identity"])
@pytest.mark.parametrize("status", [429, 503])
def test_an_outage_of_the_sign_in_is_waited_out_as_it_asks(
    azure: PaperAzure, tmp_path: Path, scheme: Scheme, status: int
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme) as pipeline:
        asked = r"GET 169\.254" if scheme == "system_identity" else r"POST login\.microsoftonline\.com"
        azure.faults.script(asked, status=status, headers={"Retry-After": "2"})
        run = pipeline.run(command="check")
    assert run.result == "Succeeded", run.log
    assert "the sign-in failed; retrying in 2 s" in run.log
    assert len(azure.assertions_used) == len(set(azure.assertions_used))


@pytest.mark.parametrize("endpoint", ["imds", "app_service"])
def test_an_identity_that_the_machine_does_not_have_is_told(
    azure: PaperAzure, tmp_path: Path, endpoint: Literal["imds", "app_service"]
) -> None:
    with a_pipeline(azure, tmp_path, scheme="user_identity", identity_endpoint=endpoint) as pipeline:
        azure.assign_to_machine()
        run = pipeline.run()
        assert the_error(run) == "managed-identity-missing"
        assert f"the managed identity {pipeline.principal.client_id} is not assigned to this agent's machine" in run.log
        assert_untouched(pipeline)


def test_which_of_several_identities_is_meant_has_to_be_said(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, scheme="system_identity") as pipeline:
        azure.assign_to_machine(users=[pipeline.principal, azure.add_principal("another")])
        run = pipeline.run()
        assert the_error(run) == "managed-identity-missing"
        assert "Multiple user assigned identities exist" in run.log


def test_a_machine_without_the_endpoint_is_told_in_seconds(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, scheme="system_identity") as pipeline:
        pipeline.agent.machine["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = "http://127.0.0.1:1"
        run = pipeline.run()
        assert the_error(run) == "managed-identity-unreachable"
        assert run.seconds < 5
        assert_untouched(pipeline)


def test_a_connection_of_another_tenant_or_subscription_is_told_apart(pipeline: Pipeline) -> None:
    data = {**pipeline.connection.data, "subscriptionId": "00000000-0000-4000-8000-000000000000"}
    run = replace(pipeline, connection=replace(pipeline.connection, data=data)).run()
    assert the_error(run) == "subscription-not-visible"
    text = "The access token is from the wrong issuer. It must match the tenant associated with this subscription."
    body = json.dumps({"error": {"code": "InvalidAuthenticationTokenTenant", "message": text}})
    pipeline.azure.faults.script(r"GET management\.azure\.com", status=401, body=body, times=None)
    assert the_error(pipeline.run()) == "subscription-of-another-tenant"
    assert_untouched(pipeline)


def test_a_disabled_subscription_is_told_when_it_refuses_the_change(pipeline: Pipeline) -> None:
    text = "The subscription is disabled and therefore marked as read only."
    body = json.dumps({"error": {"code": "ReadOnlyDisabledSubscription", "message": text}})
    pipeline.azure.faults.script(r"PATCH management\.azure\.com", status=409, body=body, times=None)
    run = pipeline.run()
    assert the_error(run) == "subscription-disabled"
    assert "contoso.azurecr.io/hello-function:1 is in the registry" in run.log
