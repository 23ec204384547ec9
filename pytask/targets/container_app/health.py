"""The present health of a container app. Nothing here writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, Seen
from pytask.errors.foreign import listed
from pytask.targets.container_app.app import ContainerAppUpdate
from pytask.targets.container_app.events import warnings_about
from pytask.targets.container_app.explain import explain
from pytask.targets.container_app.observation import functions_at, replicas_at, revision_at
from pytask.targets.container_app.observed import Observation
from pytask.targets.container_app.traffic import is_multiple, is_released, told
from pytask.targets.target import Health

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.cloud.arm import Azure
    from pytask.errors.start import StartFailure
    from pytask.targets.container_app.app import ContainerApp


def look_at_health(azure: Azure, app: ContainerApp) -> Health:
    """Return the app's health; what the connection may not see is mentioned and does not count as a failure."""
    arm, path = azure.arm, f"{app.resource_id}/revisions/{app.latest_revision}"
    seen = Observation(
        app=Seen(app),
        revision=revision_at(arm, path),
        replicas=replicas_at(arm, path),
        functions=functions_at(arm, path),
    )
    failure = None if app.stopped else _failure(azure, app, seen)
    ready = bool(app.latest_revision) and app.latest_revision == app.ready_revision
    return Health(
        lines=tuple(_told(app, seen)),
        failure=failure,
        healthy=failure is None and ready and bool(seen.listed) and not app.stopped and is_released(app),
        digest="",
    )


def _failure(azure: Azure, app: ContainerApp, seen: Observation) -> StartFailure | None:
    if not isinstance(seen.revision, Seen) or not seen.revision.value.is_bad:
        return None
    update = ContainerAppUpdate(
        app=app,
        reference=app.image or "its image",
        digest=None,
        restarted=False,
        revision=app.latest_revision,
        operation="",
        serving=app,
    )
    events = warnings_about(azure, app, app.latest_revision)
    return explain(update, Observation(revision=seen.revision, replicas=seen.replicas, events=events or ()))


def _told(app: ContainerApp, seen: Observation) -> Iterator[str]:
    """Yield the app's state, and at the end what the connection may not see."""
    yield f"image      {app.image or 'none'}"
    if app.stopped:
        yield "state      the app is stopped"
    elif isinstance(seen.revision, Seen):
        yield f"revision   {app.latest_revision}: {seen.revision.value.phase}"
        if app.ready_revision != app.latest_revision:
            yield f"           not ready; ready is {app.ready_revision or 'none'}"
        if is_multiple(app):
            yield f"traffic    {told(app.traffic)}"
    if isinstance(seen.replicas, Seen) and not app.stopped:
        ready = sum(one.is_ready for one in seen.running)
        yield f"replicas   {ready} of {len(seen.running)} ready" if seen.running else "replicas   none (scaled to zero)"
    if isinstance(seen.functions, Seen):
        yield f"functions  {listed(f'{one.name} ({one.trigger})' for one in seen.listed) or 'none'}"
    readings = (seen.revision, seen.replicas, seen.functions)
    yield from (f"not visible: {one.reason}" for one in readings if isinstance(one, NotAllowed))
