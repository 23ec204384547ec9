"""The smoke test: one call of the app from the agent, as a client would make it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytask.cloud.http import Call, request
from pytask.errors.azure import AzureFailing
from pytask.errors.network import NetworkFailure
from pytask.functionapp.host import NotAllowed, function_key

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Azure
    from pytask.model import Function, SmokeTest, Target

_EVERY_ANSWER = frozenset(range(100, 600))
_REDIRECTS = range(300, 400)
_LOGIN_PAGES = ("/oauth2/authorize", "/oauth2/v2.0/authorize", "/.auth/login")
"""Paths, as the hosts differ from cloud to cloud."""
_CLOSED = re.compile(r"ip forbidden|web app is stopped|does not have permission to view", re.IGNORECASE)
_FORBIDDEN_ADDRESS = "x-ms-forbidden-ip"
"""What App Service's front end adds when access restrictions keep a client out.
https://learn.microsoft.com/azure/app-service/overview-access-restrictions"""
_SHOWN = 200
_UNAUTHORIZED = 401
_FORBIDDEN = 403


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the app answered."""

    expected: bool
    status: int
    text: str


def call(azure: Azure, target: Target, test: SmokeTest, functions: tuple[Function, ...]) -> Answer:
    """Call the app once, with the function's own key where it asks for one.

    Raises:
        NotAllowed: when the network, a login page or a missing right keeps the agent from the app itself.
    """
    function = _function_at(test.path, functions)
    key = function_key(azure.arm, target.resource_id, function.name) if function and function.needs_key else ""
    headers = {"x-functions-key": azure.credentials.mask(key).reveal()} if key else {}
    asked = request("GET", f"{target.url}{test.path}", headers=headers)
    try:
        answer = azure.door.send(Call(request=asked, doing=f"call {test.path}", accept=_EVERY_ANSWER))
    except (NetworkFailure, AzureFailing) as error:
        raise NotAllowed(f"the agent does not reach the app: {error}") from error
    _refuse_closed_doors(answer, with_key=bool(key))
    return Answer(expected=_expected(answer.status_code, test.statuses), status=answer.status_code, text=_shown(answer))


def _function_at(path: str, functions: tuple[Function, ...]) -> Function | None:
    """Give the function that is called at a path; its `{parameters}` may be anything."""
    wanted = urlsplit(path).path.rstrip("/").lower()
    for function in functions:
        template = urlsplit(function.url).path.rstrip("/").lower()
        if template and re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]*", re.escape(template)), wanted):
            return function
    return None


def _refuse_closed_doors(answer: HttpResponse, *, with_key: bool) -> None:
    text = answer.text()[:2000]
    location = answer.headers.get("Location", "")
    if answer.status_code in _REDIRECTS and any(page in location for page in _LOGIN_PAGES):
        raise NotAllowed("the app asks to sign in (Authentication is on)")
    closed = _FORBIDDEN_ADDRESS in answer.headers or _CLOSED.search(text)
    if answer.status_code == _FORBIDDEN and closed:
        raise NotAllowed("the app's network does not let the agent in (403)")
    if answer.status_code == _UNAUTHORIZED and not with_key:
        raise NotAllowed("the app asks for credentials that the smoke test does not have (401)")


def _expected(status: int, wanted: tuple[str, ...]) -> bool:
    return any(str(status) == one or (one.endswith("xx") and str(status)[0] == one[0]) for one in wanted)


def _shown(answer: HttpResponse) -> str:
    body = " ".join(answer.text().split())
    return f'{answer.status_code} "{body[:_SHOWN]}{"…" if len(body) > _SHOWN else ""}"'
