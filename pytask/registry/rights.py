"""What the registry lets us do: it writes it into the token that it gives.

Signing in to Azure Container Registry succeeds for everybody of the tenant; only the access token tells what it is
good for. Registries without tokens, or with tokens that one cannot look into, tell when they are used.
Source: https://distribution.github.io/distribution/spec/auth/jwt/ and https://github.com/Azure/acr/blob/main/docs/Token-BasicAuth.md
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from pytask.errors import TaskFailure
from pytask.errors.push import PushDenied
from pytask.registry.hosts import asked_for

if TYPE_CHECKING:
    from pytask.model import Secret
    from pytask.registry.session import RegistrySession

_REPOSITORY, _ALL = "repository", "*"
_EVERY_ACTION = frozenset({"pull", "push"})


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
        raise PushDenied(reference=f"{session.host}/{repository}", registry=str(session.host), detail=detail)


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
    """Return what a token allows on a repository; None when that is not known.

    Tokens of Azure Container Registry have `Type`, `Name` and `Actions`, those of others the same in small letters;
    a name or an action may be `*` for all. A token that cannot be looked into, or that says nothing of access, tells
    nothing.
    """
    try:
        body = token.reveal().split(".")[1] if token else ""
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        entries = [_any_case(entry) for entry in _any_case(claims)["access"]]
        return _granted(entries, repository)
    except (IndexError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _any_case(fields: Any) -> dict[str, Any]:  # noqa: ANN401 - foreign JSON
    return {name.lower(): value for name, value in fields.items()}


def _granted(entries: list[dict[str, Any]], repository: str) -> frozenset[str]:
    """Return the actions of the entries for a repository, in small letters; `*` stands for all that is asked for."""
    of_ours = [entry for entry in entries if _covers(str(entry["name"]), repository) and _is_of_repositories(entry)]
    actions = frozenset(str(action).lower() for entry in of_ours for action in entry["actions"])
    return actions | _EVERY_ACTION if _ALL in actions else actions


def _covers(name: str, repository: str) -> bool:
    return name == repository or (name.endswith(_ALL) and repository.startswith(name.removesuffix(_ALL)))


def _is_of_repositories(entry: dict[str, Any]) -> bool:
    return str(entry.get("type", _REPOSITORY)).lower().partition("(")[0] in {_REPOSITORY, _ALL}


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
