"""What the registry lets us do: it writes it into the token that it gives.

Signing in to Azure Container Registry succeeds for everybody of the tenant; only the access token tells what it is
good for. Registries without tokens, or with tokens that one cannot look into, tell when they are used.
Source: https://distribution.github.io/distribution/spec/auth/jwt/ and https://github.com/Azure/acr/blob/main/docs/Token-BasicAuth.md
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from pytask.errors import TaskFailure
from pytask.errors.push import PushDenied
from pytask.registry.hosts import asked_for

if TYPE_CHECKING:
    from pytask.model import Secret
    from pytask.registry.session import RegistrySession


def confirm_push(session: RegistrySession, repository: str) -> None:
    """Confirm that we may push to a repository, which takes pulling as well.

    That the registry does not tell is no reason to stop.

    Raises:
        PushDenied: when the registry grants less.
        TaskFailure: why it does not let us in at all.
    """
    session.confirm_login()
    granted = granted_actions(session.token(repository, "pull,push"), asked_for(session.host, repository))
    if granted is not None and not {"pull", "push"} <= granted:
        told = ", ".join(sorted(granted)) or "nothing"
        detail = f"for {repository} it grants {told}, and pull and push were asked for"
        raise PushDenied(reference=f"{session.host}/{repository}", registry=session.host, detail=detail)


def may_pull(session: RegistrySession, repository: str) -> bool | None:
    """Tell whether we may read a repository; None when the registry does not say so beforehand.

    Raises:
        TaskFailure: why the registry does not let us in at all.
    """
    if session.open:
        return True
    granted = granted_actions(session.token(repository), asked_for(session.host, repository))
    return None if granted is None else "pull" in granted


def granted_actions(token: Secret | None, repository: str) -> frozenset[str] | None:
    """Give what a token allows on a repository; None when there is none, or none that one can look into."""
    try:
        body = token.reveal().split(".")[1] if token else ""
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        entries = [entry for entry in claims["access"] if entry["name"] == repository]
        return frozenset(str(action) for entry in entries for action in entry["actions"])
    except (IndexError, ValueError, KeyError, TypeError, binascii.Error):
        return None


def everybody_may_pull(session: RegistrySession, repository: str) -> bool:
    """Tell whether the registry lets somebody without credentials read a repository.

    Source: https://learn.microsoft.com/azure/container-registry/anonymous-pull-access
    """
    if session.open:
        return True
    try:
        token = session.as_anybody().token(repository)
    except TaskFailure:
        return False
    granted = granted_actions(token, asked_for(session.host, repository))
    return token is not None and (granted is None or "pull" in granted)
