"""Why an app does not run an image, from the platform's first words of the latest attempt.

Source of the texts: https://learn.microsoft.com/troubleshoot/azure/app-service/web-apps/faqs-app-service-linux-new and
https://learn.microsoft.com/azure/app-service/configure-custom-container#troubleshoot
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.errors.start import (
    ContainerExits,
    ContainerSilent,
    ContainerStartFailed,
    HostError,
    PullFailed,
    PullFirewall,
    PullNetwork,
    PullNotFound,
    PullUnauthorized,
    StorageBroken,
    UserIdOutOfRange,
    WrongArchitecture,
)
from pytask.functionapp.platform_log import Kind
from pytask.targets.site.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.errors.start import StartFailure, ToldStartFailure
    from pytask.functionapp.platform_log import Event, Start
    from pytask.model import HostProcess

# The first that fits decides, so the particular stands before the general.
_MEANINGS: tuple[tuple[type[ToldStartFailure], re.Pattern[str]], ...] = tuple(
    (meaning, re.compile(signs, re.IGNORECASE | re.MULTILINE))
    for meaning, signs in (
        (UserIdOutOfRange, r"cannot be mapped to a host id|unmapped user|user namespace"),
        (
            WrongArchitecture,
            (
                r"exec format error|exec user process|^exec /\S+: no such file|no matching manifest|"
                r"platform .* does not match"
            ),
        ),
        (PullFirewall, r"client with ip .* is not allowed|aka\.ms/acr/firewall"),
        (PullNotFound, r"manifest unknown|manifest for .* not found"),
        (PullUnauthorized, r"unauthorized|authentication required|pull access denied|access to the resource is denied"),
        (
            PullNetwork,
            r"no such host|i/o timeout|over VNET failed|UnexpectedFaliure|x509|connection refused|network is unreach",
        ),
        (ContainerStartFailed, r"OCI runtime create failed"),
        (ContainerExits, r"has exited|exit code|terminated during site startup"),
        (
            ContainerSilent,
            r"didn't respond to HTTP pings|startup probe failed|did not start within expected time limit",
        ),
    )
)
_STORAGE = re.compile(r"storage|azurewebjobsstorage|blob", re.IGNORECASE)
_EXEC = re.compile(r"exec /\S+: |.*exec format error|.*exec user process")
"""What the engine, not the program, prints into the container's output when the program cannot be run."""


def explain(
    start: Start, event: Event, *, app: str, reference: str, settings: Mapping[str, str] | None
) -> ToldStartFailure:
    """Give the failure behind the platform's line; one that nobody described is shown as it is."""
    general = PullFailed if event.kind is Kind.PULL_FAILED else ContainerStartFailed
    meaning = _meaning(_whole(start, event)) or general
    tail = start.tail if event.kind is Kind.START_FAILED else ()
    lines = "".join(f"\n  {line}" for line in tail)
    told = f"\nthe container's last lines:{lines}" if lines else ""
    line = next((one for one in _start_failures(start, event) if "on port:" in one), event.text)
    return meaning(app=app, reference=reference, line=redacted(line, settings), tail=redacted(told, settings))


def refuses_app(line: str) -> bool:
    """Tell whether a line says that the registry does not let the app in."""
    return _meaning(line) is PullUnauthorized


def explain_host(host: HostProcess, *, app: str, reference: str) -> StartFailure | None:
    """Give the failure that the Functions host itself reports; None when it reports none."""
    if not host.errors:
        return None
    errors = "; ".join(host.errors)
    if _STORAGE.search(errors):
        return StorageBroken(app=app, reference=reference, errors=errors)
    return HostError(app=app, reference=reference, state=host.state or "unknown", errors=errors)


def _meaning(text: str) -> type[ToldStartFailure] | None:
    return next((meaning for meaning, signs in _MEANINGS if signs.search(text)), None)


def _start_failures(start: Start, event: Event) -> list[str]:
    """Give all that the platform says of a failed start; of a failed pull nothing."""
    if event.kind is not Kind.START_FAILED:
        return []
    return [other.text for other in start.events if other.kind is Kind.START_FAILED]


def _whole(start: Start, event: Event) -> str:
    """Give all words on the failure: of a pull the first only, of a start all, with what the container said of it.

    `exec format error` may be the container's own last word.
    """
    if event.kind is not Kind.START_FAILED:
        return event.text
    near = [line for line in start.tail if _EXEC.match(line)]
    return "\n".join([*_start_failures(start, event), *near])
