"""Pointing the app at an image: one minimal change, nothing read, modified and written back.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-configuration (fields that are not sent stay)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.http import server_time
from pytask.functionapp.configuration import differing
from pytask.model import Deployment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.model import Target


def point_at(
    arm: Arm, target: Target, reference: str, digest: str, *, instances: int | None, beside: Mapping[str, object]
) -> Deployment:
    """Make the app run the image; App Service restarts it by itself when its configuration changes.

    `instances` is how many the app runs on now, for the proof; None when nobody knows. `beside` are further properties
    of the site's configuration; those that `target` does not have yet are written in the same change.

    Raises:
        TaskFailure: when Azure refuses; then the configuration is as it was.
    """
    fx_version = f"DOCKER|{reference}"
    sent_at = arm.door.clock.monotonic()
    changes = differing(target.configuration, beside)
    same = target.fx_version == fx_version and not changes
    answer = _restart(arm, target) if same else _patch(arm, target, {"linuxFxVersion": fx_version, **changes})
    written = server_time(answer, arm.door.clock.now())
    return Deployment(
        target=target,
        reference=reference,
        digest=digest,
        written=written,
        sent_at=sent_at,
        instances=instances,
        restarted=same,
        beside=beside,
        changed=tuple(changes),
    )


def _patch(arm: Arm, target: Target, properties: Mapping[str, object]) -> HttpResponse:
    doing = "point the Function App at the image"
    return arm.send("PATCH", f"{target.resource_id}/config/web", json={"properties": properties}, doing=doing)


def _restart(arm: Arm, target: Target) -> HttpResponse:
    """Restart the app: with an unchanged reference nothing else makes it pull the tag again.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/restart
    """
    return arm.send("POST", f"{target.resource_id}/restart", doing="restart the Function App")
