"""Rolling back: the app gets its previous image again when the new one does not start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.errors import TaskFailure
from pytask.functionapp.find import read_configuration
from pytask.functionapp.settings import put_settings_back
from pytask.functionapp.slot_settings import make_loose
from pytask.functionapp.update import point_at
from pytask.model import Digest, RolledBack
from pytask.targets.site.configuration import reads_as
from pytask.targets.site.instances import instances_now
from pytask.targets.site.verify import verify_app

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pytask.cloud.arm import Arm, Azure
    from pytask.model import Deployment, PreviousImage, SettingsBack
    from pytask.targets.site.observed import Question


class StaysForward(Exception):  # noqa: N818 - a decision, told to the user
    """The previous image is not put back, or in vain, with the reason."""

    def __init__(self, reason: str, *, configured: str = "") -> None:
        super().__init__(reason)
        self.configured = configured
        """The previous image, when the app is configured with it all the same."""


def roll_back(
    azure: Azure,
    question: Question,
    previous: PreviousImage | None,
    *,
    digest_of: Callable[[str], str | None],
    say: Callable[[str], None],
) -> RolledBack:
    """Point the app at its previous image again and verify it, within as much time again.

    `digest_of` gives the digest that a reference stands for now: empty when the registry does not have it any more,
    None when that cannot be found out.

    Raises:
        StaysForward: when there is nothing to go back to, or somebody else has changed the app meanwhile.
    """
    deployment, clock = question.deployment, azure.arm.door.clock
    reference = _safe_reference(previous, digest_of)
    configuration = _still_ours(azure.arm, deployment)
    began = clock.monotonic()
    say(f"Rolling back to {reference}")
    settings = _settings_back(azure.arm, deployment, say)
    target = replace(deployment.target, fx_version=deployment.fx_version, configuration=configuration)
    digest = previous.digest if previous else ""
    instances = instances_now(azure.arm, target.resource_id)
    former = former_properties(deployment, configuration)
    moment = settings.moment if settings else None
    back = point_at(azure.arm, target, reference, digest, instances=instances, beside=former, settings=moment)
    if former:
        say(f"configuration  {', '.join(former)} restored")
    try:
        verification = verify_app(
            azure,
            replace(question, deployment=back, smoke_test=None),
            digest_now=lambda name: Digest(found) if (found := digest_of(name)) else None,
            say=say,
        )
    except TaskFailure as failure:
        raise StaysForward(f"{reference} does not start either: {failure}", configured=reference) from failure
    return RolledBack(
        reference=reference,
        verification=verification,
        seconds=clock.monotonic() - began,
        settings=settings,
        configuration=tuple(former),
    )


def _still_ours(arm: Arm, deployment: Deployment) -> dict[str, Any]:
    """Give the app's configuration as it is now, if its image is still the one that this run set."""
    properties = read_configuration(arm, deployment.target.resource_id).properties
    configuration = properties.as_dict() if properties else {}
    found = str(configuration.get("linuxFxVersion") or "")
    if found != deployment.fx_version:
        raise StaysForward(f"the app's image was changed by somebody else meanwhile (it reads {found or 'nothing'})")
    return configuration


def _settings_back(arm: Arm, deployment: Deployment, say: Callable[[str], None]) -> SettingsBack | None:
    """Put back what was changed of the settings; None when nothing was."""
    if deployment.sticky:
        make_loose(arm, deployment.target, deployment.sticky)
        say(f"settings  {', '.join(deployment.sticky)} no longer stay with their slot")
    if deployment.settings is None:
        return None
    back = put_settings_back(arm, deployment.target.resource_id, deployment.settings)
    if back.names:
        say(f"settings  {', '.join(back.names)} restored")
    if back.stayed:
        say(f"settings  {', '.join(back.stayed)} left alone: changed by somebody else meanwhile")
    return back


def former_properties(deployment: Deployment, configuration: Mapping[str, object]) -> dict[str, object]:
    """Give what the properties that were changed read before, less those that somebody else has changed since.

    A text that was null goes back to be empty: whether Azure takes null for a change is not documented.
    """
    before, written = deployment.target.configuration, deployment.beside
    ours = (name for name in deployment.changed if reads_as(configuration.get(name), written[name]))
    return {name: (before.get(name) or "") if isinstance(written[name], str) else before.get(name) for name in ours}


def _safe_reference(previous: PreviousImage | None, digest_of: Callable[[str], str | None]) -> str:
    """Give the reference that still means the image of before: its own, or pinned when its tag has moved."""
    if previous is None or not previous.reference:
        raise StaysForward("there was no image before")
    now = digest_of(previous.reference)
    if now is None or not previous.digest or now == previous.digest:
        if now == "":
            raise StaysForward(f"{previous.reference} is not in the registry any more")
        return previous.reference
    head, _, tail = previous.reference.rpartition(":")
    name = head if head and "/" not in tail else previous.reference
    pinned = f"{name}@{previous.digest}"
    if digest_of(pinned) == "":
        raise StaysForward(f"the image of before ({pinned}) is not in the registry any more")
    return pinned
