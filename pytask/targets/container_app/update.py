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
from pytask.model import Moment, SettingsChange
from pytask.model.settings import WantedSettings
from pytask.targets.container_app.app import ContainerAppUpdate, with_image
from pytask.targets.container_app.find import read_app, serving
from pytask.targets.container_app.operation import patch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm
    from pytask.decode import JSON, JSONObject
    from pytask.journal import Journal
    from pytask.model import Digest
    from pytask.targets.container_app.app import ContainerApp
    from pytask.targets.target import UseImage

_SUFFIX_LENGTH = 9


def point_at(
    arm: Arm, app: ContainerApp, change: UseImage, pull: Mapping[str, object], journal: Journal
) -> ContainerAppUpdate:
    """Make the app run the image in a new revision; `pull` has the fields of its entry for the registry.

    The app is read again first, so that changes that others made during the build are kept.

    Raises:
        TaskFailure: when Azure refuses; then nothing has changed.
    """
    now = read_app(arm, app)
    variables = WantedSettings(values=change.plan.settings.values).changes(now.environment)
    properties = _properties(with_image(now.containers, now.container, change.reference, variables), now, pull)
    sent = _sent_until_the_role_is_there(arm, now, properties, change.reference, journal)
    update = replace(sent, digest=change.digest, fresh_tag=change.fresh_tag)
    if not variables:
        return update
    settings = _settings(arm, now, variables)
    journal.add(settings)
    return replace(update, settings=settings)


def pull_again(arm: Arm, update: ContainerAppUpdate) -> ContainerAppUpdate:
    """Create another revision with the same template, which pulls the image again."""
    now = read_app(arm, update.app)
    again = sent_as_revision(arm, now, {"template": {"containers": [*now.containers]}}, update.reference)
    return replace(update, revision=again.revision, operation=again.operation)


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


def _properties(containers: list[JSON], app: ContainerApp, pull: Mapping[str, object]) -> JSONObject:
    """Return the properties to send; the list of registries only if it lacks our entry."""
    template: JSONObject = {"template": {"containers": containers}}
    if not pull:
        return template
    others = [one for one in app.registries if str(one.get("server", "")).lower() != pull["server"]]
    entry: JSONObject = {name: str(value) for name, value in pull.items()}
    return {**template, "configuration": {"registries": [*others, entry]}}


def _sent_until_the_role_is_there(
    arm: Arm, app: ContainerApp, properties: JSONObject, reference: str, journal: Journal
) -> ContainerAppUpdate:
    """Send the change, and send it again while a newly granted role propagates and Azure refuses the image."""
    http, granted = arm.http, granted_at(journal)
    window = Deadline(http.clock, (granted or 0.0) + http.timeouts.role_propagation_limit)
    while True:
        try:
            return sent_as_revision(arm, app, properties, reference)
        except ImageRefused as refused:
            if granted is None or window.passed() or refused.known is not ImageRefusedCause.ACCESS:
                raise
        http.say("  the new role has not propagated to the registry yet; sending the update again")
        http.clock.sleep(http.timeouts.progress)


def _settings(arm: Arm, app: ContainerApp, variables: Mapping[str, str]) -> SettingsChange:
    clock, before = arm.http.clock, app.environment
    return SettingsChange(
        written=variables,
        before={name: before[name] for name in variables if name in before},
        now={**before, **variables},
        moment=Moment(at=clock.now(), sent_at=clock.monotonic()),
    )
