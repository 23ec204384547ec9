"""Why a registry refused an image, from the engine's error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.builders.docker.storage import is_broken, is_full, is_of_a_registry, lacks_image
from pytask.builders.docker.trouble import lasts, network_trouble
from pytask.errors.base import facts_of
from pytask.errors.docker import AgentDiskFull, EngineFailing, ImageRemoved
from pytask.errors.foreign import shortened, without_page
from pytask.errors.push import (
    LayerTooLarge,
    PushDenied,
    PushFailed,
    RegistryFull,
    RegistryReadOnly,
    RepositoryMissing,
    TagLocked,
)
from pytask.errors.registry import RegistryLoginRefused
from pytask.registry.firewall import firewall_in

if TYPE_CHECKING:
    from pytask.errors import TaskFailure

_LONGEST_DETAIL = 800
_LASTING: dict[type[TaskFailure], tuple[str, ...]] = {
    # https://learn.microsoft.com/azure/container-registry/container-registry-faq
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    TagLocked: ("immutable", "cannot be overwritten", "operation is disallowed", "disallowed_operation", "quarantine"),
    # https://learn.microsoft.com/azure/container-registry/intro-connected-registry
    RegistryReadOnly: ("not allowed on this registry", "read-only", "read only mode", "readonly"),
    # https://github.com/goharbor/harbor/issues/17390
    RegistryFull: (
        "quota",
        "configured upper limit",
        "storage limit",
        "insufficient storage",
        "insufficient_storage",
        "507 ",
        "no space left on",
    ),
    LayerTooLarge: ("413 ", "entity too large", "payload too large", "content too large"),
    RepositoryMissing: ("name unknown", "project not found", "unauthorized: project ", "repository_not_found"),
    RegistryLoginRefused: (
        "invalid clientid or client secret",
        "username or password",
        "username/password",
        "bad credentials",
        "invalid credentials",
        "no basic auth credentials",
        "access token is expired",
        "token has expired",
        "http basic: access denied",
        "cannot be authenticated",
        "must log in with",
        "not registered with aad",
        "aadsts",
    ),
}
"""Refusals that neither permissions nor retries can change, by the lower-case words of registries and their proxies."""
_DENIED = ("denied", "403 forbidden", "insufficient_scope")
_TOO_OLD = ("unauthorized", "authentication required")
"""Also the registry's words for a token that expired during a long push: signing in again is worth one attempt."""


def push_refusal(error: str, *, reference: str, registry: str, attempt: int, last: bool) -> TaskFailure | None:
    """Return the failure behind a push error; None when a retry may help."""
    detail = shortened(without_page(error), _LONGEST_DETAIL)
    told = _told(detail, reference)
    if final := firewall_in(error, registry) or _of_the_engine(told, detail) or _lasting(detail, reference, registry):
        return final
    if lacks_image(told):
        # The next attempt tags the image again by its id.
        return ImageRemoved(reference=reference, detail=detail) if last else None
    refused = any(sign in told for sign in _TOO_OLD) and attempt > 1
    if refused or any(sign in told for sign in _DENIED):
        return PushDenied(reference=reference, registry=registry, detail=detail)
    if (trouble := network_trouble(error, registry)) and (last or lasts(trouble)):
        return trouble
    return PushFailed(reference=reference, detail=detail, attempts=attempt) if last else None


def _of_the_engine(told: str, detail: str) -> TaskFailure | None:
    """Return the failure of the engine's own storage, which is not the registry's; None when it is no such failure."""
    if is_of_a_registry(told):
        return None
    if is_full(told):
        return AgentDiskFull(detail=detail)
    return EngineFailing(doing="push the image", detail=detail) if is_broken(told) else None


def is_bare(failure: TaskFailure) -> bool:
    """Tell whether a refusal came without the registry's reason, as the response to a HEAD request does.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
    """
    return isinstance(failure, PushDenied) and failure.detail.lower().endswith("403 forbidden")


def _lasting(detail: str, reference: str, registry: str) -> TaskFailure | None:
    """Return a refusal that neither permissions nor retries can change; None when it is no such refusal."""
    told = _told(detail, reference)
    facts = {"reference": reference, "registry": registry, "detail": detail}
    for kind, signs in _LASTING.items():
        if any(sign in told for sign in signs):
            return kind(**{fact: facts[fact] for fact in facts_of(kind) if fact in facts})
    return None


def _told(detail: str, reference: str) -> str:
    """Return the error in lower case, without the repository's name, which may contain any of the words."""
    repository = reference.partition("/")[2].partition("@")[0].rpartition(":")[0].lower()
    return detail.lower().replace(repository, "") if repository else detail.lower()
