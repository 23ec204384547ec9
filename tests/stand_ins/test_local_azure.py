"""The local Azure keeps what it promises: identity, rights, refusals. Real TLS, registry and engines."""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import jwt
import pytest
import requests

from tests.images import EngineError, build, function_app, pull, push
from tests.local_azure.client import ARM, arm, call
from tests.local_azure.state.state import group_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal

SUBJECT = "sc://contoso/shop/azure"


def federated_login(azure: LocalAzure, principal: Principal, assertion: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": principal.client_id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": f"{ARM}/.default",
    }
    return call(
        azure,
        "POST",
        f"https://login.microsoftonline.com/{azure.tenant_id}/oauth2/v2.0/token",
        data=form,
    )


def assertion_of_the_job(azure: LocalAzure, principal: Principal) -> str:
    url = (
        f"https://dev.azure.com/contoso/{uuid.uuid4()}/_apis/distributedtask/hubs/build/plans/{uuid.uuid4()}"
        f"/jobs/{uuid.uuid4()}/oidctoken?serviceConnectionId={principal.service_connection_id}&api-version=7.1"
    )
    answer = call(azure, "POST", url, headers={"Authorization": f"Bearer {azure.job_access_token}"}, json={})
    return str(answer.json()["oidcToken"])


def a_deployer(azure: LocalAzure, role: str) -> Principal:
    """Register a principal with that role in the app's resource group."""
    return azure.add_principal("deployer", secret="correct horse", roles={group_id("rg-func"): role})


def ran(program: str, *values: str, **environment: str) -> str:
    """Run a Python program with that environment and no other; gives what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program, *values],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def test_a_call_it_does_not_know_is_answered_501_and_recorded(azure: LocalAzure) -> None:
    deployer = a_deployer(azure, "Contributor")
    answer = arm(azure, deployer, "DELETE", f"{group_id('rg-func')}/providers/Microsoft.Web/sites/shop")
    assert answer.status_code == 501
    assert "DELETE management.azure.com/subscriptions/" in answer.text
    assert len(azure.unexpected) == 1
    azure.unexpected.clear()


def test_a_host_it_does_not_know_is_out_of_reach_and_recorded(azure: LocalAzure) -> None:
    with pytest.raises(requests.exceptions.ProxyError):
        azure.get("https://example.com/")
    assert azure.unexpected == ["CONNECT example.com:443"]
    azure.unexpected.clear()


def test_a_principal_with_acr_push_pushes_and_pulls_and_one_without_does_not(azure: LocalAzure) -> None:
    registry = azure.add_registry()
    pusher = azure.add_principal("pusher", secret="a", roles={registry.id: "AcrPush"})
    puller = azure.add_principal("puller", secret="b", roles={registry.id: "AcrPull"})
    stranger = azure.add_principal("stranger", secret="c")
    image = f"contoso.azurecr.io/rights:{uuid.uuid4().hex}"
    build(azure.agent_engine, image, function_app("rights"))

    with pytest.raises(EngineError, match=r"authentication required|denied"):
        push(azure.agent_engine, image, puller)
    assert registry.pushes == []
    push(azure.agent_engine, image, pusher)
    assert ("manifests", image.rpartition(":")[2]) in [(one.kind, one.reference) for one in registry.pushes]
    pull(azure.agent_engine, image, puller)
    with pytest.raises(EngineError, match=r"authentication required|denied"):
        pull(azure.agent_engine, image, stranger)


def test_the_token_of_the_registry_tells_what_a_principal_may_do(azure: LocalAzure) -> None:
    registry = azure.add_registry()
    puller = azure.add_principal("puller", roles={registry.id: "AcrPull"})
    service = {"service": registry.login_server, "tenant": azure.tenant_id}
    exchanged = call(
        azure,
        "POST",
        f"https://{registry.login_server}/oauth2/exchange",
        data=service | {"grant_type": "access_token", "access_token": azure.token(puller)},
    )
    scope = {"grant_type": "refresh_token", "scope": "repository:shop:pull,push"}
    answer = call(
        azure,
        "POST",
        f"https://{registry.login_server}/oauth2/token",
        data=service | scope | exchanged.json(),
    )
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["access"] == [{"Type": "repository", "Name": "shop", "Actions": ["pull"]}]


def test_an_assertion_is_good_for_one_login(azure: LocalAzure) -> None:
    principal = azure.add_principal("federated", federated_subject=SUBJECT)
    first, second = (assertion_of_the_job(azure, principal) for _ in range(2))
    assert first != second
    assert federated_login(azure, principal, first).status_code == 200
    again = federated_login(azure, principal, first)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert federated_login(azure, principal, second).status_code == 200
    assert azure.assertions_used == [first, first, second]


def test_an_assertion_is_used_up_by_a_call_that_met_a_fault(azure: LocalAzure) -> None:
    principal = azure.add_principal("federated", federated_subject=SUBJECT)
    assertion = assertion_of_the_job(azure, principal)
    azure.faults.script("POST login.microsoftonline.com/.*/token")
    assert federated_login(azure, principal, assertion).status_code == 503
    assert federated_login(azure, principal, assertion).status_code == 401


def test_entra_words_its_refusals_as_entra_does(azure: LocalAzure) -> None:
    principal = azure.add_principal("federated", federated_subject=SUBJECT)
    other = azure.add_principal("other", federated_subject="sc://contoso/shop/other")
    wrong_subject = federated_login(azure, principal, assertion_of_the_job(azure, other))
    assert wrong_subject.json()["error_description"].startswith("AADSTS700213: ")
    azure.set_lifetimes(assertion=-60)
    late = federated_login(azure, principal, assertion_of_the_job(azure, principal))
    assert late.json()["error_codes"] == [700024]


def test_a_job_without_its_token_gets_no_assertion(azure: LocalAzure) -> None:
    url = "https://dev.azure.com/contoso/p/_apis/distributedtask/hubs/build/plans/p/jobs/j/oidctoken"
    answer = call(azure, "POST", url, headers={"Authorization": "Bearer of bad news"}, json={})
    assert answer.status_code == 401


def test_arm_needs_a_good_token_and_a_role(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    stranger = azure.add_principal("stranger")
    refused = arm(azure, stranger, "GET", site.id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert refused.headers["x-ms-correlation-request-id"]

    azure.set_lifetimes(token=-60)
    late = arm(azure, stranger, "GET", site.id)
    assert (late.status_code, late.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")


def test_a_reader_reads_and_does_not_write(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    reader = azure.add_principal("reader", roles={site.id: "Reader"})
    assert arm(azure, reader, "GET", site.id.lower()).json()["name"] == "shop"
    body = {"properties": {"alwaysOn": True}}
    assert arm(azure, reader, "PATCH", f"{site.id}/config/web", json=body).status_code == 403
    assert site.config["alwaysOn"] is False


def test_a_property_azure_does_not_have_is_ignored_without_a_word(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    deployer = a_deployer(azure, "Website Contributor")
    body = {"properties": {"linuxFxVersion:": "DOCKER|x", "alwaysOn": True}}
    answer = arm(azure, deployer, "PATCH", f"{site.id}/config/web", json=body)
    assert answer.status_code == 200
    assert (site.config["linuxFxVersion"], site.config["alwaysOn"]) == ("", True)
    assert "linuxFxVersion:" not in site.config


def test_settings_are_replaced_as_a_whole_and_azure_is_particular_about_their_names(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    deployer = a_deployer(azure, "Website Contributor")
    path = f"{site.id}/config/appsettings"
    answer = arm(azure, deployer, "PUT", path, json={"properties": {"A.b_1": "1"}})
    assert (answer.status_code, site.settings) == (200, {"A.b_1": "1"})
    assert answer.headers["ETag"]
    for names, status, told in ((("A:B",), 400, "'A:B' is not allowed"), (("A", "a"), 409, "a already exists")):
        refused = arm(azure, deployer, "PUT", path, json={"properties": dict.fromkeys(names, "x")})
        assert (refused.status_code, told in refused.text) == (status, True), refused.text
    assert site.settings == {"A.b_1": "1"}


def test_the_names_that_stay_with_their_slot_belong_to_the_app(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    slot = azure.add_slot(site, "staging")
    deployer = a_deployer(azure, "Website Contributor")
    path = f"{site.id}/config/slotConfigNames"
    assert arm(azure, deployer, "GET", path).json()["properties"]["appSettingNames"] is None
    answer = arm(azure, deployer, "PUT", path, json={"properties": {"appSettingNames": ["A"]}})
    assert answer.json()["properties"]["appSettingNames"] == ["A"]
    assert arm(azure, deployer, "GET", f"{slot.id}/config/slotConfigNames").status_code == 501
    azure.unexpected.clear()


def test_somebody_else_may_act_in_the_midst_of_a_call(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    deployer = a_deployer(azure, "Website Contributor")
    path = f"{site.id}/config/appsettings"
    azure.faults.meanwhile("POST .*/appsettings/list", lambda: site.settings.update(BEFORE="1"))
    azure.faults.meanwhile("POST .*/appsettings/list", lambda: site.settings.update(AFTER="1"), after=True)
    listed = arm(azure, deployer, "POST", f"{path}/list").json()["properties"]
    assert ("BEFORE" in listed, "AFTER" in listed) == (True, False)
    assert site.settings["AFTER"] == "1"
    assert azure.faults.unused == []


def test_a_list_comes_in_pages_and_shows_what_the_caller_may_see(azure: LocalAzure) -> None:
    for number in range(7):
        azure.add_app(f"shop{number}")
    azure.add_app("hidden", resource_group="rg-other")
    reader = a_deployer(azure, "Reader")
    first = arm(azure, reader, "GET", f"/subscriptions/{azure.subscription_id}/providers/Microsoft.Web/sites")
    bearer = {"Authorization": f"Bearer {azure.token(reader)}"}
    second = call(azure, "GET", first.json()["nextLink"], headers=bearer).json()
    names = [site["name"] for site in first.json()["value"] + second["value"]]
    assert names == [f"shop{number}" for number in range(7)]
    assert "nextLink" not in second


def test_a_resource_is_found_by_type_and_name(azure: LocalAzure) -> None:
    azure.add_registry()
    site = azure.add_app("shop")
    reader = a_deployer(azure, "Reader")
    wanted = "resourceType eq 'Microsoft.Web/Sites' and name eq 'SHOP'"
    url = f"{ARM}/subscriptions/{azure.subscription_id}/resources"
    answer = call(
        azure,
        "GET",
        url,
        params={"api-version": "2021-04-01", "$filter": wanted},
        headers={"Authorization": f"Bearer {azure.token(reader)}"},
    )
    assert [one["id"].lower() for one in answer.json()["value"]] == [site.id.lower()]


def test_a_scripted_fault_is_met_as_often_as_it_was_scripted(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    reader = a_deployer(azure, "Reader")
    azure.faults.script("GET management", status=429, headers={"Retry-After": "7"})
    azure.faults.script("GET management", drop=True)
    throttled = arm(azure, reader, "GET", site.id)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    with pytest.raises(requests.exceptions.ConnectionError):
        arm(azure, reader, "GET", site.id)
    assert arm(azure, reader, "GET", site.id).status_code == 200
    assert azure.faults.unused == []
    assert [one.status for one in azure.calls] == [429, 0, 200]


def test_the_client_of_azure_devops_gets_a_fresh_assertion(azure: LocalAzure, tmp_path: Path) -> None:
    principal = azure.add_principal("federated", federated_subject=SUBJECT)
    program = """
import sys
from msrest.authentication import BasicTokenAuthentication
from azure.devops.connection import Connection
token, connection = sys.argv[1:]
credentials = BasicTokenAuthentication({"access_token": token})
client = Connection("https://dev.azure.com/Contoso/", credentials).clients_v7_1.get_task_client()
for _ in range(2):
    print(client.create_oidc_token({}, "Project", "Build", "Plan", "Job", connection).oidc_token)
"""
    values = (azure.job_access_token, principal.service_connection_id or "")
    first, second = ran(program, *values, **azure.environment, AZURE_DEVOPS_CACHE_DIR=str(tmp_path)).split()
    assert first != second
    assert federated_login(azure, principal, second).status_code == 200


def test_microsofts_own_clients_need_the_environment_only(azure: LocalAzure) -> None:
    azure.add_app("shop")
    deployer = a_deployer(azure, "Website Contributor")
    program = """
import sys
from azure.identity import ClientSecretCredential
from azure.mgmt.web import WebSiteManagementClient
tenant, client, secret, subscription = sys.argv[1:]
sites = WebSiteManagementClient(ClientSecretCredential(tenant, client, secret), subscription).web_apps
print(sites.get("rg-func", "shop").default_host_name)
"""
    values = (azure.tenant_id, deployer.client_id, "correct horse", azure.subscription_id)
    assert ran(program, *values, **azure.environment) == "shop.azurewebsites.net\n"
    assert {one.principal for one in azure.calls if one.host == "management.azure.com"} == {"deployer"}
