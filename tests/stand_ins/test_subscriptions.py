"""Other subscriptions and another tenant: who gets in where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.client import arm
from tests.local_azure.state.subscription import FABRIKAM, PRODUCTION, SHARED
from tests.stand_ins.test_registries import VERSION, exchanged

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.subscription import Subscription

OWN = "https://containerregistry.azure.net"


def listing(subscription: Subscription) -> str:
    return f"/subscriptions/{subscription.id}/providers/Microsoft.ContainerRegistry/registries"


def test_a_subscription_lists_its_own_registries(azure: LocalAzure) -> None:
    here, there = azure.add_registry("contoso"), azure.add_registry("platform", subscription=SHARED)
    reader = azure.add_principal("reader", secret="a", roles={one.id: "Reader" for one in (here, there)})
    for subscription, registry in ((PRODUCTION, here), (SHARED, there)):
        (found,) = arm(azure, reader, "GET", listing(subscription), version=VERSION).json()["value"]
        assert found["id"].lower() == registry.id.lower()
        assert arm(azure, reader, "GET", registry.id, version=VERSION).json()["name"] == registry.name
    elsewhere = there.id.replace(SHARED.id, PRODUCTION.id)
    assert arm(azure, reader, "GET", elsewhere, version=VERSION).status_code in {403, 404}


def test_a_subscription_and_its_registries_know_their_own_tenant_only(azure: LocalAzure) -> None:
    registry = azure.add_registry("platform", subscription=FABRIKAM)
    stranger = azure.add_principal("stranger", secret="a", roles={registry.id: "Owner"})
    own = azure.add_principal("own", secret="b", tenant_id=FABRIKAM.tenant_id, roles={registry.id: "Owner"})
    refused = arm(azure, stranger, "GET", registry.id, version=VERSION)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationTokenTenant")
    assert arm(azure, own, "GET", registry.id, version=VERSION).status_code == 200
    assert exchanged(azure, registry, stranger, OWN, tenant=FABRIKAM.tenant_id).status_code == 401
    assert exchanged(azure, registry, own, OWN).status_code == 401
    assert exchanged(azure, registry, own, OWN, tenant=FABRIKAM.tenant_id).status_code == 200
