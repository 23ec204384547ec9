"""What a registry says of how to sign in to it: the challenge it meets everybody with.

Sources: https://distribution.github.io/distribution/spec/auth/token/ and https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.cloud.http import Call, request
from pytask.errors.registry import NoRegistry
from pytask.registry.hosts import asked_at

if TYPE_CHECKING:
    from pytask.cloud.http import Door

_OPEN, _ASKS = 200, 401
_PART = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)')


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """How to sign in: `bearer` with a token of the service at `realm`, `basic` with user and password themselves."""

    scheme: str
    """Empty when the registry is open to everybody."""
    realm: str = ""
    service: str = ""


def challenge_of(door: Door, host: str) -> Challenge:
    """Give the challenge of a registry.

    Raises:
        NoRegistry: when what answers there is none.
    """
    call = Call(
        request=request("GET", f"https://{asked_at(host)}/v2/"),
        doing="ask the registry how to sign in",
        accept=frozenset({_OPEN, _ASKS, 404}),
    )
    answer = door.send(call)
    if answer.status_code == _OPEN:
        return Challenge(scheme="")
    known = [one for one in parse_challenges(answer.headers.get("WWW-Authenticate", "")) if one.scheme in _KNOWN]
    if answer.status_code != _ASKS or not known:
        raise NoRegistry(registry=host, status=answer.status_code)
    return min(known, key=lambda one: _KNOWN.index(one.scheme))


_KNOWN = ("bearer", "basic")
"""What is preferred comes first."""


def parse_challenges(header: str) -> list[Challenge]:
    """Give what a `WWW-Authenticate` header offers; what is no challenge in it is passed over."""
    offered: list[tuple[str, dict[str, str]]] = []
    for name, quoted, bare, scheme in _PART.findall(header):
        if scheme:
            offered.append((scheme.lower(), {}))
        elif offered:
            offered[-1][1][name.lower()] = re.sub(r"\\(.)", r"\1", quoted) or bare
    return [
        Challenge(scheme=scheme, realm=given.get("realm", ""), service=given.get("service", ""))
        for scheme, given in offered
    ]
