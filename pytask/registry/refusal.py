"""The failures behind a registry's refusals.

Source of the format: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytask.cloud.answers import correlation_id, error_of
from pytask.decode import decode, objects_at, text_at
from pytask.errors.foreign import shortened
from pytask.errors.push import TagLocked
from pytask.errors.registry import RegistryFailing, RegistryRefused
from pytask.registry.firewall import firewall_in

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.http import Call, HttpClient
    from pytask.errors import TaskFailure
    from pytask.errors.registry import RegistryFirewall
    from pytask.model import RegistryHost

_LONGEST_DETAIL = 800
_LOCKED = "operation is disallowed"
"""https://learn.microsoft.com/azure/container-registry/container-registry-faq"""


def registry_error(answer: HttpResponse) -> str:
    """Return the registry's message for a refusal; token services use other formats as well."""
    body = decode(answer.content)
    coded = [(code, text_at(one, "message")) for one in objects_at(body, "errors") if (code := text_at(one, "code"))]
    told = "; ".join(f"{code}: {message}" for code, message in coded)
    return shortened(told or text_at(body, "details") or error_of(answer)[1], _LONGEST_DETAIL)


def firewall(host: RegistryHost, answer: HttpResponse) -> RegistryFirewall | None:
    """Return the failure for a refusal by the registry's firewall; None for any other refusal."""
    return firewall_in(registry_error(answer), str(host), correlation_id(answer))


def http_client_of(http: HttpClient, host: RegistryHost) -> HttpClient:
    """Return an HTTP client that raises the failures of this registry."""
    return replace(
        http,
        refusals=lambda call, answer: _refused(host, call, answer),
        failing=lambda call, answer, attempts: _failing(host, call, answer, attempts),
    )


def _refused(host: RegistryHost, call: Call, answer: HttpResponse) -> TaskFailure:
    detail, correlation, registry = registry_error(answer), correlation_id(answer), str(host)
    if blocked := firewall(host, answer):
        return blocked
    if _LOCKED in detail:
        reference = _reference(registry, call.request.url)
        return TagLocked(reference=reference, registry=registry, detail=detail, correlation_id=correlation)
    status = answer.status_code
    return RegistryRefused(
        registry=registry, doing=call.doing, status=status, detail=detail, correlation_id=correlation
    )


def _reference(host: str, url: str) -> str:
    """Return the image that a call is about; the registry when the call is about none."""
    repository, found, tag = urlsplit(url).path.partition("/v2/")[2].partition("/manifests/")
    return f"{host}/{repository}{'@' if ':' in tag else ':'}{tag}" if found else host


def _failing(host: RegistryHost, call: Call, answer: HttpResponse, attempts: int) -> TaskFailure:
    return RegistryFailing(
        registry=str(host),
        doing=call.doing,
        status=answer.status_code,
        attempts=attempts,
        detail=registry_error(answer),
        correlation_id=correlation_id(answer),
    )
