"""The product's own way into a registry, for tests and measurements that need only this part of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytask.agent.network import read_network
from pytask.clock import Clock, Timeouts
from pytask.cloud.arm import open_azure
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import open_http_client
from pytask.model import Cloud, KeyIdentity, RegistryHost, Secret, ServiceConnection
from pytask.network.route import open_route
from pytask.registry.contents import Repository
from pytask.registry.registries import Registries
from tests.local_azure.state.state import SUBSCRIPTION_ID, SUBSCRIPTION_NAME, TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure

PUBLIC = Cloud(
    arm_url="https://management.azure.com",
    authority_url="https://login.microsoftonline.com",
    arm_scope="https://management.azure.com/.default",
)


def azure_for(
    client_id: str, secret: str, *, timeouts: Timeouts | None = None, say: Callable[[str], None] = lambda _: None
) -> Azure:
    """Return the ways to Azure of a principal, over the network of this process; nothing is sent yet."""
    connection = ServiceConnection(
        id="11111111-aaaa-4aaa-8aaa-222222222222",
        input="azureSubscription",
        page="https://the.page",
        tenant_id=TENANT_ID,
        subscription_id=SUBSCRIPTION_ID,
        subscription_name=SUBSCRIPTION_NAME,
        cloud=PUBLIC,
        identity=KeyIdentity(client_id=client_id, secret=Secret(secret)),
    )
    route = open_route(read_network(os.environ, Secret), say)
    http = open_http_client(route, clock=Clock(), timeouts=timeouts or Timeouts(), say=say)
    return open_azure(open_credentials(connection, http=http, fresh_assertion=str, mask=Secret, environment={}), http)


def repository_for(client_id: str, secret: str, *, login_server: str, name: str) -> Repository:
    """Return a repository, signed in as a principal."""
    azure = azure_for(client_id, secret)
    registries = Registries(azure=azure, login=None, http=azure.http, mask=Secret)
    return Repository(session=registries.open(RegistryHost.parse(login_server)), name=name)
