"""How the app is at present, explained as a failed start is. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.targets.site.functions import list_functions
from pytask.targets.site.host import host_status
from pytask.targets.site.host_check import explain_host
from pytask.targets.site.observation import container_log
from pytask.targets.site.start_failure import explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.errors.start import StartFailure
    from pytask.model import Function, Target
    from pytask.targets.site.host import HostStatus
    from pytask.targets.site.platform_log import Attempt, PlatformLog

_EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How an app is."""

    told: tuple[str, ...]
    """For people, a line each."""
    failure: StartFailure | None
    """What is wrong with it; None when nothing shows."""
    functions: tuple[Function, ...]
    running: bool
    """True when the Functions host was seen running; False also when it may not be asked."""
    digest: str
    """Digest of the image that was started last, as the platform's log has it; else empty."""

    @property
    def healthy(self) -> bool:
        """True when all that can be seen of a working app is seen."""
        return self.failure is None and self.running and bool(self.functions)


def look_at_health(azure: Azure, target: Target, settings: Mapping[str, str] | None) -> Health:
    """Return how the app is; what the connection may not see is said and is no failure."""
    arm, path = azure.arm, target.resource_id
    host, functions = host_status(arm, path), list_functions(arm, path)
    log = container_log(arm, target, reference=target.image, since=_EVER)
    attempt = log.value.latest() if isinstance(log, Seen) else None
    listed = functions.value if isinstance(functions, Seen) else ()
    return Health(
        told=tuple(_told(target, host, functions, log)),
        failure=None if target.stopped else _failure(target, host, attempt, listed, settings),
        functions=listed,
        running=isinstance(host, Seen) and host.value.running,
        digest=_digest(attempt),
    )


def _digest(attempt: Attempt | None) -> str:
    if attempt is None or attempt.failure:
        return ""
    return attempt.started.rpartition("@")[2] if "sha256:" in attempt.started else attempt.digest


def _failure(
    target: Target,
    host: Reading[HostStatus],
    attempt: Attempt | None,
    functions: tuple[Function, ...],
    settings: Mapping[str, str] | None,
) -> StartFailure | None:
    app, reference = target.title, target.image or "its image"
    if isinstance(host, Seen):
        unhealthy = not functions or host.value.state.lower() == "error"
        return explain_host(host.value, app=app, reference=reference) if unhealthy else None
    if isinstance(host, NotYet) and attempt and attempt.failure:
        return explain(attempt, app=app, reference=reference, settings=settings)
    return None


def _told(
    target: Target,
    host: Reading[HostStatus],
    functions: Reading[tuple[Function, ...]],
    log: Reading[PlatformLog],
) -> Iterator[str]:
    """Return how it is, and at the end what may not be seen."""
    yield f"image      {target.image or 'none'}"
    attempt = log.value.latest() if isinstance(log, Seen) else None
    if attempt:
        yield f"last start {attempt.phase()}{f', {attempt.started}' if attempt.started else ''}"
    if target.stopped:
        yield "state      the app is stopped"
    else:
        yield from _told_of_host(host)
        if isinstance(functions, Seen):
            names = ", ".join(f"{one.name} ({one.trigger})" for one in functions.value)
            yield f"functions  {names or 'none'}"
    yield from (f"not seen: {one.reason}" for one in (host, functions, log) if isinstance(one, NotAllowed))


def _told_of_host(host: Reading[HostStatus]) -> Iterator[str]:
    if isinstance(host, NotYet):
        yield "host       does not answer"
    if isinstance(host, Seen):
        since = f", up for {_duration(host.value.uptime)}" if host.value.uptime is not None else ""
        yield f"host       {host.value.state}, version {host.value.version or 'unknown'}{since}"


def _duration(seconds: float) -> str:
    """Return a time span as people read it, such as `3 h 12 min`."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {int(seconds % 60)} s"
