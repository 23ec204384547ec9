"""The one tenant and subscription of the local Azure, by their ids."""

from __future__ import annotations

TENANT_ID = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SUBSCRIPTION_NAME = "Contoso Production"
LOCATION = "West Europe"


def group_id(resource_group: str) -> str:
    """Give the resource id of a resource group."""
    return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{resource_group}"
