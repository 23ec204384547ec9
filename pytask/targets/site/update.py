"""Pointing the app at an image with one minimal change, not by reading, modifying and writing everything back.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-configuration (fields that are not sent stay)
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall
from pytask.cloud.http import server_time
from pytask.cloud.poll import read_object
from pytask.decode import object_at
from pytask.errors import once_sent
from pytask.model import Moment
from pytask.targets.site.site import IMAGE_PROPERTY, SiteUpdate, differing, fx_version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.model import Digest
    from pytask.targets.site.site import Site


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
"""Properties that the platform's front end applies: nothing documents that changing them restarts the app.
https://learn.microsoft.com/azure/app-service/overview-access-restrictions"""


def point_at(
    arm: Arm,
    site: Site,
    reference: str,
    digest: Digest | None,
    *,
    instances: int | None,
    beside: Mapping[str, object],
    settings: Moment | None = None,
) -> SiteUpdate:
    """Make the app run the image; App Service restarts it automatically when its configuration changes.

    `instances` is the present number of instances, for the verification; None when unknown. `beside` has more site
    properties; those that `site` does not have yet are written in the same change. `settings` is when this run changed
    the app settings, which has already restarted the app.

    Raises:
        TaskFailure: when Azure refuses; then the configuration has not changed.
    """
    fx_version = fx_version_of(reference)
    changes = differing(site.configuration, beside)
    same = site.fx_version == fx_version
    answer, patched = (
        (None, None) if same and not changes else _patch(arm, site, {IMAGE_PROPERTY: fx_version, **changes})
    )
    restarts_by_itself = patched if not same or changes.keys() - AT_THE_FRONT else settings
    moment = restarts_by_itself or _restart(arm, site, half_done=patched is not None)
    return SiteUpdate(
        app=site,
        reference=reference,
        digest=digest,
        written=moment.at,
        sent_at=moment.sent_at,
        instances=instances,
        restarted=restarts_by_itself is None,
        beside=beside,
        changed=tuple(changes),
        answered=object_at(read_object(answer), "properties") if answer else {},
    )


def pull_again(arm: Arm, update: SiteUpdate) -> SiteUpdate:
    """Restart the app, which makes it pull its image again."""
    moment = _restart(arm, update.app, half_done=True)
    return replace(update, written=moment.at, sent_at=moment.sent_at)


def _patch(arm: Arm, site: Site, properties: Mapping[str, object]) -> tuple[HttpResponse, Moment]:
    doing = "point the Function App at the image"
    return _sent(arm, "PATCH", f"{site.resource_id}/config/web", body={"properties": properties}, doing=doing)


def _restart(arm: Arm, site: Site, *, half_done: bool) -> Moment:
    """Restart the app, which is the only way to pull the tag again when nothing else is written.

    `half_done` says that something was written before, so that a refused restart does not mean that nothing changed.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/restart
    """
    with once_sent() if half_done else nullcontext():
        return _sent(arm, "POST", f"{site.resource_id}/restart", doing="restart the Function App")[1]


def _sent(arm: Arm, method: str, path: str, *, doing: str, body: object = None) -> tuple[HttpResponse, Moment]:
    clock = arm.http.clock
    sent_at = clock.monotonic()
    answer = arm.send(ArmCall(method, path, body=body, doing=doing))
    # Azure may answer many seconds after the restart began, and the restart's first log lines must not seem older.
    taken = timedelta(seconds=clock.monotonic() - sent_at)
    return answer, Moment(at=server_time(answer, clock.now()) - taken, sent_at=sent_at)
