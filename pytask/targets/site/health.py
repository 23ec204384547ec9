"""The app's present health, explained like a failed start. Nothing here writes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet, Seen, asked_once
from pytask.errors.foreign import listed
from pytask.targets.site.functions import list_functions
from pytask.targets.site.host import host_status
from pytask.targets.site.host_check import explain_host
from pytask.targets.site.observation import container_log
from pytask.targets.site.start_failure import explain
from pytask.targets.target import Health

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.errors.start import StartFailure
    from pytask.model import Function
    from pytask.targets.site.host import HostStatus
    from pytask.targets.site.platform_log import Attempt, PlatformLog
    from pytask.targets.site.site import Site

_EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)


def look_at_health(azure: Azure, site: Site, settings: Mapping[str, str] | None) -> Health:
    """Return the app's health; what the connection may not see is mentioned and does not count as a failure."""
    arm, path = asked_once(azure.arm), site.resource_id
    host, functions = host_status(arm, path), list_functions(arm, path)
    log = container_log(arm, site, reference=site.image, since=_EVER)
    attempt = log.value.latest() if isinstance(log, Seen) else None
    listed = functions.value if isinstance(functions, Seen) else ()
    failure = None if site.stopped else _failure(site, host, attempt, listed, settings)
    running = isinstance(host, Seen) and host.value.running
    return Health(
        lines=tuple(_lines(site, host, functions, log)),
        failure=failure,
        healthy=failure is None and running and bool(listed) and not _has_failed(attempt),
        digest=_digest(attempt),
    )


def _has_failed(attempt: Attempt | None) -> bool:
    """Tell whether the last start failed: then a host that still answers is the one of an earlier start."""
    return attempt is not None and attempt.failure is not None


def _digest(attempt: Attempt | None) -> str:
    """Return the digest that the last start runs; empty until the platform calls it ready."""
    if attempt is None or attempt.failure or attempt.ready_at is None:
        return ""
    return attempt.started.rpartition("@")[2] if "sha256:" in attempt.started else attempt.digest


def _failure(
    site: Site,
    host: Reading[HostStatus],
    attempt: Attempt | None,
    functions: tuple[Function, ...],
    settings: Mapping[str, str] | None,
) -> StartFailure | None:
    app, reference = site.title, site.image or "its image"
    if isinstance(host, Seen):
        unhealthy = not functions or host.value.state.lower() == "error"
        return explain_host(host.value, app=app, reference=reference, settings=settings) if unhealthy else None
    if isinstance(host, NotYet) and attempt and attempt.failure:
        return explain(attempt, app=app, reference=reference, settings=settings)
    return None


def _lines(
    site: Site,
    host: Reading[HostStatus],
    functions: Reading[tuple[Function, ...]],
    log: Reading[PlatformLog],
) -> Iterator[str]:
    """Yield the app's state, and at the end what the connection may not see."""
    yield f"image      {site.image or 'none'}"
    attempt = log.value.latest() if isinstance(log, Seen) else None
    if attempt:
        yield f"last start {attempt.phase()}{f', {attempt.started}' if attempt.started else ''}"
    if site.stopped:
        yield "state      the app is stopped"
    else:
        yield from _lines_of_host(host)
        if isinstance(functions, Seen):
            names = listed(f"{one.name} ({one.trigger})" for one in functions.value)
            yield f"functions  {names or 'none'}"
    yield from (f"not visible: {one.reason}" for one in (host, functions, log) if isinstance(one, NotAllowed))


def _lines_of_host(host: Reading[HostStatus]) -> Iterator[str]:
    if isinstance(host, NotYet):
        yield "host       does not respond"
    if isinstance(host, Seen):
        since = f", up for {_duration(host.value.uptime)}" if host.value.uptime is not None else ""
        yield f"host       {host.value.state}, version {host.value.version or 'unknown'}{since}"


def _duration(seconds: float) -> str:
    """Return a time span for people, such as `3 h 12 min`."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {int(seconds % 60)} s"
