"""The steps that swap a slot with production."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dev.mover.images import plain_text
from dev.mover.tasks import NEW_TASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dev.mover.steps import Step

_MANAGES = "azureappservicemanage@0"


def read_swaps(steps: Iterable[Step]) -> Iterator[Step]:
    """Return the steps that swap slots, also in parts, with a preview."""
    for step in steps:
        given = step.node.get("inputs")
        action = given.says("action") if given else ""
        if step.name.lower() == _MANAGES and re.search(r"^$|swap", action, re.IGNORECASE):
            yield step


def why_no_swap(step: Step, apps: set[str]) -> str:
    """Return why the new step cannot swap as a step does; empty when it can. `apps` are the known Function Apps."""
    return step.unusual or _why_not_that_swap(step) or _why_not_that_app(step.given("webappname"), apps)


def _why_not_that_swap(step: Step) -> str:
    if step.given("action", "Swap Slots").lower() != "swap slots":
        return "the new step has no swap with preview"
    slot = step.given("sourceslot").lower()
    if slot in ("", "production"):
        return (
            "the new step swaps a slot into production; it swaps back by itself when production does not run the image"
        )
    if step.is_set("swapwithproduction", "true") or step.given("targetslot").lower() == "production":
        return ""
    return f"it swaps with the slot {step.given('targetslot')}, and the new step swaps with production"


def _why_not_that_app(app: str, apps: set[str]) -> str:
    if app and plain_text(app) in apps:
        return ""
    return f"it is for web apps, too; if {app} is a Function App, run this again with --function-app '{app}'"


def known_apps(steps: Iterable[Step], moved: Iterable[Step], told: Iterable[str]) -> set[str]:
    """Return the apps that surely are Function Apps: those that new steps deploy to, or are said to be."""
    names = ("appname", "webappname", "containerappname")
    deployed = [step.given(name) for step in moved for name in names]
    ours = [step.node.get("inputs") for step in steps if step.name == NEW_TASK]
    apps = (*told, *deployed, *(given.says("appName") for given in ours if given))
    return {plain_text(app) for app in apps if app}
