"""How one signs in to the local Azure: certificates, the identities of a machine, and clouds of other names."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests

from tests.local_azure.client import arm, call
from tests.local_azure.environments import CHINA, STACK, STACK_WITH_ADFS, US_GOVERNMENT, AzureEnvironment
from tests.local_azure.sign_in.entra_proofs import ASSERTION_TYPE
from tests.local_azure.state.client_certificate import ClientCertificate, new_client_certificate

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal

OWN, OTHER = new_client_certificate(), new_client_certificate("another")
ARM = "https://management.azure.com"


def endpoint(azure: LocalAzure) -> str:
    return f"{azure.place.authority}/{azure.tenant_id}/oauth2/v2.0/token"


def an_assertion(azure: LocalAzure, principal: Principal, key: ClientCertificate = OWN, **changed: object) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {
        "aud": endpoint(azure),
        "iss": principal.client_id,
        "sub": principal.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "exp": now + 600,
        **changed,
    }
    return jwt.encode(claims, key.key, algorithm="PS256", headers={"x5t#S256": OWN.thumbprint_256})


def sign_in(azure: LocalAzure, principal: Principal, assertion: str, audience: str = ARM) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": principal.client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": f"{audience}/.default",
    }
    return call(azure, "POST", endpoint(azure), data=form)


def code(answer: requests.Response) -> int:
    return int(answer.json()["error_codes"][0])


def test_a_certificate_proves_who_one_is_and_each_assertion_does_so_once(azure: LocalAzure) -> None:
    principal = azure.add_principal("deployer", certificate=OWN)
    assertion = an_assertion(azure, principal)
    assert sign_in(azure, principal, assertion).status_code == 200
    assert code(sign_in(azure, principal, assertion)) == 700024


def test_an_assertion_is_refused_for_what_is_wrong_with_it(azure: LocalAzure) -> None:
    principal, another = azure.add_principal("deployer", certificate=OWN), azure.add_principal("x", certificate=OTHER)
    past = int(time.time()) - 10
    refused = {
        "signed by another": (principal, an_assertion(azure, principal, OTHER), 700027),
        "certificate of another": (another, an_assertion(azure, another), 700027),
        "for somebody else": (principal, an_assertion(azure, principal, aud=ARM), 700021),
        "from somebody else": (principal, an_assertion(azure, principal, iss="x"), 700021),
        "about somebody else": (principal, an_assertion(azure, principal, sub="x"), 700021),
        "expired": (principal, an_assertion(azure, principal, exp=past), 700024),
    }
    told = {name: code(sign_in(azure, who, assertion)) for name, (who, assertion, _) in refused.items()}
    assert told == {name: wanted for name, (_, _, wanted) in refused.items()}


def test_an_expired_certificate_is_told_as_such(azure: LocalAzure) -> None:
    late = new_client_certificate(days=-1)
    principal = azure.add_principal("deployer", certificate=late)
    assertion = jwt.encode(
        jwt.decode(an_assertion(azure, principal), options={"verify_signature": False}),
        late.key,
        algorithm="PS256",
        headers={"x5t#S256": late.thumbprint_256},
    )
    answer = sign_in(azure, principal, assertion)
    assert (code(answer), "The key used is expired" in answer.text) == (700027, True)


# The identities of a machine


def machine_token(azure: LocalAzure, **more: str) -> requests.Response:
    url = azure.machine_environment("imds")["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
    headers = {"Metadata": "true"} if "forwarded" not in more else {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}
    params = {"api-version": "2018-02-01", "resource": ARM, **more}
    params.pop("forwarded", None)
    return requests.get(f"{url}/metadata/identity/oauth2/token", params=params, headers=headers, timeout=10)


def test_a_machine_gives_tokens_of_its_own_identity_and_of_those_assigned_to_it(azure: LocalAzure) -> None:
    own, user = azure.add_principal("own"), azure.add_principal("user")
    azure.assign_to_machine(own=own, users=[user])
    for query, expected in (({}, own), ({"client_id": user.client_id.upper()}, user)):
        told = machine_token(azure, **query).json()
        assert jwt.decode(told["access_token"], options={"verify_signature": False})["oid"] == expected.object_id
        assert (told["client_id"], told["expires_in"]) == (expected.client_id, "3599")


def test_a_machine_has_no_token_for_who_is_not_there(azure: LocalAzure) -> None:
    assert machine_token(azure).json()["error_description"] == "Identity not found"
    first, second = azure.add_principal("first"), azure.add_principal("second")
    azure.assign_to_machine(users=[first])
    assert machine_token(azure).json()["client_id"] == first.client_id, "the only one it has"
    assert machine_token(azure, client_id=second.client_id).status_code == 400
    azure.assign_to_machine(users=[first, second])
    assert "Multiple user assigned identities exist" in machine_token(azure).text


def test_a_machine_refuses_a_call_that_a_proxy_passed_on_and_an_unknown_audience(azure: LocalAzure) -> None:
    azure.assign_to_machine(own=azure.add_principal("own"))
    assert "metadata header" in machine_token(azure, forwarded="yes").text
    assert "AADSTS500011" in machine_token(azure, resource="https://nowhere").text


def test_the_endpoint_of_app_service_needs_its_header(azure: LocalAzure) -> None:
    own = azure.add_principal("own")
    azure.assign_to_machine(own=own)
    environment = azure.machine_environment("app_service")
    url, header = environment["IDENTITY_ENDPOINT"], environment["IDENTITY_HEADER"]
    params = {"api-version": "2019-08-01", "resource": ARM}
    assert requests.get(url, params=params, timeout=10).status_code == 401
    told = requests.get(url, params=params, headers={"X-IDENTITY-HEADER": header}, timeout=10).json()
    assert (told["client_id"], told["expires_on"].isdigit()) == (own.client_id, True)


# Other clouds


@pytest.mark.parametrize("cloud", [US_GOVERNMENT, CHINA, STACK_WITH_ADFS], ids=["US", "China", "Stack"])
def test_in_one_cloud_the_names_of_the_others_lead_nowhere(azure: LocalAzure, cloud: AzureEnvironment) -> None:
    azure.move_to(cloud)
    for host in ("management.azure.com", "login.microsoftonline.com", "nobody.azurecr.io"):
        with pytest.raises(requests.exceptions.ProxyError):
            call(azure, "GET", f"https://{host}/")
    assert len(azure.unexpected) == 3
    azure.unexpected.clear()


def test_a_cloud_gives_no_tokens_for_the_audiences_of_another(azure: LocalAzure) -> None:
    azure.move_to(US_GOVERNMENT)
    principal = azure.add_principal("deployer", certificate=OWN)
    assert code(sign_in(azure, principal, an_assertion(azure, principal), ARM)) == 500011
    assert sign_in(azure, principal, an_assertion(azure, principal), US_GOVERNMENT.audiences[0]).status_code == 200


def test_an_azure_stack_tells_where_to_sign_in_and_names_the_versions_it_has(azure: LocalAzure) -> None:
    azure.move_to(STACK)
    url = f"https://{STACK.resource_manager}/metadata/endpoints?api-version=2015-01-01"
    assert call(azure, "GET", url).json()["authentication"] == {
        "loginEndpoint": "https://login.windows.net/",
        "audiences": [STACK.audiences[0]],
    }
    group = f"/subscriptions/{azure.subscription_id}/resourceGroups/rg-func"
    owner = azure.add_principal("owner", roles={f"/subscriptions/{azure.subscription_id}": "Contributor"})
    azure.add_app("app", pull=None)
    path = f"{group}/providers/Microsoft.Web/sites/app"
    refused = arm(azure, owner, "GET", path).json()["error"]
    assert (refused["code"], "'2016-03-01, 2016-08-01, 2018-02-01, 2018-12-01-alpha'" in refused["message"]) == (
        "NoRegisteredProviderFound",
        True,
    )
    assert arm(azure, owner, "GET", path, version="2018-02-01").status_code == 200
