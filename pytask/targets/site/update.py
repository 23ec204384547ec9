"""Pointing the app at an image: one minimal change, nothing read, modified and written back.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-configuration (fields that are not sent stay)
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pytask.cloud.http import server_time
from pytask.model import Deployment, Moment
from pytask.targets.site.configuration import differing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm
    from pytask.model import Digest, Target


AT_THE_FRONT = frozenset(
    {
        "ipSecurityRestrictions",
        "ipSecurityRestrictionsDefaultAction",
        "scmIpSecurityRestrictions",
        "scmIpSecurityRestrictionsDefaultAction",
        "scmIpSecurityRestrictionsUseMain",
        "publicNetworkAccess",
    }
)
"""Properties that the platform's front end applies: that a change of them restarts the app is nowhere promised.
https://learn.microsoft.com/azure/app-service/overview-access-restrictions"""


def point_at(
    arm: Arm,
    target: Target,
    reference: str,
    digest: Digest | None,
    *,
    instances: int | None,
    beside: Mapping[str, object],
    settings: Moment | None = None,
) -> Deployment:
    """Make the app run the image; App Service restarts it by itself when its configuration changes.

    `instances` is how many the app runs on now, for the verification; None when nobody knows. `beside` are further
    properties of the site's configuration; those that `target` does not have yet are written in the same change.
    `settings` is when this run changed the app's settings, which has restarted it already.

    Raises:
        TaskFailure: when Azure refuses; then the configuration is as it was.
    """
    fx_version = f"DOCKER|{reference}"
    changes = differing(target.configuration, beside)
    same = target.fx_version == fx_version
    patched = None if same and not changes else _patch(arm, target, {"linuxFxVersion": fx_version, **changes})
    restarts_by_itself = patched if not same or changes.keys() - AT_THE_FRONT else settings
    moment = restarts_by_itself or _restart(arm, target)
    return Deployment(
        target=target,
        reference=reference,
        digest=digest,
        written=moment.at,
        sent_at=moment.sent_at,
        instances=instances,
        restarted=restarts_by_itself is None,
        beside=beside,
        changed=tuple(changes),
    )


def pull_again(arm: Arm, deployment: Deployment) -> Deployment:
    """Restart the app, which makes it pull what it was pointed at once more."""
    moment = _restart(arm, deployment.target)
    return replace(deployment, written=moment.at, sent_at=moment.sent_at)


def _patch(arm: Arm, target: Target, properties: Mapping[str, object]) -> Moment:
    doing = "point the Function App at the image"
    return _sent(arm, "PATCH", f"{target.resource_id}/config/web", json={"properties": properties}, doing=doing)


def _restart(arm: Arm, target: Target) -> Moment:
    """Restart the app: when nothing else is written, nothing else makes it pull the tag again.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/restart
    """
    return _sent(arm, "POST", f"{target.resource_id}/restart", doing="restart the Function App")


def _sent(arm: Arm, method: str, path: str, *, doing: str, json: object = None) -> Moment:
    clock = arm.http.clock
    sent_at = clock.monotonic()
    answer = arm.send(method, path, json=json, doing=doing)
    # Azure may answer many seconds after the restart began, whose first lines must not be taken for older ones.
    taken = timedelta(seconds=clock.monotonic() - sent_at)
    return Moment(at=server_time(answer, clock.now()) - taken, sent_at=sent_at)
