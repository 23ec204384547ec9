"""What the registry lets us do: it writes it into the token that it gives.

Signing in to Azure Container Registry succeeds for everybody of the tenant; only the access token tells what it is
good for. Registries without tokens, or with tokens that one cannot look into, tell when they are used.
Source: https://distribution.github.io/distribution/spec/auth/jwt/ and https://github.com/Azure/acr/blob/main/docs/Token-BasicAuth.md
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from pytask.decode import decode, list_at, object_at, objects_at, text_at, texts_at
from pytask.errors import TaskFailure
from pytask.errors.push import PushDenied
from pytask.registry.hosts import asked_for

if TYPE_CHECKING:
    from pytask.decode import JSONObject
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
        detail = f"for {repository} it grants {told}, but pull and push were requested"
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
    claims = _any_case(_claims(token.reveal()) if token else {})
    entries = [_any_case(entry) for entry in objects_at(claims, "access")]
    readable = [entry for entry in entries if text_at(entry, "name") and isinstance(entry.get("actions"), list)]
    told = isinstance(claims.get("access"), list) and len(readable) == len(list_at(claims, "access"))
    return _granted(readable, repository) if told else None


def _claims(token: str) -> JSONObject:
    """Return what a JSON web token says; nothing where it is none. Whether it is genuine is for the registry to see."""
    _, _, rest = token.partition(".")
    body = rest.partition(".")[0]
    try:
        return object_at(decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    except ValueError:
        return {}


def _any_case(fields: JSONObject) -> JSONObject:
    return {name.lower(): value for name, value in fields.items()}


def _granted(entries: list[JSONObject], repository: str) -> frozenset[str]:
    """Return the actions of the entries for a repository, in small letters; `*` stands for all that is asked for."""
    of_ours = [entry for entry in entries if _covers(text_at(entry, "name"), repository) and _is_of_repositories(entry)]
    actions = frozenset(action.lower() for entry in of_ours for action in texts_at(entry, "actions"))
    return actions | _EVERY_ACTION if _ALL in actions else actions


def _covers(name: str, repository: str) -> bool:
    return name == repository or (name.endswith(_ALL) and repository.startswith(name.removesuffix(_ALL)))


def _is_of_repositories(entry: JSONObject) -> bool:
    return (text_at(entry, "type") or _REPOSITORY).lower().partition("(")[0] in {_REPOSITORY, _ALL}


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
