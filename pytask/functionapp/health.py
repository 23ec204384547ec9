"""How the app is at present, explained as a failed start is. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytask.functionapp.explain import explain, explain_host
from pytask.functionapp.host import NotAllowed, container_log, host_process, list_functions
from pytask.functionapp.platform_log import latest_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from pytask.cloud.arm import Azure
    from pytask.errors.start import StartFailure
    from pytask.functionapp.platform_log import Start
    from pytask.model import Function, HostProcess, Target

    T = TypeVar("T")

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
    started: str
    """Digest or reference of the image that was started last, as the platform's log has it; else empty."""

    @property
    def well(self) -> bool:
        """True when all that can be seen of a working app is seen."""
        return self.failure is None and self.running and bool(self.functions)


def look_at_health(azure: Azure, target: Target, settings: Mapping[str, str] | None) -> Health:
    """Give how the app is; what the connection may not see is said and is no failure."""
    arm, path = azure.arm, target.resource_id
    notes: list[str] = []
    host = _seen(notes, lambda: host_process(arm, path))
    may_see_host = not notes
    functions = _seen(notes, lambda: list_functions(arm, path))
    start = _seen(notes, lambda: latest_start(container_log(arm, path), since=_EVER))
    failure = None if target.stopped else _failure(target, host, start, functions or (), settings)
    return Health(
        told=(*_told(target, host, functions, start, may_see_host=may_see_host), *notes),
        failure=failure,
        functions=functions or (),
        running=host is not None and host.state == "Running",
        started=start.started() if start else "",
    )


def _seen(notes: list[str], look: Callable[[], T]) -> T | None:
    try:
        return look()
    except NotAllowed as error:
        notes.append(f"not seen: {error}")
        return None


def _failure(
    target: Target,
    host: HostProcess | None,
    start: Start | None,
    functions: tuple[Function, ...],
    settings: Mapping[str, str] | None,
) -> StartFailure | None:
    app, reference = target.title, target.image or "its image"
    if host and (not functions or host.state == "Error"):
        return explain_host(host, app=app, reference=reference)
    event = start.failure() if start else None
    if host is None and start and event:
        return explain(start, event, app=app, reference=reference, settings=settings)
    return None


def _told(
    target: Target,
    host: HostProcess | None,
    functions: tuple[Function, ...] | None,
    start: Start | None,
    *,
    may_see_host: bool,
) -> tuple[str, ...]:
    """Give how it is, without what may not be seen."""
    rows = [f"image      {target.image or 'none'}"]
    rows += [f"last start {start.phase()}{f', {start.started()}' if start.started() else ''}"] if start else []
    if target.stopped:
        return (*rows, "state      the app is stopped")
    running = (
        f"{host.state}, version {host.version}, since {host.started:%Y-%m-%d %H:%M:%S}Z" if host else "does not answer"
    )
    rows += [f"host       {running}"] if may_see_host else []
    if functions is not None:
        rows += [f"functions  {', '.join(f'{one.name} ({one.trigger})' for one in functions) or 'none'}"]
    return tuple(rows)
