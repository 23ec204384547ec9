"""Parsing the name, login server or resource ID of a registry."""

from __future__ import annotations

import re

from pytask.decode import decode, text_at
from pytask.errors.inputs import RegistryInvalid
from pytask.model import NotAReference, RegistryAddress, RegistryHost
from pytask.registry.hosts import host_in, registry_name

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{3,61}[a-z0-9]")
_RESOURCE_ID = re.compile(
    r"/subscriptions/[\w.-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.ContainerRegistry/registries/([a-z0-9-]+)",
    re.IGNORECASE,
)


def parse_registry(text: str, *, input_name: str) -> RegistryAddress:
    """Return the registry behind a login server, a name, a resource ID, or Docker@1's `{"loginServer":…,"id":…}`.

    Raises:
        RegistryInvalid: for anything else.
    """
    value = text.strip()
    try:
        return _from_json(value) if value.startswith("{") else _from_text(value)
    except ValueError as error:
        raise RegistryInvalid(input=input_name, value=value) from error


def is_registry_id(text: str) -> bool:
    """Tell whether this is the resource ID of a registry; Azure writes the parts of an id in any case."""
    return _RESOURCE_ID.fullmatch(text) is not None


def _from_text(value: str) -> RegistryAddress:
    if value.startswith("/"):
        return RegistryAddress(name=_name_in(value), resource_id=value.rstrip("/"))
    if "." in value or ":" in value:
        return _at(_host(value))
    if not _NAME.fullmatch(value.lower()):
        raise NotAReference(value)
    return RegistryAddress(name=value.lower())


def _from_json(value: str) -> RegistryAddress:
    fields = decode(value)
    host, resource_id = RegistryHost.parse(text_at(fields, "loginServer")), text_at(fields, "id")
    if not resource_id:
        return _at(host)
    return RegistryAddress(name=_name_in(resource_id), login_server=host, resource_id=resource_id.rstrip("/"))


def _at(host: RegistryHost) -> RegistryAddress:
    return RegistryAddress(name=registry_name(host), login_server=host)


def _host(value: str) -> RegistryHost:
    """Return the login server alone: a repository after it belongs in imageName."""
    if "/" in value.partition("://")[2].rstrip("/") or ("://" not in value and "/" in value.rstrip("/")):
        raise NotAReference(value)
    return host_in(value)


def _name_in(resource_id: str) -> str:
    """Return the registry's name from its id; raise ValueError for an id that must not go into a call to ARM."""
    found = _RESOURCE_ID.fullmatch(resource_id.rstrip("/"))
    if not found:
        raise NotAReference(resource_id)
    return found.group(1).lower()
