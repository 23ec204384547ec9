"""Service connections: what each scheme needs, and which cloud a connection names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.model import CertificateIdentity, Cloud, FederatedIdentity, KeyIdentity, ManagedIdentity, Secret
from tests.unit.inputs.environments import CERTIFICATE, ID, an_environment, codes, connected

if TYPE_CHECKING:
    from pathlib import Path


def test_the_connection_is_found_whatever_the_case_of_its_id(tmp_path: Path) -> None:
    connection = connected(an_environment(tmp_path))
    assert connection.id == ID
    assert connection.cloud.arm_url == "https://management.azure.com"
    assert connection.cloud.arm_scope == "https://management.core.windows.net//.default"
    assert connection.identity == KeyIdentity(client_id="the-client", secret=Secret("the-key"))


def test_a_federated_connection_needs_no_key(tmp_path: Path) -> None:
    environment = an_environment(tmp_path) | {f"ENDPOINT_AUTH_SCHEME_{ID}": "WorkloadIdentityFederation"}
    del environment[f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY"]
    assert isinstance(connected(environment).identity, FederatedIdentity)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": ""}, "connection-incomplete"),
        ({f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": ""}, "connection-incomplete"),
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": ""}, "connection-incomplete"),
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": "contoso/x"}, "connection-incomplete"),
        ({f"ENDPOINT_URL_{ID}": "http://management.azure.com"}, "connection-incomplete"),
        ({f"ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYAUTHORITY": "http://login"}, "connection-incomplete"),
        ({f"ENDPOINT_AUTH_SCHEME_{ID}": "PublishProfile"}, "connection-scheme-unsupported"),
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_AUTHENTICATIONTYPE": "spnCertificate"}, "connection-incomplete"),
        ({**CERTIFICATE, f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALCERTIFICATE": "x"}, "certificate-incomplete"),
        (
            {f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": "", f"ENDPOINT_DATA_{ID}_SCOPELEVEL": "ManagementGroup"},
            "connection-of-no-subscription",
        ),
    ],
)
def test_a_connection_that_cannot_be_used_says_why(tmp_path: Path, changed: dict[str, str], code: str) -> None:
    assert codes(an_environment(tmp_path) | changed) == [code]


def test_a_connection_of_old_without_a_scheme_is_a_service_principal(tmp_path: Path) -> None:
    connection = connected(an_environment(tmp_path) | {f"ENDPOINT_AUTH_SCHEME_{ID}": ""})
    assert isinstance(connection.identity, KeyIdentity)


def test_a_connection_with_a_certificate_needs_no_key(tmp_path: Path) -> None:
    connection = connected(an_environment(tmp_path) | CERTIFICATE)
    assert isinstance(connection.identity, CertificateIdentity)
    assert len(connection.identity.certificates) == 1


@pytest.mark.parametrize("client", ["", "the-user-assigned-one"])
def test_a_managed_identity_needs_neither_key_nor_principal(tmp_path: Path, client: str) -> None:
    changed = {
        f"ENDPOINT_AUTH_SCHEME_{ID}": "ManagedServiceIdentity",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALID": "",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "",
        f"ENDPOINT_DATA_{ID}_MSICLIENTID": client,
    }
    assert connected(an_environment(tmp_path) | changed).identity == ManagedIdentity(client_id=client)


def test_the_page_of_a_connection_is_where_one_edits_it(tmp_path: Path) -> None:
    environment = an_environment(tmp_path)
    assert connected(environment).page == "Project settings > Service connections"
    environment |= {"SYSTEM_COLLECTIONURI": "https://dev.azure.com/contoso/", "SYSTEM_TEAMPROJECT": "My Functions"}
    page = f"https://dev.azure.com/contoso/My%20Functions/_settings/adminservices?resourceId={ID}"
    assert connected(environment).page == page


@pytest.mark.parametrize(
    ("data", "url", "expected"),
    [
        ({}, "https://management.azure.com/", Cloud(
            arm_url="https://management.azure.com",
            authority_url="https://login.microsoftonline.com",
            arm_scope="https://management.azure.com//.default",
        )),
        (
            {
                "environment": "AzureUSGovernment",
                "environmentAuthorityUrl": "https://login.microsoftonline.us/",
                "activeDirectoryServiceEndpointResourceId": "https://management.core.usgovcloudapi.net/",
            },
            "https://management.usgovcloudapi.net/",
            Cloud(
                arm_url="https://management.usgovcloudapi.net",
                authority_url="https://login.microsoftonline.us",
                arm_scope="https://management.core.usgovcloudapi.net//.default",
            ),
        ),
        ({"environment": "AzureUSGovernment"}, "https://management.usgovcloudapi.net/", Cloud(
            arm_url="https://management.usgovcloudapi.net",
            authority_url="",
            arm_scope="https://management.usgovcloudapi.net//.default",
        )),
        ({"environment": "AzureStack"}, "https://management.local.azurestack.external/", Cloud(
            arm_url="https://management.local.azurestack.external", authority_url="", arm_scope=""
        )),
        (
            {
                "environment": "AzureStack",
                "environmentAuthorityUrl": "https://adfs.local.azurestack.external/adfs/",
                "activeDirectoryServiceEndpointResourceId": "https://management.adfs.azurestack.local/1",
            },
            "https://management.local.azurestack.external",
            Cloud(
                arm_url="https://management.local.azurestack.external",
                authority_url="https://adfs.local.azurestack.external",
                arm_scope="https://management.adfs.azurestack.local/1/.default",
                adfs=True,
            ),
        ),
        (
            {"environment": "AzureStack", "enableAdfsAuthentication": "true"},
            "https://management.local.azurestack.external",
            Cloud(arm_url="https://management.local.azurestack.external", authority_url="", arm_scope="", adfs=True),
        ),
    ],
)  # fmt: skip
def test_the_cloud_is_what_the_connection_says(tmp_path: Path, data: dict[str, str], url: str, expected: Cloud) -> None:
    environment = an_environment(tmp_path) | {f"ENDPOINT_URL_{ID}": url}
    del environment[f"ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYSERVICEENDPOINTRESOURCEID"]
    environment |= {f"ENDPOINT_DATA_{ID}_{name.upper()}": value for name, value in data.items()}
    assert connected(environment).cloud == expected
