"""Parsing the names and ids of a Function App, of any kind, and an identity."""

from __future__ import annotations

import re

from pytask.errors.inputs import AppNameInvalid, SlotInvalid
from pytask.errors.pull import PullIdentityInvalid
from pytask.model import AppAddress

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])")
_RESOURCE_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Web/sites/([^/]+)(?:/slots/([^/]+))?",
    re.IGNORECASE,
)
_CONTAINER_APP_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.App/containerApps/([^/]+)", re.IGNORECASE
)
_SLOT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,57}[A-Za-z0-9])?")
_CLIENT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_IDENTITY = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/[^/]+",
    re.IGNORECASE,
)


def parse_app(text: str, *, input_name: str) -> AppAddress:
    """Return the app with a name or resource ID.

    Sources: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftweb and
    #microsoftapp

    Raises:
        AppNameInvalid: for anything else.
    """
    value = text.strip().rstrip("/")
    if found := _RESOURCE_ID.fullmatch(value):
        subscription, group, name, slot = found.groups()
        return AppAddress(subscription_id=subscription.lower(), resource_group=group, name=name, slot=slot or "")
    if found := _CONTAINER_APP_ID.fullmatch(value):
        subscription, group, name = found.groups()
        return AppAddress(subscription_id=subscription.lower(), resource_group=group, name=name, on_container_apps=True)
    if not _NAME.fullmatch(value):
        raise AppNameInvalid(input=input_name, value=text)
    return AppAddress(name=value)


def parse_slot(text: str, *, input_name: str) -> str:
    """Return the slot; empty for production, which has no name in Azure's paths.

    Raises:
        SlotInvalid: for anything else.
    """
    if not _SLOT.fullmatch(text):
        raise SlotInvalid(input=input_name, value=text)
    return "" if text.lower() == "production" else text


def is_site_id(text: str) -> bool:
    """Tell whether this is a site's resource ID; Azure writes its parts in any case (`resourcegroups`)."""
    found = _RESOURCE_ID.fullmatch(text)
    return found is not None and found.group(4) is None


def parse_identity(text: str, *, input_name: str) -> str:
    """Return the client ID or the resource ID of a user-assigned identity; empty for none.

    Raises:
        PullIdentityInvalid: for anything else.
    """
    value = text.strip().rstrip("/")
    if not value or _IDENTITY.fullmatch(value):
        return value
    if not _CLIENT_ID.fullmatch(value):
        raise PullIdentityInvalid(input=input_name, value=text)
    return value.lower()
