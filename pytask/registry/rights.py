"""What the registry allows this run to do, read from the token that it issues.

Every identity of the tenant can sign in to Azure Container Registry; only the access token shows what it may do. A
registry without tokens, or with tokens that cannot be decoded, shows that only when it is used.
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
    """Confirm that this run may push to a repository, which also requires permission to pull.

    A registry whose token does not show that is not a reason to stop.

    Raises:
        PushDenied: when the registry grants less.
        TaskFailure: why this run cannot sign in.
    """
    session.confirm_login()
    granted = granted_actions(session.token(repository, "pull,push"), asked_for(session.host, repository))
    if granted is not None and not {"pull", "push"} <= granted:
        told = ", ".join(sorted(granted)) or "nothing"
        detail = f"for {repository} it grants {told}, but pull and push were requested"
        raise PushDenied(reference=f"{session.host}/{repository}", registry=str(session.host), detail=detail)


def may_pull(session: RegistrySession, repository: str) -> bool | None:
    """Tell whether this run may read a repository; None when the registry does not show that in advance.

    Raises:
        TaskFailure: why this run cannot sign in.
    """
    if session.open:
        return True
    granted = granted_actions(session.token(repository), asked_for(session.host, repository))
    return None if granted is None else "pull" in granted


def granted_actions(token: Secret | None, repository: str) -> frozenset[str] | None:
    """Return what a token allows on a repository; None when that is unknown.

    Tokens of Azure Container Registry have `Type`, `Name` and `Actions`, those of others the same in lower case; a name
    or an action may be `*` for all. A token that cannot be decoded, or that has no list of access rights, shows
    nothing.
    """
    claims = _any_case(_claims(token.reveal()) if token else {})
    entries = [_any_case(entry) for entry in objects_at(claims, "access")]
    readable = [entry for entry in entries if text_at(entry, "name") and isinstance(entry.get("actions"), list)]
    told = isinstance(claims.get("access"), list) and len(readable) == len(list_at(claims, "access"))
    return _granted(readable, repository) if told else None


def _claims(token: str) -> JSONObject:
    """Return the claims of a JSON web token; empty when it is not one. The registry itself verifies the signature."""
    _, _, rest = token.partition(".")
    body = rest.partition(".")[0]
    try:
        return object_at(decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    except ValueError:
        return {}


def _any_case(fields: JSONObject) -> JSONObject:
    return {name.lower(): value for name, value in fields.items()}


def _granted(entries: list[JSONObject], repository: str) -> frozenset[str]:
    """Return the actions of the entries for a repository, in lower case; `*` stands for every requested action."""
    of_ours = [entry for entry in entries if _covers(text_at(entry, "name"), repository) and _is_of_repositories(entry)]
    actions = frozenset(action.lower() for entry in of_ours for action in texts_at(entry, "actions"))
    return actions | _EVERY_ACTION if _ALL in actions else actions


def _covers(name: str, repository: str) -> bool:
    return name == repository or (name.endswith(_ALL) and repository.startswith(name.removesuffix(_ALL)))


def _is_of_repositories(entry: JSONObject) -> bool:
    return (text_at(entry, "type") or _REPOSITORY).lower().partition("(")[0] in {_REPOSITORY, _ALL}


def everybody_may_pull(session: RegistrySession, repository: str) -> bool:
    """Tell whether the registry allows a repository to be read without credentials.

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
