"""Signing in to Entra ID as the service connection says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
)
from azure.identity import ClientAssertionCredential, ClientSecretCredential

from pytask.errors.azure import Unreachable
from pytask.errors.sign_in import (
    ClientUnknown,
    FederationMismatch,
    OidcTokenRefused,
    SecretExpired,
    SecretWrong,
    SignInRefused,
    TenantUnknown,
)
from pytask.model import FederatedIdentity, KeyIdentity

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import AccessToken

    from pytask.clock import Clock, Patience
    from pytask.errors import TaskFailure
    from pytask.model import Secret, ServiceConnection

_TRANSIENT = 429
_MISMATCHES = frozenset({"700211", "700212", "700213", "70021"})
_NO_SUCH_AUTHORITY = "Unable to get authority configuration"
"""What MSAL says when Entra ID does not know the tenant: it fails before any AADSTS code is given.
https://github.com/AzureAD/microsoft-authentication-library-for-python/blob/dev/msal/authority.py"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Tokens for one service connection; kept in memory and renewed by azure-identity.

    It is what azure-core calls a `TokenCredential`. azure-identity itself repeats nothing (`retry_total=0`): it would
    send the same federated assertion twice, which Entra ID refuses.
    """

    connection: ServiceConnection
    credential: ClientSecretCredential | ClientAssertionCredential
    clock: Clock
    patience: Patience
    say: Callable[[str], None]
    mask: Callable[[str], Secret]

    def token(self, scope: str) -> Secret:
        """Give an access token for `scope`.

        Raises:
            TaskFailure: why Entra ID or Azure DevOps refuses.
        """
        return self.mask(self.get_token(scope).token)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's protocol
        """Give an access token as azure-core's policies ask for it."""
        for attempt in range(1, self.patience.http_attempts + 1):
            try:
                token = self.credential.get_token(*scopes, **options)
            except (AzureError, OidcTokenRefused) as error:  # noqa: PERF203 - a retry is a loop round a try
                if attempt == self.patience.http_attempts or not _worth_repeating(error):
                    _refuse(error, self.connection)
                self._wait(attempt)
            else:
                self.mask(token.token)
                return token
        raise AssertionError

    def _wait(self, attempt: int) -> None:
        seconds = min(self.patience.http_longest_wait, self.patience.http_first_wait * 2 ** (attempt - 1))
        self.say(f"signing in did not succeed; trying again in {seconds:.0f} s")
        self.clock.sleep(seconds)


def open_credentials(
    connection: ServiceConnection,
    *,
    fresh_assertion: Callable[[], str],
    clock: Clock,
    patience: Patience,
    say: Callable[[str], None],
    mask: Callable[[str], Secret],
) -> Credentials:
    """Give the credentials of a connection; nothing is sent yet.

    `fresh_assertion` gives a new OIDC token of the pipeline each time; only federated connections call it.
    """
    options: dict[str, Any] = {
        "authority": connection.cloud.authority_url,
        # The authority comes from the connection itself, so there is nothing to discover; it saves a call.
        "disable_instance_discovery": True,
        "retry_total": 0,
    }
    identity, tenant = connection.identity, connection.tenant_id
    credential: ClientSecretCredential | ClientAssertionCredential
    match identity:
        case KeyIdentity():
            credential = ClientSecretCredential(tenant, identity.client_id, identity.secret.reveal(), **options)
        case FederatedIdentity():
            credential = ClientAssertionCredential(tenant, identity.client_id, fresh_assertion, **options)
    return Credentials(connection=connection, credential=credential, clock=clock, patience=patience, say=say, mask=mask)


def _worth_repeating(error: Exception) -> bool:
    if isinstance(error, OidcTokenRefused):
        return not error.final
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return error.status_code == _TRANSIENT or error.status_code >= 500  # noqa: PLR2004 - HTTP
    return isinstance(error, ServiceRequestError) or not isinstance(error, ClientAuthenticationError)


def _refuse(error: Exception, connection: ServiceConnection) -> NoReturn:
    if isinstance(error, OidcTokenRefused):
        raise error
    if isinstance(error, ServiceRequestError):
        host = connection.cloud.authority_url.removeprefix("https://")
        raise Unreachable(host=host, detail=str(error)) from error
    raise _entra_refusal(str(error), connection) from error


def _entra_refusal(text: str, connection: ServiceConnection) -> TaskFailure:
    """Give the failure behind an AADSTS code.

    Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    """
    code = found.group(1) if (found := re.search(r"AADSTS(\d+)", text)) else ""
    correlation = found.group(1) if (found := re.search(r"Correlation ID: ([0-9a-f-]{36})", text)) else ""
    detail = next((line for line in text.splitlines() if "AADSTS" in line), text).strip()
    client, tenant = connection.identity.client_id, connection.tenant_id
    facts = {"detail": detail, "correlation_id": correlation}
    if code == "90002" or _NO_SUCH_AUTHORITY in text:
        return TenantUnknown(tenant=tenant, **facts)
    if code == "700016":
        return ClientUnknown(client=client, tenant=tenant, **facts)
    if code in _MISMATCHES and isinstance(connection.identity, FederatedIdentity):
        identity = connection.identity
        return FederationMismatch(client=client, issuer=identity.issuer, subject=identity.subject, **facts)
    return {"7000215": SecretWrong, "7000222": SecretExpired}.get(code, SignInRefused)(client=client, **facts)
