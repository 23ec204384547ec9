"""Pointing a container app at an image with one change of its template, which creates a new revision.

Only what changes is sent, but lists are replaced as a whole, so every container is sent with every field that was just
read. Secrets, ingress, scale rules and volumes are not sent, and so do not change.
Source: https://learn.microsoft.com/rest/api/containerapps/container-apps/update
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from pytask.access.grant import granted_at
from pytask.clock import Deadline
from pytask.errors.container_app import ImageRefused, ImageRefusedCause
from pytask.journal import TrafficHeld
from pytask.model import Moment, SettingsChange
from pytask.model.settings import WantedSettings
from pytask.targets.container_app.app import ContainerAppUpdate, with_image
from pytask.targets.container_app.find import read_app, repeated, serving
from pytask.targets.container_app.operation import patch
from pytask.targets.container_app.release import stop
from pytask.targets.container_app.traffic import is_multiple, release_command, same, traffic_command, traffic_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.journal import Journal
    from pytask.model import Digest
    from pytask.targets.container_app.app import ContainerApp
    from pytask.targets.container_app.traffic import Traffic
    from pytask.targets.target import UseImage

_SUFFIX_LENGTH = 9


def point_at(
    arm: Arm, app: ContainerApp, change: UseImage, pull: Mapping[str, object], journal: Journal
) -> ContainerAppUpdate:
    """Make the app run the image in a new revision; `pull` has the fields of its entry for the registry.

    While a newly granted role propagates, Azure refuses the image, and the change is sent again.

    Raises:
        TaskFailure: when Azure refuses; then nothing has changed.
    """
    http, granted = arm.http, granted_at(journal)
    window = Deadline(http.clock, (granted or 0.0) + http.timeouts.role_propagation_limit)
    while True:
        try:
            return _changed(arm, app, change, pull, journal)
        except ImageRefused as refused:
            if granted is None or window.passed() or refused.known is not ImageRefusedCause.ACCESS:
                raise
        http.say("  the new role has not propagated to the registry yet; sending the update again")
        http.clock.sleep(http.timeouts.progress)


def _changed(
    arm: Arm, app: ContainerApp, change: UseImage, pull: Mapping[str, object], journal: Journal
) -> ContainerAppUpdate:
    """Send the change once; the app is read again just before, so that what others have changed meanwhile is kept."""
    now = read_app(arm, app)
    variables = WantedSettings(values=change.plan.settings.values).changes(now.environment)
    traffic = traffic_of(now, repeated(arm, now)) if change.plan.verify else None
    containers = with_image(now.containers, now.container, change.reference, variables)
    properties: JSONObject = {"template": {"containers": containers}, **_configuration(now, pull, traffic)}
    if traffic and ingress_held(now, traffic):
        journal.add(TrafficHeld(traffic_command(now, traffic.entries)))
    sent = sent_as_revision(arm, now, properties, change.reference)
    update = waiting(replace(sent, digest=change.digest, fresh_tag=change.fresh_tag), traffic)
    if not variables:
        return update
    settings = _settings(arm, now, variables)
    journal.add(settings)
    return replace(update, settings=settings)


def pull_again(arm: Arm, update: ContainerAppUpdate) -> ContainerAppUpdate:
    """Create another revision with the same template, which pulls the image again, unless it has another one now."""
    now = read_app(arm, update.app)
    if now.image != update.reference:
        return update  # the verification says so
    again = sent_as_revision(arm, now, {"template": {"containers": [*now.containers]}}, update.reference)
    if is_multiple(now):
        stop(arm, now, update.revision)
    return waiting(replace(update, revision=again.revision, operation=again.operation), update.traffic)


def waiting(update: ContainerAppUpdate, traffic: Traffic | None) -> ContainerAppUpdate:
    """Return the update with the traffic that waits for its verification."""
    if traffic is None:
        return update
    waits = traffic.has_share(update.revision)
    return replace(
        update, traffic=traffic, held_back=release_command(update.app, traffic, update.revision) if waits else ""
    )


def sent_as_revision(
    arm: Arm, app: ContainerApp, properties: JSONObject, reference: str, digest: Digest | None = None
) -> ContainerAppUpdate:
    """Send a change of the template with a revision name of our own.

    A retry sends the same name, so that a change whose answer was lost creates only one revision.
    Source of the name's format: https://learn.microsoft.com/azure/container-apps/revisions#name-suffix
    """
    suffix = f"d{uuid4().hex[:_SUFFIX_LENGTH]}"
    template = {**_template(properties), "revisionSuffix": suffix}
    before = serving(arm, app)
    operation = patch(arm, app, {**properties, "template": template}, reference=reference)
    return ContainerAppUpdate(
        app=app,
        reference=reference,
        digest=digest,
        restarted=app.image == reference,
        revision=f"{app.name}--{suffix}",
        operation=operation,
        serving=before,
    )


def _template(properties: JSONObject) -> JSONObject:
    template = properties.get("template")
    return template if isinstance(template, dict) else {}


def _configuration(app: ContainerApp, pull: Mapping[str, object], traffic: Traffic | None) -> JSONObject:
    """Return what to send besides the template: our registry and the present traffic, if they are not there yet."""
    changes: JSONObject = {}
    if pull:
        others = [one for one in app.registries if str(one.get("server", "")).lower() != pull["server"]]
        entry: JSONObject = {name: str(value) for name, value in pull.items()}
        changes["registries"] = [*others, entry]
    changes.update(ingress_held(app, traffic))
    return {"configuration": changes} if changes else {}


def ingress_held(app: ContainerApp, traffic: Traffic | None) -> JSONObject:
    """Return what keeps the traffic where it is; nothing where it is so already."""
    if traffic is None or same(app.traffic, traffic.held):
        return {}
    return {"ingress": {"traffic": [*traffic.held]}}


def _settings(arm: Arm, app: ContainerApp, variables: Mapping[str, str]) -> SettingsChange:
    clock, before = arm.http.clock, app.environment
    return SettingsChange(
        written=variables,
        before={name: before[name] for name in variables if name in before},
        now={**before, **variables},
        moment=Moment(at=clock.now(), sent_at=clock.monotonic()),
    )
