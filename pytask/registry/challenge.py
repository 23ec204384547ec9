"""How to sign in to a registry, according to the challenge in its answer to a first, anonymous call.

Sources: https://distribution.github.io/distribution/spec/auth/token/ and https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.http import Call, request
from pytask.errors.registry import NoRegistry
from pytask.model import NotAReference, RegistryHost
from pytask.registry.hosts import asked_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.cloud.http import HttpClient

_ENDS_A_WORD = frozenset(' \t,="')
_SCHEME = frozenset(string.ascii_letters + string.digits + "-")
_IN_A_PATH = frozenset(string.ascii_letters + string.digits + "-._~!$&'()*+,;=:%/?")
_TLS = "https://"


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """How to sign in: `bearer` with a token of the service at `realm`, `basic` directly with user and password."""

    scheme: str
    """Empty when the registry requires no sign-in."""
    realm: str = ""
    service: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Realm:
    """The address where a registry issues tokens; always over TLS."""

    host: RegistryHost
    path: str
    """Includes the query."""

    @staticmethod
    def parse(text: str) -> Realm:
        """Return the address that a challenge names, rebuilt from its allowed parts.

        Raises:
            NotAReference: for an address without TLS, or one that HTTP clients may parse differently.
        """
        if not text[: len(_TLS)].lower() == _TLS or not text.isascii():
            raise NotAReference(f"'{text}' is not an https address")
        rest = text[len(_TLS) :]
        end = next((at for at, character in enumerate(rest) if character in "/?"), len(rest))
        if not _IN_A_PATH.issuperset(rest[end:]):
            raise NotAReference(f"'{text}' has more than a host, a path and a query")
        return Realm(host=RegistryHost.parse(rest[:end]), path=rest[end:])

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{_TLS}{self.host}{self.path}"


def challenge_of(http: HttpClient, host: RegistryHost) -> Challenge:
    """Return the challenge of a registry.

    Raises:
        NoRegistry: when the host is not a registry.
    """
    call = Call(
        request=request("GET", f"https://{asked_at(host)}/v2/"),
        doing="ask the registry how to sign in",
        accept={HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND},
    )
    answer = http.send(call)
    if answer.status_code == HTTPStatus.OK:
        return Challenge(scheme="")
    known = [one for one in parse_challenges(answer.headers.get("WWW-Authenticate", "")) if one.scheme in _KNOWN]
    if answer.status_code != HTTPStatus.UNAUTHORIZED or not known:
        raise NoRegistry(registry=str(host), status=answer.status_code)
    return min(known, key=lambda one: _KNOWN.index(one.scheme))


_KNOWN = ("bearer", "basic")
"""The preferred scheme first."""


def parse_challenges(header: str) -> list[Challenge]:
    """Return the challenges in a `WWW-Authenticate` header; anything else in it is skipped."""
    words = [*_words(header), ""]
    offered: list[tuple[str, dict[str, str]]] = []
    at = 0
    while at < len(words) - 1:
        word, following = words[at], words[at + 1]
        if following == "=" and at + 2 < len(words) and words[at + 2] not in {"", ",", "="}:
            if offered:
                offered[-1][1][word.lower()] = words[at + 2].removeprefix('"')
            at += 3
            continue
        if word[0].isalpha() and following != "=" and _SCHEME.issuperset(word):
            offered.append((word.lower(), {}))
        at += 1
    return [
        Challenge(scheme=scheme, realm=given.get("realm", ""), service=given.get("service", ""))
        for scheme, given in offered
    ]


def _words(header: str) -> Iterator[str]:
    """Yield words, `=`, `,` and quoted texts; a quoted text keeps its opening quote, but no escapes."""
    at = 0
    while at < len(header):
        begin = at
        if header[at] == '"':
            text, at = _quoted(header, at + 1)
            yield f'"{text}'
        elif header[at] in _ENDS_A_WORD:
            at += 1
            if header[begin] in "=,":
                yield header[begin]
        else:
            while at < len(header) and header[at] not in _ENDS_A_WORD:
                at += 1
            yield header[begin:at]


def _quoted(header: str, at: int) -> tuple[str, int]:
    """Return the quoted text at a position, and the position after it; an unclosed one extends to the end."""
    text: list[str] = []
    while at < len(header) and header[at] != '"':
        at += header[at] == "\\" and at + 1 < len(header)
        text.append(header[at])
        at += 1
    return "".join(text), at + 1
