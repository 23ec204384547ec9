"""Secrets and ids taken out of a recording, each replaced by the same stand-in wherever it occurs.

What stays are the forms: a token is still three parts with claims, an id still a GUID, an address still an address.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.acceptance.recording import Exchange

_GUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_UNDASHED = re.compile(r"(?<![0-9a-f:/])[0-9a-f]{32}(?![0-9a-f])", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]*\.([\w-]+)\.[\w-]*")
_ADDRESS = re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_IN_QUERY = re.compile(r"([?&](?:code|sig|key|token)=)[^&\s\"]+", re.IGNORECASE)
_SECRET_NAMES = re.compile(
    r"(?:secret|password|passwd|connectionstring|sharedkey|masterkey|primarykey|secondarykey|access_?key|sas|token)s?$",
    re.IGNORECASE,
)
_SECRET_LISTS = frozenset({"keys", "functionkeys", "systemkeys", "passwords", "secrets"})
_HARMLESS_SETTINGS = re.compile(r"^(FUNCTIONS_|WEBSITES_|WEBSITE_|GREETING$|DOCKER_|AzureFunctions)")
_SHORTEST = 4
_PUBLIC_IDS = frozenset(
    {
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",  # AcrPull
        "8311e382-0749-4cb8-b61a-304f252e45ec",  # AcrPush
        "b93aa761-3e63-49ed-ac28-beffa264f7ac",  # Container Registry Repository Reader
        "2a1e307c-b015-4ebd-883e-5b7698a07328",  # Container Registry Repository Writer
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
        "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
    }
)
"""Ids of roles, which are the same for everybody.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleaner:
    """Replaces what a recording may not show; one cleaner serves all runs of a session."""

    names: Mapping[str, str]
    """Names of this session's resources, with the stand-in for each."""
    secrets: frozenset[str] = frozenset()
    """Further texts that may not occur."""
    _ids: dict[str, str] = field(default_factory=dict)
    _hidden: dict[str, str] = field(default_factory=dict)

    def exchange(self, one: Exchange) -> Exchange:
        """Return an exchange without secrets and ids."""
        headers = {name: self.text(value) for name, value in one.headers.items()}
        return replace(one, url=self.text(one.url), headers=headers, text=self.body(one.text))

    def body(self, text: str) -> str:
        """Return a body: JSON by its names, anything else by its form."""
        try:
            value = json.loads(text)
        except ValueError:
            return self.text(text)
        return json.dumps(self.value(value), ensure_ascii=False) if isinstance(value, dict | list) else self.text(text)

    def value(self, value: Any, name: str = "") -> Any:  # noqa: ANN401 - what JSON holds
        """Return a value of JSON; `name` is the one that it has in its object."""
        if isinstance(value, dict) and name == "env" and not _HARMLESS_SETTINGS.match(str(value.get("name", ""))):
            return {key: self._hide(one) if key == "value" else self.value(one, key) for key, one in value.items()}
        if isinstance(value, dict):
            return {self.text(key): self._member(key, one, name) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, name) for one in value]
        if not isinstance(value, str):
            return value
        return self._hide(value) if _SECRET_NAMES.search(name) else self.text(value)

    def text(self, text: str) -> str:
        """Return a text."""
        for secret in sorted((*self.secrets, *self._hidden), key=len, reverse=True):
            text = text.replace(secret, self._hidden.get(secret, "REDACTED"))
        text = _JWT.sub(lambda found: self._token(found[1]), text)
        text = _GUID.sub(lambda found: self._id(found[0]), text)
        text = _UNDASHED.sub(lambda found: self._id(found[0]), text)
        for name in sorted(self.names, key=len, reverse=True):
            text = re.sub(re.escape(name), self.names[name], text, flags=re.IGNORECASE)
        text = _MAIL.sub("someone@example.com", text)
        text = _IN_QUERY.sub(r"\g<1>REDACTED", text)
        return _ADDRESS.sub(lambda found: _stand_in_address(found[0]), text)

    def _member(self, name: str, value: Any, parent: str) -> Any:  # noqa: ANN401 - what JSON holds
        """Return a member of an object: every value in a list of keys is hidden, and so are settings' values."""
        is_listed = parent.lower() in _SECRET_LISTS or (parent == "properties" and _is_setting(name, value))
        if isinstance(value, str) and is_listed:
            return self._hide(value)
        if name == "value" and isinstance(value, str) and parent.lower() in _SECRET_LISTS:
            return self._hide(value)
        return self.value(value, name)

    def _hide(self, secret: str) -> str:
        """Return the stand-in for a secret, and hide it from now on wherever it occurs."""
        if _JWT.fullmatch(secret):
            return self.text(secret)
        if len(secret) < _SHORTEST or secret.lower() in {"true", "false"}:
            return secret
        return self._hidden.setdefault(secret, f"REDACTED-{len(self._hidden) + 1}")

    def _token(self, claims: str) -> str:
        """Return a token with its claims, without ids and without a signature that is anybody's."""
        try:
            told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        except ValueError:
            told = {}
        cleaned = json.dumps(self.value(told)).encode()
        return f"e30.{base64.urlsafe_b64encode(cleaned).decode().rstrip('=')}.c2ln"

    def _id(self, found: str) -> str:
        plain = found.replace("-", "").lower()
        if plain.startswith("0" * 8) or found.lower() in _PUBLIC_IDS:
            return found
        stand_in = self._ids.setdefault(plain, f"{'0' * 8}00004000800000{len(self._ids) + 1:010d}")
        return stand_in if "-" not in found else "-".join(re.findall(r"(.{8})(.{4})(.{4})(.{4})(.{12})", stand_in)[0])


def _is_setting(name: str, value: object) -> bool:
    """Tell whether a member of `properties` looks like an app setting with a value of its own."""
    return (
        isinstance(value, str)
        and bool(re.fullmatch(r"[A-Z][A-Z0-9_]*_[A-Z0-9_]*|AzureWebJobs\w*", name))
        and not (_HARMLESS_SETTINGS.match(name))
    )


def _stand_in_address(address: str) -> str:
    """Return an address for documentation (RFC 5737); loopback, and the machine's own endpoint, stay."""
    return address if address.startswith(("127.", "0.", "169.254.")) else f"192.0.2.{int(address.rpartition('.')[2])}"
