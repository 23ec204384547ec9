"""The smoke test: one call to the app from the agent, like a client's."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytask.cloud.answers import text_of
from pytask.cloud.http import Call, request
from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.cloud.transport import only
from pytask.errors import TaskFailure
from pytask.errors.network import CredentialNotSent
from pytask.targets.site.functions import function_key
from pytask.targets.site.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.model import Function, SmokeTest
    from pytask.targets.site.site import Site

_EVERY_ANSWER = frozenset(range(100, 600))
_LOGIN_PAGES = ("/oauth2/authorize", "/oauth2/v2.0/authorize", "/.auth/login")
"""Paths, because the hosts differ between clouds."""
_CLOSED = ("ip forbidden", "web app is stopped", "does not have permission to view")
_FORBIDDEN_ADDRESS = "x-ms-forbidden-ip"
"""A header that App Service's front end adds when access restrictions block a client.
https://learn.microsoft.com/azure/app-service/overview-access-restrictions"""
_SHOWN = 206
"""Characters: the status, and 200 of the body."""
_LOOKED_AT = 2000
_READ_BYTES = 64 << 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The app's answer."""

    expected: bool
    status: int
    text: str
    """The status and the beginning of the body, for people."""


def call(
    azure: Azure,
    site: Site,
    test: SmokeTest,
    functions: tuple[Function, ...],
    settings: Mapping[str, str] | None = None,
) -> Reading[Answer]:
    """Call the app once, with the function's own key if it requires one; values of `settings` are not shown.

    The result is NotAllowed when the network, a sign-in page or a missing permission keeps the agent from the app.
    """
    function, key = _function_at(test.path, functions), ""
    if function and function.needs_key:
        found = function_key(azure.arm, site.resource_id, function.name)
        if not isinstance(found, Seen):
            return found
        key = found.value
    seen = _answered(azure, site, test, key)
    if isinstance(seen, Seen):
        return Seen(replace(seen.value, text=_shortened(redacted(seen.value.text, settings))))
    return seen


def _answered(azure: Azure, site: Site, test: SmokeTest, key: str) -> Reading[Answer]:
    headers = {"x-functions-key": azure.credentials.mask(key).reveal()} if key else {}
    asked = request("GET", f"{site.url}{test.path}", headers=headers)
    doing, app = f"call {test.path}", only(site.url)
    app_call = Call(
        request=asked,
        doing=doing,
        accept=_EVERY_ANSWER,
        only_to=app,
        most_bytes=_READ_BYTES,
        cut=True,
        attempts=azure.http.timeouts.poll_attempts,
    )
    try:
        answer = azure.http.send(app_call)
    except CredentialNotSent as error:
        return NotAllowed(f"the function's key is not sent: {error}")
    except TaskFailure as error:
        return NotYet(f"the agent cannot reach the app: {error}")
    if reason := _closed(answer):
        return NotAllowed(reason)
    if answer.status_code == HTTPStatus.UNAUTHORIZED and not key and not _expected(answer.status_code, test.statuses):
        # While a host starts, it may not have read its own keys and settings yet.
        return NotYet("the app requires credentials that the smoke test does not have (401)")
    expected = _expected(answer.status_code, test.statuses)
    return Seen(Answer(expected=expected, status=answer.status_code, text=_shown(answer)))


def _function_at(path: str, functions: tuple[Function, ...]) -> Function | None:
    """Return the function at a path, where its `{parameters}` match anything."""
    wanted = urlsplit(path).path.rstrip("/").lower().split("/")
    for function in functions:
        template = _path_of(function.url).split("/")
        if len(template) > 1 and len(template) == len(wanted) and all(map(_fits, template, wanted)):
            return function
    return None


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/").lower()
    except ValueError:
        return ""


def _fits(part: str, wanted: str) -> bool:
    return part == wanted or ("{" in part and "}" in part)


def _closed(answer: HttpResponse) -> str:
    """Return what keeps the agent from the app; empty when nothing does."""
    text, location = text_of(answer)[:_LOOKED_AT].lower(), answer.headers.get("Location", "")
    redirected = HTTPStatus.MULTIPLE_CHOICES <= answer.status_code < HTTPStatus.BAD_REQUEST
    if redirected and any(page in location for page in _LOGIN_PAGES):
        return "the app requires sign-in (Authentication is on)"
    closed = _FORBIDDEN_ADDRESS in answer.headers or any(sign in text for sign in _CLOSED)
    if answer.status_code == HTTPStatus.FORBIDDEN and closed:
        return "the app's network does not allow the agent's address (403)"
    return ""


def _expected(status: int, wanted: tuple[str, ...]) -> bool:
    return any(str(status) == one or (one.endswith("xx") and str(status)[0] == one[0]) for one in wanted)


def _shown(answer: HttpResponse) -> str:
    body = re.sub(r"\s+", " ", text_of(answer)[:_LOOKED_AT]).strip()
    return f'{answer.status_code} "{body}"'


def _shortened(shown: str) -> str:
    """Return the status and the beginning of the body: shortened last, because a part of a secret is still one."""
    return shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}…"'
