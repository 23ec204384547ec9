"""The Azure in which the task is measured beside Microsoft's answers what theirs ask; nobody else's does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local_azure.client import arm, call
from tests.measure.peers_azure import AzureForPeers
from tests.stand_ins.conftest import CACHE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, Site

CALLS = (
    ("GET", "/", "2016-08-01"),
    ("POST", "/config/publishingcredentials/list", "2016-08-01"),
    ("GET", "/basicPublishingCredentialsPolicies/scm", "2022-03-01"),
    ("POST", "/config/appsettings/list", "2016-08-01"),
    ("GET", "/config/web", "2018-02-01"),
    ("POST", "/config/metadata/list", "2016-08-01"),
    ("POST", "/publishxml", "2016-08-01"),
)


@pytest.fixture
def theirs(folder: Path) -> Iterator[AzureForPeers]:
    with AzureForPeers(folder=folder, cache=CACHE) as azure:
        yield azure


def _statuses(azure: LocalAzure, principal: Principal, site: Site) -> set[int]:
    made = [arm(azure, principal, method, site.id + path, version=version) for method, path, version in CALLS]
    return {answer.status_code for answer in made}


def test_calls_of_microsofts_tasks_are_answered_where_they_are_measured(theirs: AzureForPeers) -> None:
    site = theirs.add_app("shop")
    principal = theirs.add_principal("peer", secret="s3cret", roles={site.id: "Website Contributor"})
    assert _statuses(theirs, principal, site) == {200}
    noted = arm(theirs, principal, "PUT", f"{site.id}/config/metadata", json={"properties": {"a": "b"}})
    listed = arm(theirs, principal, "POST", f"{site.id}/config/metadata/list")
    assert noted.json()["properties"] == listed.json()["properties"] == {"a": "b"}
    profile = arm(theirs, principal, "POST", f"{site.id}/publishxml")
    assert f'destinationAppUrl="{site.url}"' in profile.text
    assert call(theirs, "PUT", "https://shop.scm.azurewebsites.net/api/deployments/1").json()["id"] == "1"
    assert theirs.unexpected == []


def test_a_token_of_the_old_endpoint_is_taken_by_arm(theirs: AzureForPeers) -> None:
    site = theirs.add_app("shop")
    principal = theirs.add_principal("peer", secret="s3cret", roles={site.id: "Website Contributor"})
    form = {"client_id": principal.client_id, "client_secret": "s3cret", "resource": "https://management.azure.com/"}
    url = f"https://login.windows.net/{theirs.tenant_id}/oauth2/token/"
    token = call(theirs, "POST", url, data=form).json()["access_token"]
    address = f"https://management.azure.com{site.id}?api-version=2025-05-01"
    assert call(theirs, "GET", address, headers={"Authorization": f"Bearer {token}"}).json()["name"] == "shop"
    assert call(theirs, "POST", url, data={**form, "client_secret": "wrong"}).status_code == 401


def test_the_usual_azure_knows_none_of_these_calls(azure: LocalAzure, deployer: Principal) -> None:
    assert _statuses(azure, deployer, azure.add_app("shop")) == {501}
    azure.unexpected.clear()
