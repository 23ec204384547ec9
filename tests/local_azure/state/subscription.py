"""The tenants and subscriptions of the local Azure, by their ids. In all but the first there are registries only."""

from __future__ import annotations

from dataclasses import dataclass

TENANT_ID = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SUBSCRIPTION_NAME = "Contoso Production"
LOCATION = "West Europe"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A subscription, and the tenant that it trusts."""

    id: str
    name: str
    tenant_id: str


PRODUCTION = Subscription(id=SUBSCRIPTION_ID, name=SUBSCRIPTION_NAME, tenant_id=TENANT_ID)
SHARED = Subscription(id="bbbbbbbb-cccc-4ddd-8eee-ffffffffffff", name="Contoso Shared", tenant_id=TENANT_ID)
"""Another one of the same tenant."""
FABRIKAM = Subscription(
    id="cccccccc-dddd-4eee-8fff-aaaaaaaaaaaa",
    name="Fabrikam",
    tenant_id="99999999-8888-4777-8666-555555555555",
)
"""One of another tenant."""
SUBSCRIPTIONS = {one.id: one for one in (PRODUCTION, SHARED, FABRIKAM)}
TENANTS = {one.tenant_id for one in SUBSCRIPTIONS.values()}


def group_id(resource_group: str, subscription: Subscription = PRODUCTION) -> str:
    """Return the resource id of a resource group."""
    return f"/subscriptions/{subscription.id}/resourceGroups/{resource_group}"
