"""The smoke test: one call to the app from the agent, like a client's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.answers import text_of
from pytask.cloud.http import Call, request
from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.cloud.transport import only
from pytask.errors import TaskFailure
from pytask.errors.foreign import beginning
from pytask.errors.network import CredentialNotSent
from pytask.targets.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.model import SmokeTest

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


def answered(
    azure: Azure, url: str, test: SmokeTest, settings: Mapping[str, str] | None, key: str = "", *, keyless: str = ""
) -> Reading[Answer]:
    """Call the app at `url` once, with a function's key if there is one; values of `settings` are not shown.

    `keyless` says why a key that the app may require can never be had; empty when none is required as far as is known.
    The result is NotAllowed when the network, a sign-in page or a missing key keeps the agent from the app.
    """
    headers = {"x-functions-key": azure.credentials.mask(key).reveal()} if key else {}
    asked = request("GET", f"{url}{test.path}", headers=headers)
    doing, app = f"call {test.path}", only(url)
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
        required = "the app requires credentials that the smoke test does not have (401)"
        # While a host starts, it may not have read its own keys and settings yet.
        return NotAllowed(f"{required}: {keyless}") if keyless else NotYet(required)
    expected = _expected(answer.status_code, test.statuses)
    text = _shortened(redacted(_shown(answer), settings))
    return Seen(Answer(expected=expected, status=answer.status_code, text=text))


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
    body = re.sub(r"\s+", " ", beginning(text_of(answer), _LOOKED_AT)).strip()
    return f'{answer.status_code} "{body}"'


def _shortened(shown: str) -> str:
    """Return the status and the beginning of the body: shortened last, because a part of a secret is still one."""
    return shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}…"'
