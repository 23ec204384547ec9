"""The ways to sign in to a registry: with a token of Entra ID, with user and password, or without credentials."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from pytask.cloud.answers import correlation_id
from pytask.cloud.http import Call, request
from pytask.cloud.transport import only
from pytask.decode import decode, text_at
from pytask.errors.registry import (
    RegistryLoginRefused,
    RegistryNotAzure,
    RegistryReadRefused,
    RegistrySignInRefused,
)
from pytask.errors.sign_in import AudienceUnknown
from pytask.model import NotAReference, RegistryLogin
from pytask.registry.challenge import Realm
from pytask.registry.hosts import is_same_registry, may_hold_tokens_of
from pytask.registry.refusal import firewall, registry_error

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Azure
    from pytask.errors import TaskFailure
    from pytask.model import RegistryHost
    from pytask.registry.challenge import Challenge

ACR_SCOPE = "https://containerregistry.azure.net/.default"
"""The audience that every registry accepts, including one that refuses tokens for ARM.
https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm"""
DOCKER_USER = "00000000-0000-0000-0000-000000000000"
"""The user name when the password is a refresh token."""
_NO_SUCH_AUDIENCE = ("AADSTS500011", "AADSTS50001:")
"""Entra ID's codes for a tenant or cloud that has no such resource.
https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""


class EntraSignIn:
    """Signs in to Azure Container Registry by exchanging a token of Entra ID.

    Source: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
    """

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._scope = ACR_SCOPE

    def login(self, host: RegistryHost, challenge: Challenge) -> RegistryLogin:
        """Return a refresh token as the password; it is valid for about three hours.

        A token for Resource Manager, which gives access to far more than a registry, is sent only in a cloud or tenant
        where Entra ID has no audience for registries (https://github.com/Azure/azure-cli/issues/33674). A registry that
        refuses the token for registries does not get the other one.

        Raises:
            RegistryNotAzure: when the registry sends its callers elsewhere to sign in; nothing was sent there.
            RegistrySignInRefused: when it does not accept the connection.
            RegistryFirewall: when the agent's address is not allowed.
            TaskFailure: why Entra ID issues no token.
        """
        realm = self.realm(host, challenge)
        try:
            return self._exchanged(host, realm, challenge.service)
        except AudienceUnknown as unknown:
            arm_scope = self._azure.credentials.connection.cloud.arm_scope
            if self._scope == arm_scope or not any(code in unknown.detail for code in _NO_SUCH_AUDIENCE):
                raise
            self._scope = arm_scope
        return self._exchanged(host, realm, challenge.service)

    def realm(self, host: RegistryHost, challenge: Challenge) -> Realm:
        """Return the address of the token service; raise RegistryNotAzure when that is not the registry itself."""
        realm = _realm(challenge)
        if realm is None or not is_same_registry(realm.host, host):
            raise RegistryNotAzure(registry=str(host), realm=challenge.realm or "nowhere")
        return realm

    def refusal(self, host: RegistryHost, answer: HttpResponse) -> TaskFailure:
        """Return the failure behind a refusal of the registry."""
        detail = f"{answer.status_code} {registry_error(answer)}"
        return RegistrySignInRefused(registry=str(host), detail=detail, correlation_id=correlation_id(answer))

    def _exchanged(self, host: RegistryHost, realm: Realm, service: str) -> RegistryLogin:
        credentials = self._azure.credentials
        answer = self._asked_to_exchange(realm, service)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and credentials.renew(surely=False):
            answer = self._asked_to_exchange(realm, service)
        if answer.status_code != HTTPStatus.OK:
            raise firewall(host, answer) or self.refusal(host, answer)
        token = text_at(decode(answer.content), "refresh_token")
        if not token:
            raise self.refusal(host, answer)
        return RegistryLogin(host=host, user=DOCKER_USER, password=credentials.mask(token))

    def _asked_to_exchange(self, realm: Realm, service: str) -> HttpResponse:
        credentials, url = self._azure.credentials, f"https://{realm.host}/oauth2/exchange"
        form = {
            "grant_type": "access_token",
            "service": service,
            "tenant": credentials.connection.tenant_id,
            "access_token": credentials.token(self._scope).reveal(),
        }
        refusals = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
        asked, accept = request("POST", url, form=form), {HTTPStatus.OK, *refusals}
        call = Call(request=asked, doing="sign in to the registry", accept=accept, only_to=only(url))
        return self._azure.http.send(call)


@dataclass(frozen=True, slots=True)
class PasswordSignIn:
    """Signs in to the registry of a Docker Registry service connection."""

    credentials: RegistryLogin

    def login(self, host: RegistryHost, challenge: Challenge) -> RegistryLogin:
        """Return user and password themselves, which Docker sends to the address in the challenge.

        Raises:
            RegistryLoginRefused: when that address has no TLS, or belongs to someone else.
        """
        if challenge.scheme == "bearer":
            self.realm(host, challenge)
        return self.credentials

    def realm(self, host: RegistryHost, challenge: Challenge) -> Realm:
        """Return the token service's address; raise RegistryLoginRefused when the password must not be sent there."""
        realm = _realm(challenge)
        if realm is None:
            told = f"it asks for them at {challenge.realm or 'no address'}, but they are not sent without TLS"
            raise RegistryLoginRefused(registry=str(host), detail=told)
        if host != self.credentials.host or not may_hold_tokens_of(realm.host, host):
            told = f"it asks for them at {challenge.realm}, but they are only for {self.credentials.host}"
            raise RegistryLoginRefused(registry=str(host), detail=told)
        return realm

    def refusal(self, host: RegistryHost, answer: HttpResponse) -> TaskFailure:
        """Return the failure behind a refusal of the registry."""
        return RegistryLoginRefused(registry=str(host), detail=f"{answer.status_code} {registry_error(answer)}")


@dataclass(frozen=True, slots=True)
class NoSignIn:
    """Uses a registry without credentials, where it allows anonymous reads."""

    def login(self, host: RegistryHost, challenge: Challenge) -> None:
        """Return None: there are no credentials."""
        del host, challenge

    def realm(self, host: RegistryHost, challenge: Challenge) -> Realm:
        """Return the address of the token service, on any host; raise RegistryReadRefused when there is none."""
        realm = _realm(challenge)
        if realm is None:
            told = f"it issues tokens at {challenge.realm or 'no address'}, which is not an address with TLS"
            raise RegistryReadRefused(registry=str(host), detail=told)
        return realm

    def refusal(self, host: RegistryHost, answer: HttpResponse) -> TaskFailure:
        """Return the failure behind a refusal of the registry."""
        return RegistryReadRefused(registry=str(host), detail=f"{answer.status_code} {registry_error(answer)}")


SignIn: TypeAlias = EntraSignIn | PasswordSignIn | NoSignIn
"""Each returns the credentials for a registry, decides where they may be sent, and explains a refusal of them."""


def _realm(challenge: Challenge) -> Realm | None:
    try:
        return Realm.parse(challenge.realm)
    except NotAReference:
        return None
