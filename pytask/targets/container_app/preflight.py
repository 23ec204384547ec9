"""Checking, before anything changes, what makes a deployment to a container app impossible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.decode import objects_at, text_at
from pytask.errors.container_app import (
    ContainerAppMode,
    ContainerUnknown,
    InputsForSites,
    SecretMissing,
    SettingIsSecret,
)
from pytask.errors.foreign import listed
from pytask.model.reference import ImageReference, NotAReference
from pytask.targets.container_app.app import SECRET_REFERENCE
from pytask.targets.container_app.traffic import is_multiple, told, traffic_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.model import AppPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.container_app.app import ContainerApp

_NEW = "the new one"
_MODES = frozenset({"single", "multiple"})


def confirm_possible(app: ContainerApp, plan: AppPlan) -> None:
    """Check the app's revision mode, and whether it supports what the step sets.

    Raises:
        ContainerAppMode, InputsForSites, SecretMissing, SettingIsSecret: when the deployment is impossible.
    """
    if app.mode.lower() not in _MODES:
        raise ContainerAppMode(app=app.title, mode=app.mode or "unknown")
    if plan.configuration:
        raise InputsForSites(app=app.title, names=listed(plan.configuration))
    _confirm_no_secrets(app, plan)
    secrets = {text_at(one, "name") for one in objects_at(app.properties, "configuration", "secrets")}
    wanted = [one for one in plan.settings.values.values() if one.startswith(SECRET_REFERENCE)]
    missing = [name for name in (one.removeprefix(SECRET_REFERENCE) for one in wanted) if name not in secrets]
    if missing:
        raise SecretMissing(app=app.title, names=listed(missing))


def _confirm_no_secrets(app: ContainerApp, plan: AppPlan) -> None:
    """Raise SettingIsSecret when a secret would become a plain variable, which everyone who may read the app can see.

    A variable that already has this very value is left as it is.
    """
    there = app.environment
    new = [name for name in plan.settings.secret if there.get(name) != plan.settings.values[name]]
    if new:
        raise SettingIsSecret(app=app.title, names=listed(new), first=new[0])


def with_our_container(app: ContainerApp, source: ImageSource) -> ContainerApp:
    """Return the app with the container that is to run the image: the one with its repository, or else the only one.

    Raises:
        ContainerUnknown: when there are several, and none or more than one has the repository.
    """
    if len(app.containers) == 1 or not source.repository:
        return app
    ours = [text_at(one, "name") for one in app.containers if _repository(text_at(one, "image")) == _ours(source)]
    if len(ours) != 1:
        told = "\n".join(f"{text_at(one, 'name')}: {text_at(one, 'image')}" for one in app.containers)
        repository = f"{source.host or ''}/{source.repository}".removeprefix("/")
        raise ContainerUnknown(app=app.title, repository=repository, containers=told or "none")
    return app.with_container(ours[0])


def notes(app: ContainerApp, plan: AppPlan, repeats: str) -> Iterator[str]:
    """Yield what people should know before the update; `repeats` as for `traffic_of`."""
    if plan.settings.sticky:
        yield f"{listed(plan.settings.sticky)}: slotSetting has no effect, because Container Apps has no slots"
    if is_multiple(app):
        yield from _traffic_notes(app, plan, repeats)
    elif plan.verify:
        yield "during the update, both revisions run side by side for a moment, with their timers and queue triggers"
    if app.latest_revision != app.ready_revision:
        yield f"the app's latest revision {app.latest_revision or '(none)'} is not ready"


def _traffic_notes(app: ContainerApp, plan: AppPlan, repeats: str) -> Iterator[str]:
    """Yield who gets which traffic in multiple revision mode."""
    traffic = traffic_of(app, repeats)
    yield "the revisions that are active now stay active alongside the new one, with their timers and queue triggers"
    if not plan.verify:
        yield f"verify is false, so the traffic stays as it is configured: {told(app.traffic)}"
    elif traffic is None:
        yield "the app has no ready revision that could keep the traffic while the new one is verified"
    elif traffic.has_share(_NEW):
        then = told(traffic.released(_NEW))
        yield f"the new revision gets no traffic before it is verified; then the traffic is: {then}"
    elif traffic.entries:
        yield f"the new revision gets no traffic, even once it is verified: {told(app.traffic)}"


def _ours(source: ImageSource) -> tuple[str, str]:
    return str(source.host or ""), source.repository


def _repository(image: str) -> tuple[str, str]:
    try:
        reference = ImageReference.parse(image)
    except NotAReference:
        return "", ""
    return str(reference.host), reference.repository
