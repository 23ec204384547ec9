"""Tokens of Azure Container Registry, by exchange of an Entra token.

Source: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.cloud.answers import correlation_id, error_of
from pytask.cloud.http import Call, request
from pytask.errors.registry import RegistryFirewall, RegistrySignInRefused

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Azure
    from pytask.errors import TaskFailure
    from pytask.model import Secret

ACR_SCOPE = "https://containerregistry.azure.net/.default"
"""The audience that every registry accepts, also one that refuses tokens for ARM.
https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm"""
DOCKER_USER = "00000000-0000-0000-0000-000000000000"
"""The user name that goes with a refresh token as the password."""
_ANSWERS = frozenset({200, 400, 401, 403, 404})


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrySession:
    """Signed in to one registry; the refresh token lives about three hours."""

    azure: Azure
    login_server: str
    refresh_token: Secret

    def access_token(self, repository: str, actions: str = "pull") -> Secret:
        """Give a token for one repository; `actions` such as `pull` or `pull,push`.

        Raises:
            RegistrySignInRefused: when the registry gives none.
        """
        form = {
            "grant_type": "refresh_token",
            "service": self.login_server,
            "scope": f"repository:{repository}:{actions}",
            "refresh_token": self.refresh_token.reveal(),
        }
        answer = _posted(self.azure, self.login_server, "/oauth2/token", form, "get a token of the registry")
        return self.azure.credentials.mask(str(answer.json()["access_token"]))


def sign_in(azure: Azure, login_server: str) -> RegistrySession:
    """Exchange the connection's Entra token for one of the registry.

    Raises:
        RegistrySignInRefused: when the registry does not accept it.
        RegistryFirewall: when the agent's address is not allowed.
    """
    credentials = azure.credentials
    form = {
        "grant_type": "access_token",
        "service": login_server,
        "tenant": credentials.connection.tenant_id,
        "access_token": credentials.token(ACR_SCOPE).reveal(),
    }
    answer = _posted(azure, login_server, "/oauth2/exchange", form, "sign in to the registry")
    token = credentials.mask(str(answer.json()["refresh_token"]))
    return RegistrySession(azure=azure, login_server=login_server, refresh_token=token)


def _posted(azure: Azure, login_server: str, path: str, form: dict[str, str], doing: str) -> HttpResponse:
    asked = request("POST", f"https://{login_server}{path}", form=form)
    answer = azure.door.send(Call(request=asked, doing=doing, accept=_ANSWERS))
    if answer.status_code != 200:  # noqa: PLR2004 - HTTP
        raise _refused(login_server, answer)
    return answer


def _refused(login_server: str, answer: HttpResponse) -> TaskFailure:
    detail = registry_error(answer)
    if "not allowed access" in detail:
        return RegistryFirewall(registry=login_server, detail=detail, correlation_id=correlation_id(answer))
    return RegistrySignInRefused(
        registry=login_server, detail=f"{answer.status_code} {detail}", correlation_id=correlation_id(answer)
    )


def registry_error(answer: HttpResponse) -> str:
    """Give the registry's own words for a refusal.

    Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
    """
    try:
        errors = answer.json()["errors"]
        return "; ".join(f"{error['code']}: {error.get('message', '')}" for error in errors)
    except (ValueError, KeyError, TypeError):
        return error_of(answer)[1][:300]
