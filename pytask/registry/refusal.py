"""What a refusal of a registry means.

Source of the shape: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.cloud.answers import correlation_id, error_of
from pytask.errors.registry import RegistryFailing, RegistryRefused
from pytask.image.firewall import firewall_in

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.http import Call, Door
    from pytask.errors import TaskFailure
    from pytask.errors.registry import RegistryFirewall
    from pytask.model import RegistryHost

_LONGEST_DETAIL = 300


def registry_error(answer: HttpResponse) -> str:
    """Give the registry's own words for a refusal; token services have further forms for it."""
    try:
        body = answer.json()
        if errors := body.get("errors"):
            return "; ".join(f"{error['code']}: {error.get('message', '')}" for error in errors)
        return str(body["details"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return error_of(answer)[1][:_LONGEST_DETAIL]


def firewall(host: RegistryHost, answer: HttpResponse) -> RegistryFirewall | None:
    """Give the failure that an answer of the registry's firewall is; None when it is none."""
    return firewall_in(registry_error(answer), str(host), correlation_id(answer))


def registry_door(door: Door, host: RegistryHost) -> Door:
    """Give a door whose failures are those of this registry."""
    return replace(
        door,
        refusals=lambda call, answer: _refused(host, call, answer),
        failing=lambda call, answer, attempts: _failing(host, call, answer, attempts),
    )


def _refused(host: RegistryHost, call: Call, answer: HttpResponse) -> TaskFailure:
    return firewall(host, answer) or RegistryRefused(
        registry=str(host),
        doing=call.doing,
        status=answer.status_code,
        detail=registry_error(answer),
        correlation_id=correlation_id(answer),
    )


def _failing(host: RegistryHost, call: Call, answer: HttpResponse, attempts: int) -> TaskFailure:
    return RegistryFailing(
        registry=str(host),
        doing=call.doing,
        status=answer.status_code,
        attempts=attempts,
        detail=registry_error(answer),
        correlation_id=correlation_id(answer),
    )
