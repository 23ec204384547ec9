"""A secret of each kind, planted wherever a foreign answer can repeat it; the world of Azure's answers around a run."""

from __future__ import annotations

import base64
import html
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from tests.contract.foreign import ARM, ENTRA, REGISTRY, entra
from tests.contract.targets.site import ScriptedSite
from tests.corpus.azure import _OIDC_LOCATION
from tests.platform_lines import classic, classic_start
from tests.scripted import BEGAN, PATH, SENT_AT, Answer
from tests.unit.site.verifying import a_function

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.contract.builders.paper import Cabinet
    from tests.contract.foreign import Answer as Reply
    from tests.contract.foreign import Asked

DEVOPS, APP, ELSEWHERE = "dev.azure.com", "shop.azurewebsites.net", "evil.example"
CHIRP = "CHIRP"
"""Stands before what is repeated, so that a test sees that it was there to be shown."""
_WINDOW = 14
"""Characters of a secret that count as one."""


def canary(kind: str) -> str:
    """Return a new secret with what the encodings change; one that fits into a header as well."""
    return f"{secrets.token_hex(6)}+/{kind}&%~=<{secrets.token_hex(6)}"


def text_canary(kind: str) -> str:
    """Return a new secret that only a person would choose."""
    return f'{secrets.token_hex(6)}"\\{kind} *_ü+/&%<{secrets.token_hex(6)}'


def forms(secret: str) -> tuple[str, ...]:
    """Return what others make of a secret; written down apart from the product's own list."""
    data = secret.encode()
    return tuple(
        dict.fromkeys(
            (
                secret,
                quote(secret, safe=""),
                quote(secret),
                quote_plus(secret),
                json.dumps(secret)[1:-1],
                json.dumps(secret, ensure_ascii=False)[1:-1],
                html.escape(secret),
                *(base64.b64encode(user + data).decode() for user in (b"", b"u:", b"us:", b"robot:")),
                base64.urlsafe_b64encode(b"robot:" + data).decode(),
            )
        )
    )


def seen_in(secret: str, text: str) -> str:
    """Return a part of a secret that stands in a text, in any form; empty when there is none."""
    for form in forms(secret):
        core = form[8:-2] if len(form) > len(secret) and form[-1:] in "=Pp" else form
        for at in range(len(core) - _WINDOW + 1):
            if core[at : at + _WINDOW] in text:
                return core[at : at + _WINDOW]
    return ""


@dataclass
class Canaries:
    """All secrets of a run by their kinds; those that the world gives are known to others once it has given them."""

    given: dict[str, str] = field(default_factory=dict)
    """What the run begins with."""
    minted: dict[str, str] = field(default_factory=dict)
    turn: int = 0

    def mint(self, kind: str) -> str:
        """Return a secret that the world gives to the run."""
        return self.minted.setdefault(kind, canary(kind.replace(" ", "-")))

    @property
    def all(self) -> dict[str, str]:
        """Every secret that is known by now."""
        return {**self.given, **self.minted}

    def song(self, *, flat: bool = False) -> str:
        """Return a text that repeats every secret; each time another one comes first, as texts are shortened."""
        fitting = [word for word in self.words() if not flat or (word.isascii() and not {*word} & {'"', "\\"})]
        return " ".join([CHIRP, *(fitting[:40] if flat else fitting)])

    def words(self) -> list[str]:
        """Return the forms of every secret."""
        self.turn += 7
        words = [form for secret in self.all.values() for form in forms(secret)]
        return words[self.turn % len(words) :] + words[: self.turn % len(words)]

    def name(self) -> str:
        """Return a name of something, made of one secret."""
        return f"{CHIRP}-{next(word for word in self.words() if word.isascii() and not {*word} & set('/ '))}"


@dataclass
class Aviary:
    """The world: each host answers as it should, except where a place repeats what it has heard."""

    canaries: Canaries
    cabinet: Cabinet
    place: str
    settings: dict[str, str]
    """The app's, before the run."""
    known_to_the_app: dict[str, str]
    """The secrets in them, by their kinds; nobody else can repeat them before they are read."""
    site: ScriptedSite = field(default_factory=ScriptedSite)

    def hosts(self) -> dict[str, Callable[[Asked], Reply]]:
        """Return who answers."""
        return {ENTRA: self._entra, ARM: self._arm, REGISTRY: self._registry, DEVOPS: self._devops, APP: self._app}

    def _sings(self, place: str) -> bool:
        return self.place == place

    def _refusal(self, status: int) -> Reply:
        told = {"code": "Refused", "message": self.canaries.song()}
        headers = {"x-ms-correlation-request-id": self.canaries.song(flat=True)}
        return status, headers, {"error": told, "errors": [told], "message": told["message"]}

    def _devops(self, asked: Asked) -> Reply:
        if asked.line.startswith("OPTIONS"):
            return 200, {}, {"count": 1, "value": [_OIDC_LOCATION]}
        if self._sings("Azure DevOps"):
            return self._refusal(401)
        return 200, {}, {"oidcToken": self.canaries.mint("oidc token")}

    def _entra(self, asked: Asked) -> Reply:
        if asked.line.startswith("GET"):
            return entra(asked)
        if self._sings("Entra ID"):
            return 401, {}, {"error": "invalid_client", "error_description": f"AADSTS7000215: {self.canaries.song()}"}
        return 200, {}, {"access_token": self.canaries.mint("access token"), "expires_in": 3600, "token_type": "Bearer"}

    def _registry(self, asked: Asked) -> Reply:
        path = asked.line.split()[1]
        if path == "/v2/":
            realm = f"https://{REGISTRY}/oauth2/token"
            if self._sings("a challenge"):
                realm = f"https://{ELSEWHERE}/{self.canaries.song(flat=True)}"
            return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="{REGISTRY}"'}, {}
        if path.startswith("/oauth2/exchange"):
            if self._sings("the exchange"):
                return self._refusal(403)
            return 200, {}, {"refresh_token": self.canaries.mint("refresh token")}
        if path.startswith("/oauth2/"):
            return 200, {}, {"access_token": self.canaries.mint("registry token")}
        if self._sings("a manifest"):
            return self._refusal(500)
        return self._content(path.rpartition("/")[2])

    def _content(self, wanted: str) -> Reply:
        digest = self.cabinet.tags.get(wanted, wanted)
        if digest not in self.cabinet.content:
            return 404, {}, {"errors": []}
        media_type, content = self.cabinet.content[digest]
        return 200, {"Docker-Content-Digest": digest, "Content-Type": media_type}, content

    def _app(self, asked: Asked) -> Reply:
        del asked
        if self._sings("a smoke test"):
            return 500, {}, self.canaries.song().encode()
        return 200, {}, (self.canaries.song() if self._sings("a greeting") else "hello").encode()

    def _arm(self, asked: Asked) -> Reply:
        method, url, _ = asked.line.split()
        path = url.partition("?")[0].removeprefix(PATH).strip("/")
        if path.startswith("slots/staging/") and path.split("/")[2] in {"slotsswap", "operationresults"}:
            return self._swap(path)
        path = path.removeprefix("slots/staging").strip("/")  # where all is as in production
        if (method, path) == _REFUSED_AT.get(self.place):
            return self._refusal(403)
        if (method, path) == _REDIRECTED_AT.get(self.place):
            return (
                302,
                {"Location": f"https://{ELSEWHERE}/{quote(self.canaries.song())}"},
                self.canaries.song().encode(),
            )
        answer = self._answer(method, path, asked.body)
        return answer.status, dict(answer.headers), answer.content

    def _swap(self, path: str) -> Reply:
        if path.endswith("slotsswap"):
            where = f"https://{ARM}{PATH}/slots/staging/operationresults/1?api-version=2025-05-01"
            return self._refusal(403) if self._sings("a refused swap") else (202, {"Location": where}, b"")
        return self._refusal(417)

    def _answer(self, method: str, path: str, body: str) -> Answer:
        site, since = self.site, self.site.clock.monotonic() - SENT_AT
        if method == "PATCH":
            site.config.update(json.loads(body or "{}").get("properties", {}))
            site.updated = since
        if path.endswith("/listkeys"):
            return Answer(body={"default": self.canaries.mint("function key")})
        if path.endswith("/listCredentials"):
            passwords = [{"name": "password", "value": self.canaries.mint("admin password")}]
            return Answer(body={"username": "contoso", "passwords": passwords})
        if path.endswith("Microsoft.ContainerRegistry/registries"):
            return Answer(body={"value": [_REGISTRY]})
        if method == "PUT":
            self.settings = {**self.settings, **json.loads(body)["properties"]}
            return Answer(body={"properties": self.settings})
        if path.endswith("appsettings/list"):
            self.canaries.minted |= self.known_to_the_app
            return Answer(body={"properties": self.settings})
        found = site.routes[f"{method} {path}"](since)
        assert isinstance(found, Answer)
        return self._sung(f"{method} {path}", found)

    def _sung(self, route: str, answer: Answer) -> Answer:
        """Return an answer of the app's, which the container has a say in."""
        if route == "GET functions":
            one: dict[str, Any] = a_function(level="function")
            one["properties"]["name"] = self.canaries.name() if self._sings("a function's name") else "hello"
            if self._sings("a trigger"):
                one["properties"]["config"]["bindings"][0]["type"] = f"{self.canaries.song()} trigger"
            return Answer(body={"value": [one]})
        if route == "POST containerlogs" and self._sings("the platform's log"):
            return Answer(body=self._log() if self.site.updated >= 0 else "")
        if route.startswith("GET hostruntime") and self._sings("a host's error"):
            status = json.loads(answer.content)
            return Answer(body={**status, "state": "Error", "errors": [self.canaries.song()]})
        return answer

    def _log(self) -> str:
        """Return the log of a start that fails; the update's time is that of the server's clock."""
        at = (datetime.now(timezone.utc) - BEGAN).total_seconds() + 2
        lines = "".join(f"{line}\n" for line in (*self.canaries.words(), CHIRP))
        said = f"Container shop_1_0a1b2c3d for site shop has exited, failing site start {self.canaries.song(flat=True)}"
        return f"{classic_start(at, ready=None)}{lines}{classic(at + 3, said, 'ERROR')}"


_REFUSED_AT: Mapping[str, tuple[str, str]] = {
    "reading the app": ("GET", ""),
    "reading the settings": ("POST", "config/appsettings/list"),
    "writing the settings": ("PUT", "config/appsettings"),
    "the update": ("PATCH", "config/web"),
}
_REDIRECTED_AT: Mapping[str, tuple[str, str]] = {
    "a redirect": ("GET", ""),
    "a redirected update": ("PATCH", "config/web"),
}
SWAPS = ("a refused swap", "a failed swap")
PLACES = (
    *_REFUSED_AT,
    *_REDIRECTED_AT,
    "Entra ID",
    "Azure DevOps",
    "a challenge",
    "the exchange",
    "a manifest",
    "a smoke test",
    "a greeting",
    "a function's name",
    "a trigger",
    "the platform's log",
    "a host's error",
    *SWAPS,
    "a build's output",
    "a build's failure",
    "an engine's error",
    "an unforeseen error",
    "nowhere",
)
_REGISTRY = {
    "id": "/subscriptions/the-subscription/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso",
    "name": "contoso",
    "properties": {"loginServer": REGISTRY, "adminUserEnabled": True},
}
