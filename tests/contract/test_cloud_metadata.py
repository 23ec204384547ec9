"""Asking a cloud's Resource Manager where to sign in, when the connection does not say."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest

from pytask.cloud.metadata import with_known_cloud
from pytask.errors.sign_in import CloudUnknown
from pytask.model import Cloud, KeyIdentity, Secret, ServiceConnection
from tests.contract.http_clients import an_http_client
from tests.contract.test_http_client import QUICK, Server

CONNECTION = ServiceConnection(
    id="id",
    input="azureSubscription",
    page="https://the.page",
    tenant_id="tenant",
    subscription_id="sub",
    subscription_name="Contoso",
    cloud=Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope="https://arm/.default"),
    identity=KeyIdentity(client_id="client", secret=Secret("s")),
)
AUDIENCE = "https://management.local.azurestack.external/1e6a"


def answered(body: object, authority: str = "") -> Cloud:
    """Return what becomes of a cloud that names at most its authority, when its Resource Manager answers so."""
    with closing(Server()) as server:
        server.answers.append((200, {}, json.dumps(body)))
        cloud = replace(CONNECTION.cloud, arm_url=server.url, authority_url=authority, arm_scope="")
        http = an_http_client(QUICK)
        found = with_known_cloud(replace(CONNECTION, cloud=cloud), http).cloud
        assert server.asked == ["GET /metadata/endpoints?api-version=2015-01-01"]
    return replace(found, arm_url="")


def told(endpoint: str) -> object:
    return {"galleryEndpoint": "https://x", "authentication": {"loginEndpoint": endpoint, "audiences": [AUDIENCE]}}


def test_what_the_connection_leaves_open_is_what_its_cloud_says() -> None:
    expected = Cloud(arm_url="", authority_url="https://login.windows.net", arm_scope=f"{AUDIENCE}/.default")
    assert answered(told("https://login.windows.net/")) == expected


def test_what_the_connection_says_stays() -> None:
    cloud = answered(told("https://login.windows.net/"), "https://own")
    assert (cloud.authority_url, cloud.arm_scope) == ("https://own", f"{AUDIENCE}/.default")


def test_a_stack_with_adfs_is_recognized() -> None:
    cloud = answered(told("https://adfs.local.azurestack.external/adfs/"))
    assert (cloud.authority_url, cloud.adfs) == ("https://adfs.local.azurestack.external", True)


@pytest.mark.parametrize("body", [{}, [], {"authentication": {"loginEndpoint": "https://x", "audiences": []}}])
def test_another_kind_of_answer_says_what_to_correct(body: object) -> None:
    with pytest.raises(CloudUnknown) as caught:
        answered(body)
    assert caught.value.tell(caught.value.fix).endswith("service connection (https://the.page)")


def test_a_connection_that_says_all_asks_nobody() -> None:
    nobody = an_http_client(QUICK)
    assert with_known_cloud(CONNECTION, nobody) is CONNECTION
