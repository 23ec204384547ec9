"""Signing in to Entra ID with the service connection, through azure-identity for every scheme.

azure-identity itself does not retry (`retry_total=0`): it would send the same federated assertion twice, which Entra
ID refuses. Retries happen here, with a new assertion each time.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, HttpResponseError, ServiceResponseError
from azure.core.rest import HttpResponse
from azure.identity import ClientAssertionCredential, ClientSecretCredential, ManagedIdentityCredential

from pytask.cloud.answers import told_wait
from pytask.cloud.http import new_transport
from pytask.cloud.sign_in import UnreadableAnswerError, keep_refusal, refusal_behind, sign_in_failure
from pytask.cloud.transport import Transport, authorities
from pytask.errors.azure import AzureFailing
from pytask.errors.federation import IssuerUnreachable, OidcTokenRefused
from pytask.errors.network import NetworkFailure
from pytask.model import CertificateIdentity, FederatedIdentity, KeyIdentity, ManagedIdentity
from pytask.network.failure import is_of_the_network
from pytask.network.limits import Limits
from pytask.network.retry import REPEATED, REPEATED_ON_A_MACHINE, Retries, asked_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure.core.credentials import AccessToken
    from azure.core.pipeline import PipelineRequest
    from azure.core.rest import HttpRequest

    from pytask.cloud.http import HttpClient
    from pytask.errors import TaskFailure
    from pytask.model import Secret, ServiceConnection

_ALWAYS: dict[str, Any] = {"retry_total": 0, "raw_response_hook": keep_refusal}


class TokenSource(Protocol):
    """The common interface of azure-identity's credentials."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's protocol
        """Return the cached token, or a new one when it is about to expire."""


@dataclass(kw_only=True, slots=True, eq=False)
class Credentials:
    """Tokens for one service connection, cached in memory and renewed in time.

    Implements azure-core's `TokenCredential`.
    """

    connection: ServiceConnection
    opened: Callable[[], TokenSource]
    """Returns a source that knows no tokens yet."""
    http: HttpClient
    """The client whose connection pool, clock and timeouts are used for signing in."""
    mask: Callable[[str], Secret]
    turns: threading.Lock = field(default_factory=threading.Lock)
    """Lets a second caller reuse what the first one learned about the authority, and perhaps its token."""
    source: TokenSource = field(init=False)
    _renewed_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.source, self._renewed_at = self.opened(), self.http.clock.monotonic()

    def renew(self, *, surely: bool) -> bool:
        """Forget the tokens, because one was refused, and tell whether they are forgotten.

        Unless `surely`, a token that was issued only now is kept: a new one would be refused for the same reason.
        """
        with self.turns:
            now = self.http.clock.monotonic()
            if not surely and now - self._renewed_at < self.http.timeouts.young_login:
                return False
            self.source, self._renewed_at = self.opened(), now
            return True

    def token(self, scope: str) -> Secret:
        """Return an access token for `scope`.

        Raises:
            TaskFailure: why Entra ID, Azure DevOps or the agent's machine returns none, or the certificate is unusable.
        """
        return self.mask(self.get_token(scope).token)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's protocol
        """Return an access token for azure-core's policies."""
        with self.turns:
            return self._token(scopes, options)

    def _token(self, scopes: tuple[str, ...], options: dict[str, Any]) -> AccessToken:
        retries = Retries.begin(self.http.clock, self.http.timeouts, self.http.chance)
        for attempt in count(1):
            try:
                token = self._given(scopes, options)
            except (AzureError, OidcTokenRefused, NetworkFailure, OSError) as error:  # noqa: PERF203 - a retry is a loop around a try
                refusal = refusal_behind(error)
                failure, asked = self._failure(refusal, attempt), self._asked(refusal)
                seconds = retries.wait(attempt, asked, attempts=self.http.most_attempts(failure))
                if seconds is None or not self._worth_repeating(refusal, failure):
                    raise told_wait(failure, retries.too_long(asked)) from error
                self.http.say(f"the sign-in failed; retrying in {seconds:.0f} s")
                self.http.clock.sleep(seconds)
            else:
                self.mask(token.token)
                self.http.reached.add(urlsplit(self.connection.cloud.authority_url).hostname or "")
                return token
        raise AssertionError

    def _given(self, scopes: tuple[str, ...], options: dict[str, Any]) -> AccessToken:
        """Return what the library makes of the answer.

        Raises:
            UnreadableAnswerError: when it makes nothing of it: these libraries take an answer's shape for granted.
            AzureError, TaskFailure, OSError: when there is no answer, or a refusal.
        """
        try:
            token = self.source.get_token(*scopes, **options)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise UnreadableAnswerError(f"the answer cannot be read ({type(error).__name__})") from error
        told: object = token.token
        if not (isinstance(told, str) and told):
            raise UnreadableAnswerError("the answer has no access token")
        return token

    def _failure(self, refusal: Exception, attempts: int) -> TaskFailure:
        """Return the failure behind a refused or failed sign-in."""
        if isinstance(refusal, NetworkFailure):
            return refusal
        if is_of_the_network(refusal) and not self._of_a_machine:
            return self.http.failure(refusal, self.connection.cloud.authority_url)
        return sign_in_failure(refusal, self.connection, attempts=attempts)

    def _worth_repeating(self, refusal: Exception, failure: TaskFailure) -> bool:
        if isinstance(failure, NetworkFailure):
            return not self.http.is_final(failure)
        if isinstance(failure, OidcTokenRefused):
            return not failure.final
        if isinstance(failure, AzureFailing | IssuerUnreachable):
            return True
        if isinstance(refusal, HttpResponseError):
            return refusal.status_code in (REPEATED_ON_A_MACHINE if self._of_a_machine else REPEATED)
        # A machine's endpoint is one hop away: one that cannot be reached does not exist.
        return isinstance(refusal, ServiceResponseError)

    @property
    def _of_a_machine(self) -> bool:
        return isinstance(self.connection.identity, ManagedIdentity)

    def _asked(self, refusal: Exception) -> float | None:
        """Return the seconds to wait that a refusal asks for."""
        if isinstance(refusal, OidcTokenRefused):
            return refusal.wait
        answer = refusal.response if isinstance(refusal, HttpResponseError) else None
        return asked_wait(answer.headers, self.http.clock.now()) if isinstance(answer, HttpResponse) else None


def open_credentials(
    connection: ServiceConnection,
    *,
    http: HttpClient,
    fresh_assertion: Callable[[], str],
    mask: Callable[[str], Secret],
    environment: Mapping[str, str],
) -> Credentials:
    """Return the credentials of a connection with a known cloud; nothing is sent yet.

    `fresh_assertion` returns a new OIDC token of the pipeline for each call; only federated connections call it. The
    job's `environment` names the signer for connections with a certificate.

    Raises:
        AgentVariableMissing: when a certificate needs the signer and the environment does not name it.
    """
    opened: Callable[[], TokenSource]
    match connection.identity:
        case KeyIdentity() as identity:
            key = identity.secret.reveal()
            options = _at_entra(connection, http)
            opened = partial(ClientSecretCredential, connection.sign_in_tenant, identity.client_id, key, **options)
        case CertificateIdentity() as identity:
            fresh = _signed_assertions(connection, identity, environment, http, mask)
            opened = partial(_by_assertion, connection, identity.client_id, fresh, http)
        case FederatedIdentity() as identity:
            opened = partial(_by_assertion, connection, identity.client_id, fresh_assertion, http)
        case ManagedIdentity() as identity:
            opened = partial(_of_the_machine, identity, http, environment)
    return Credentials(connection=connection, opened=opened, http=http, mask=mask)


def _signed_assertions(
    connection: ServiceConnection,
    identity: CertificateIdentity,
    environment: Mapping[str, str],
    http: HttpClient,
    mask: Callable[[str], Secret],
) -> Callable[[], str]:
    """Return a function that makes assertions; the signing modules load only for connections that need them."""
    from pytask.cloud.certificate import CertificateAssertions  # noqa: PLC0415
    from pytask.cloud.signer import find_signer  # noqa: PLC0415

    name = connection.subscription_name or connection.id
    signer = find_signer(environment, clock=http.clock, seconds=http.timeouts.signing, name=name)
    assertions = CertificateAssertions(
        connection=connection, identity=identity, signer=signer, clock=http.clock, mask=mask
    )
    return assertions.fresh


def _at_entra(connection: ServiceConnection, http: HttpClient) -> dict[str, Any]:
    return {
        "authority": connection.cloud.authority_url,
        # The authority comes from the connection, so discovering it would only cost a call.
        "disable_instance_discovery": True,
        "transport": http.transport.bound_to(authorities(connection.cloud.authority_url)),
        **_ALWAYS,
    }


def _by_assertion(
    connection: ServiceConnection, client_id: str, fresh: Callable[[], str], http: HttpClient
) -> TokenSource:
    at_adfs = {"raw_request_hook": _without_version} if connection.cloud.adfs else {}
    options = {**_at_entra(connection, http), **at_adfs}
    return ClientAssertionCredential(connection.sign_in_tenant, client_id, fresh, **options)


def _without_version(request: PipelineRequest[HttpRequest]) -> None:
    """Send the request to AD FS's token endpoint; azure-identity knows only Entra ID's.

    https://learn.microsoft.com/windows-server/identity/ad-fs/overview/ad-fs-openid-connect-oauth-flows-scenarios
    """
    request.http_request.url = request.http_request.url.replace("/oauth2/v2.0/token", "/oauth2/token")


def _of_the_machine(identity: ManagedIdentity, http: HttpClient, environment: Mapping[str, str]) -> TokenSource:
    """Return the tokens of a virtual machine, or of another host with App Service's identity endpoint."""
    return ManagedIdentityCredential(
        client_id=identity.client_id or None,
        transport=Transport.of_a_machine(
            new_transport(http.route, connect=http.timeouts.identity_connect, read=http.timeouts.http_read),
            environment,
            limits=Limits(seconds=http.timeouts.http_total),
        ),
        **_ALWAYS,
    )
