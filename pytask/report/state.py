"""How things are left after a failure, and how to go on by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.model import Verdict
from pytask.report.settings import settings_now

if TYPE_CHECKING:
    from pytask.job import Record
    from pytask.model import Deployment, Target


_NOTHING = "nothing was pushed and nothing was changed"


def describe_state(record: Record, *, left_open: bool) -> str:
    """Return the state things are in after a failure, and how to go on by hand.

    `left_open` says that the failure does not tell whether what was being done has been done all the same.
    """
    target, pushed = record.target, record.pushed
    before = (target.image if target else "") or "no image"
    if record.deployment and target:
        return _after_the_change(record, target, record.deployment)
    if record.updating and target and pushed and left_open:
        either = f"it is configured with {pushed.reference} or still with {before}"
        return f"the change of {target.title} was sent and its answer is not known: {either}{_settings_too(record)}"
    app = f"; {_app_so_far(record, target, left_open=left_open)}" if target else ""
    if pushed and pushed.tags and target and target.image == str(pushed.reference):
        return _not_restarted(record, target)
    if pushed:
        on = f"\nto go on by hand: {_set_by_hand(target, str(pushed.reference))}" if target else ""
        return f"{pushed.reference} is in the registry{app}{on}"
    if record.pushing:
        return f"the image was built, parts of it may be in the registry{app}"
    return f"nothing was pushed{app}" if record.pull_access or record.pull_access_sent else _NOTHING


def _app_so_far(record: Record, target: Target, *, left_open: bool) -> str:
    """Return the state of an app that was not pointed at the image."""
    unknown = [f"whether {record.pull_access_sent} is not known"] if record.pull_access_sent and left_open else []
    done = [*record.pull_access, *unknown]
    settings = [f"settings: {told}"] if (told := settings_now(record)) else []
    if not done and not settings:
        return f"{target.title} was not changed"
    pulls = " and the way it pulls" if done else ""
    return f"{target.title} keeps its image{pulls}; {'; '.join([*settings, *done])}"


def _not_restarted(record: Record, target: Target) -> str:
    """Return the state of an app whose tag may have moved: no change, and yet another image at its next start.

    Source: https://learn.microsoft.com/cli/azure/functionapp#az-functionapp-restart
    """
    told = f"{target.title} is configured with {target.image} as before and was not restarted"
    if settings := settings_now(record):
        return f"{target.title} is configured with {target.image} as before; settings: {settings}"
    then = "it takes what that tag now stands for when it is next started"
    on = f"\nto go on by hand: az functionapp restart {target.az_flags}" if record.updating else ""
    return f"{told}: {then}{on}"


def _settings_too(record: Record) -> str:
    """Return what is known of the settings when an answer is missing: they are changed before the image."""
    if settings := settings_now(record):
        return f"; settings: {settings}"
    wanted = record.plan is not None and record.plan.deploy is not None and record.plan.deploy.settings.values
    return "; its settings may have been changed too" if wanted else ""


def _after_the_change(record: Record, target: Target, deployment: Deployment) -> str:
    stays = f"\nits pull access stays: {'; '.join(record.pull_access)}" if record.pull_access else ""
    return _image_after_the_change(record, target, deployment) + stays


def _image_after_the_change(record: Record, target: Target, deployment: Deployment) -> str:
    back = record.rolled_back
    if back:
        verified = back.verification.verdict is Verdict.VERIFIED
        verdict = " and verified" if verified else "; whether it runs could not be verified"
        stays = "" if record.lost else f"; {deployment.reference} stays in the registry"
        settings = f"; settings: {settings_now(record)}" if back.settings else ""
        return f"rolled back to {back.reference}{verdict}{settings}{stays}"
    if record.configured:
        return (
            f"{target.title} is configured with {record.configured} again, and does not run: {record.not_rolled_back}"
        )
    settings = settings_now(record)
    changed = f"; settings: {settings}" if settings else ""
    stayed = f"; it was not rolled back: {record.not_rolled_back}" if record.not_rolled_back else ""
    by_hand = f"\nto roll back by hand: {_set_by_hand(target, target.image)}" if target.image else ""
    before = target.image or "no image"
    return f"{target.title} is configured with {deployment.reference}; before it was {before}{changed}{stayed}{by_hand}"


def _set_by_hand(target: Target, image: str) -> str:
    """Return the command that does the same.

    Source: https://learn.microsoft.com/cli/azure/functionapp/config/container
    """
    return f"az functionapp config container set {target.az_flags} --image {image}"
