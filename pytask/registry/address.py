"""Which registry is meant."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pytask.errors.inputs import RegistryInvalid
from pytask.model import RegistryAddress

if TYPE_CHECKING:
    from typing import Any

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{3,61}[a-z0-9]")
_LOGIN_SERVER = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
_RESOURCE_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ContainerRegistry/registries/([^/]+)",
    re.IGNORECASE,
)


def parse_registry(text: str, *, input_name: str) -> RegistryAddress:
    """Give the registry behind a login server, a name, a resource id, or Docker@1's `{"loginServer":…,"id":…}`.

    Raises:
        RegistryInvalid: for anything else.
    """
    value = text.strip()
    if value.startswith("{"):
        return _from_json(value, input_name)
    if found := _RESOURCE_ID.fullmatch(value.rstrip("/")):
        return RegistryAddress(name=found.group(1).lower(), resource_id=value.rstrip("/"))
    return _from_name(value, input_name)


def _from_name(value: str, input_name: str) -> RegistryAddress:
    host = re.sub(r"^https?://", "", value.lower()).rstrip("/")
    if ("." in host or ":" in host) and _LOGIN_SERVER.fullmatch(host):
        return RegistryAddress(name=host.partition(".")[0], login_server=host)
    if not _NAME.fullmatch(host):
        raise RegistryInvalid(input=input_name, value=value)
    return RegistryAddress(name=host)


def _from_json(value: str, input_name: str) -> RegistryAddress:
    try:
        fields: Any = json.loads(value)
        host = str(fields["loginServer"]).lower()
        return RegistryAddress(name=host.partition(".")[0], login_server=host, resource_id=str(fields.get("id") or ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryInvalid(input=input_name, value=value) from error
