"""Whether the connection may push: the registry writes it into the token that it gives.

An exchange succeeds for everybody of the tenant; only the access token tells what it is good for.
Source: https://distribution.github.io/distribution/spec/auth/jwt/ and https://github.com/Azure/acr/blob/main/docs/Token-BasicAuth.md
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from pytask.cloud.http import Call, request
from pytask.errors.registry import PushDenied

if TYPE_CHECKING:
    from pytask.model import Secret
    from pytask.registry.tokens import RegistrySession


_ANSWERS = frozenset({200, 400, 401, 403, 404})


def confirm_push(session: RegistrySession, repository: str) -> None:
    """Confirm that the connection may push to a repository, which takes pulling as well.

    A token that cannot be read is no reason to stop.

    Raises:
        PushDenied: when the registry grants less.
        RegistrySignInRefused: when it grants nothing.
    """
    granted = granted_actions(session.access_token(repository, "pull,push"), repository)
    if granted is not None and not {"pull", "push"} <= granted:
        told = ", ".join(sorted(granted)) or "nothing"
        detail = f"for {repository} it grants {told}, and pull and push were asked for"
        raise PushDenied(reference=f"{session.login_server}/{repository}", registry=session.login_server, detail=detail)


def may_pull(session: RegistrySession, repository: str) -> bool:
    """Tell whether the connection may read a repository, as far as the token that it gets tells.

    Raises:
        RegistrySignInRefused: when the registry grants nothing.
    """
    granted = granted_actions(session.access_token(repository), repository)
    return granted is None or "pull" in granted


def granted_actions(token: Secret, repository: str) -> frozenset[str] | None:
    """Give what an access token allows on a repository; None when it is no token one can look into."""
    try:
        body = token.reveal().split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        entries = [entry for entry in claims["access"] if entry["name"] == repository]
        return frozenset(str(action) for entry in entries for action in entry["actions"])
    except (IndexError, ValueError, KeyError, TypeError, binascii.Error):
        return None


def everybody_may_pull(session: RegistrySession, repository: str) -> bool:
    """Tell whether the registry gives a token for pulling to somebody without credentials.

    Source: https://learn.microsoft.com/azure/container-registry/anonymous-pull-access
    """
    params = {"service": session.login_server, "scope": f"repository:{repository}:pull"}
    asked = request("GET", f"https://{session.login_server}/oauth2/token", params=params)
    call = Call(request=asked, doing="ask for anonymous pull", accept=_ANSWERS)
    answer = session.azure.door.send(call)
    return answer.status_code == 200 and bool(answer.json().get("access_token"))  # noqa: PLR2004 - HTTP
