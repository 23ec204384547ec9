"""The ways into a registry: with a token of Entra ID, with user and password, or as anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from pytask.cloud.answers import correlation_id
from pytask.cloud.http import Call, request
from pytask.errors.registry import (
    RegistryLoginRefused,
    RegistryNotAzure,
    RegistryReadRefused,
    RegistrySignInRefused,
)
from pytask.errors.sign_in import AudienceUnknown
from pytask.model import RegistryLogin
from pytask.registry.refusal import firewall, registry_error

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Azure
    from pytask.errors import TaskFailure
    from pytask.registry.challenge import Challenge

ACR_SCOPE = "https://containerregistry.azure.net/.default"
"""The audience that every registry accepts, also one that refuses tokens for ARM.
https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm"""
DOCKER_USER = "00000000-0000-0000-0000-000000000000"
"""The user name that goes with a refresh token as the password."""
_ANSWERS = frozenset({200, 400, 401, 403, 404})


class EntraSignIn:
    """Into Azure Container Registry, by exchange of a token of Entra ID.

    Source: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
    """

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        # Some clouds do not know the registries' own audience: https://github.com/Azure/azure-cli/issues/33674
        self._scopes = [ACR_SCOPE, azure.credentials.connection.cloud.arm_scope]

    def login(self, host: str, challenge: Challenge) -> RegistryLogin:
        """Give a refresh token as the password; it lives about three hours.

        Raises:
            RegistryNotAzure: when the registry sends its callers elsewhere to sign in; nothing was sent there.
            RegistrySignInRefused: when it does not accept the connection.
            RegistryFirewall: when the agent's address is not allowed.
            TaskFailure: why Entra ID gives no token.
        """
        if not _is_own(challenge.realm, host):
            raise RegistryNotAzure(registry=host, realm=challenge.realm or "nowhere")
        try:
            return self._exchanged(host, challenge, self._scopes[0])
        except (AudienceUnknown, RegistrySignInRefused) as refused:
            return self._by_other_audience(host, challenge, refused)

    def refusal(self, host: str, answer: HttpResponse) -> TaskFailure:
        """Give the failure that a refusal of the registry is."""
        detail = f"{answer.status_code} {registry_error(answer)}"
        return RegistrySignInRefused(registry=host, detail=detail, correlation_id=correlation_id(answer))

    def _by_other_audience(self, host: str, challenge: Challenge, refused: TaskFailure) -> RegistryLogin:
        try:
            login = self._exchanged(host, challenge, self._scopes[1])
        except (AudienceUnknown, RegistrySignInRefused):
            raise refused from None
        self._scopes.reverse()
        return login

    def _exchanged(self, host: str, challenge: Challenge, scope: str) -> RegistryLogin:
        credentials = self._azure.credentials
        form = {
            "grant_type": "access_token",
            "service": challenge.service,
            "tenant": credentials.connection.tenant_id,
            "access_token": credentials.token(scope).reveal(),
        }
        asked = request("POST", f"https://{urlsplit(challenge.realm).netloc}/oauth2/exchange", form=form)
        answer = self._azure.door.send(Call(request=asked, doing="sign in to the registry", accept=_ANSWERS))
        if answer.status_code != 200:  # noqa: PLR2004 - HTTP
            raise firewall(host, answer) or self.refusal(host, answer)
        token = credentials.mask(str(answer.json()["refresh_token"]))
        return RegistryLogin(host=host, user=DOCKER_USER, password=token)


@dataclass(frozen=True, slots=True)
class PasswordSignIn:
    """Into any registry, as a Docker registry service connection says."""

    credentials: RegistryLogin

    def login(self, host: str, challenge: Challenge) -> RegistryLogin:
        """Give user and password themselves.

        Raises:
            RegistryLoginRefused: when the registry would have them sent without TLS.
        """
        if challenge.scheme == "bearer" and urlsplit(challenge.realm).scheme != "https":
            told = f"it asks for them at {challenge.realm or 'no address'}, and they are not sent without TLS"
            raise RegistryLoginRefused(registry=host, detail=told)
        return self.credentials

    def refusal(self, host: str, answer: HttpResponse) -> TaskFailure:
        """Give the failure that a refusal of the registry is."""
        return RegistryLoginRefused(registry=host, detail=f"{answer.status_code} {registry_error(answer)}")


@dataclass(frozen=True, slots=True)
class NoSignIn:
    """As anybody, where the registry lets everybody read."""

    def login(self, host: str, challenge: Challenge) -> None:
        """Give nobody."""
        del host, challenge

    def refusal(self, host: str, answer: HttpResponse) -> TaskFailure:
        """Give the failure that a refusal of the registry is."""
        return RegistryReadRefused(registry=host, detail=f"{answer.status_code} {registry_error(answer)}")


SignIn: TypeAlias = EntraSignIn | PasswordSignIn | NoSignIn
"""Each gives the credentials for a registry, and says what a refusal of them means."""


def _is_own(realm: str, host: str) -> bool:
    """Tell whether a realm is the registry's own: on the login server, or on a host of the same registry.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints
    """
    address, (name, _, domain) = urlsplit(realm), host.partition(".")
    asked = address.netloc.lower()
    regional = bool(domain) and asked.startswith(f"{name}.") and asked.endswith(f".{domain}")
    return address.scheme == "https" and (asked == host or regional)
