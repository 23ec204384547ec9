"""The failure behind a refused sign-in.

Sources: https://learn.microsoft.com/entra/identity-platform/reference-error-codes and
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError

from pytask.cloud.answers import text_of
from pytask.decode import decode, text_at
from pytask.errors.azure import AzureFailing
from pytask.errors.base import facts_of
from pytask.errors.federation import FederationMismatch, FederationNotAllowed, IssuerUnreachable, OidcTokenRefused
from pytask.errors.foreign import shortened, without_page
from pytask.errors.sign_in import (
    AssertionOutOfTime,
    AudienceUnknown,
    CertificateRefused,
    ClientDisabled,
    ClientUnknown,
    ConditionalAccessBlocks,
    ManagedIdentityMissing,
    ManagedIdentityUnreachable,
    SecretExpired,
    SecretWrong,
    SignInRefused,
    TenantBlocked,
    TenantUnknown,
)
from pytask.model import FederatedIdentity, ManagedIdentity

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.core.rest import HttpRequest, HttpResponse

    from pytask.errors import AzureFailure, TaskFailure
    from pytask.model import Identity, ServiceConnection

_CODES: dict[type[AzureFailure], tuple[str, ...]] = {
    AssertionOutOfTime: ("500133", "700024"),
    AudienceUnknown: ("50001", "500011", "500014", "650052", "650057"),
    CertificateRefused: ("50012", "50013", "50027", "700021", "700023", "700027", "700030"),
    ClientDisabled: ("7000112",),
    ClientUnknown: ("70001", "700016", "7000229"),
    ConditionalAccessBlocks: (
        "50005", "50097", "50131", "53000", "53001", "53002", "53003", "53004", "530003", "530032", "530034", "530035",
        "530084",
    ),
    FederationMismatch: ("70021", "70025", "700211", "700212", "700213"),
    FederationNotAllowed: ("700223", "700238", "7002381"),
    IssuerUnreachable: ("50166", "501661", "90061"),
    SecretExpired: ("7000222",),
    SecretWrong: ("70002", "7000215", "7000216", "7000218"),
    TenantBlocked: ("5000225",),
    TenantUnknown: ("50059", "50128", "90002", "90019", "900021", "900023", "900382", "900432", "900439"),
}  # fmt: skip
"""https://login.microsoftonline.com/error explains each code."""
_MEANINGS = {code: meaning for meaning, codes in _CODES.items() for code in codes}
_TRANSIENT_CODES = frozenset({"50033", "50196", "90024", "90033", "90055"})
"""Entra ID's own outages and limits, which also have status 400."""
_BEFORE_AN_AUDIENCE = ("resource principal named ", "Requested resource: ", "Resource value from request: ")
_NO_SUCH_IDENTITY = (
    "identity not found",
    "managed identity found",
    "multiple user assigned identities",
    "assigned to this resource",
)
"""Only the text tells: every refusal of these endpoints has status 400."""
_CODE = re.compile(r"AADSTS(\d{5,8})")
_CORRELATION = re.compile(r"Correlation ID: ([0-9a-f-]{36})")
_LONGEST_DETAIL = 800


class UnreadableAnswerError(AzureError):
    """The answer to a sign-in is not what such an answer is."""


def keep_refusal(response: PipelineResponse[HttpRequest, HttpResponse]) -> None:
    """Raise a refused call as it is; azure-identity and MSAL would drop its status and text.

    Azure Arc's challenge passes: the answer to it is in a file that only the machine's own agents may read.
    https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
    """
    answer = response.http_response
    challenge = answer.status_code == HTTPStatus.UNAUTHORIZED and response.http_request.method == "GET"
    if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES and not challenge:
        refusal = HttpResponseError(response=answer)
        refusal.message = _words(answer)
        raise refusal


def refusal_behind(error: Exception) -> Exception:
    """Return the refusal behind an azure-identity error."""
    while isinstance(error.__cause__, AzureError):
        error = error.__cause__
    return error


def sign_in_failure(refusal: Exception, connection: ServiceConnection, *, attempts: int) -> TaskFailure:
    """Return the failure behind a refused sign-in."""
    if isinstance(refusal, OidcTokenRefused):
        return refusal
    text = str(refusal.message if isinstance(refusal, AzureError) else refusal)
    status = refusal.status_code or 0 if isinstance(refusal, HttpResponseError) else 0
    failing = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(refusal, UnreadableAnswerError):
        failing, status = True, HTTPStatus.OK
    if failing or _TRANSIENT_CODES.intersection(_codes(text)):
        told = {"detail": _line(text), "correlation_id": _correlation(text)}
        return AzureFailing(doing="sign in with the service connection", status=status, attempts=attempts, **told)
    if isinstance(connection.identity, ManagedIdentity) and "AADSTS" not in text:
        return _machine_failure(text, connection.identity, connection)
    return entra_failure(text, connection)


def entra_failure(text: str, connection: ServiceConnection) -> AzureFailure:
    """Return the failure behind an AADSTS code, or behind another identity provider's text."""
    identity = connection.identity
    issuer, subject = (identity.issuer, identity.subject) if isinstance(identity, FederatedIdentity) else ("", "")
    facts = {
        "tenant": connection.tenant_id,
        "authority": connection.cloud.authority_url,
        "audience": _audience(text) or "the service that the token is for",
        "issuer": issuer,
        "subject": subject,
        "page": connection.page,
        "detail": _line(text),
        "correlation_id": _correlation(text),
    }
    meaning = _meaning(text, identity)
    return meaning(**{fact: facts[fact] for fact in facts_of(meaning) if fact in facts})


def _meaning(text: str, identity: Identity) -> type[AzureFailure]:
    """Return the kind of failure: the first known code that applies to this kind of identity."""
    known = next((_MEANINGS[code] for code in _codes(text) if code in _MEANINGS), SignInRefused)
    if known is CertificateRefused and isinstance(identity, FederatedIdentity):
        return SignInRefused
    if known is CertificateRefused and "secret" in text:
        # An older code for a wrong secret: AADSTS50012: Invalid client secret is provided.
        return SecretWrong
    # AADSTS70001 stands both for an application that is not found and for a disabled one.
    return ClientDisabled if known is ClientUnknown and "is disabled" in text else known


def _machine_failure(text: str, identity: ManagedIdentity, connection: ServiceConnection) -> TaskFailure:
    detail = _line(text)
    if not any(sign in text.lower() for sign in _NO_SUCH_IDENTITY):
        return ManagedIdentityUnreachable(page=connection.page, detail=detail)
    told = f"the managed identity {identity.client_id}" if identity.client_id else "a managed identity"
    return ManagedIdentityMissing(identity=told, page=connection.page, detail=detail)


def _words(answer: HttpResponse) -> str:
    """Return a response's error text: Entra ID and machines put it in `error_description`."""
    body = decode(answer.content)
    told = text_at(body, "error_description") or text_at(body, "message")
    return told or text_of(answer).strip() or answer.reason


def _line(text: str) -> str:
    """Return the line with the code, or else the first line."""
    lines = without_page(text).splitlines() or [""]
    return shortened(next((line for line in lines if "AADSTS" in line), lines[0]).strip(), _LONGEST_DETAIL)


def _codes(text: str) -> list[str]:
    """Return the codes that a text names, in order."""
    return _CODE.findall(text)


def _audience(text: str) -> str:
    """Return the service that Entra ID reports as unknown."""
    rest = next((text.partition(sign)[2] for sign in _BEFORE_AN_AUDIENCE if sign in text), "")
    words = rest.lstrip("'").split(maxsplit=1)
    return words[0].partition("'")[0] if words else ""


def _correlation(text: str) -> str:
    found = _CORRELATION.search(text)
    return found.group(1) if found else ""
