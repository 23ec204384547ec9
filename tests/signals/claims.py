"""What a stopped run says of the world, held against the world."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class World:
    """What a run can change."""

    image: str
    settings: Mapping[str, str]
    pushes: int
    identity: bool

    @classmethod
    def of(cls, pipeline: Pipeline) -> World:
        """Return the world as it is now."""
        site = pipeline.site
        image = str(site.config["linuxFxVersion"]).removeprefix("DOCKER|")
        return cls(image, dict(site.settings), len(pipeline.registry.pushes), site.identity is not None)


def state_told(run: TaskRun) -> str:
    """Return the row `state` of the run's error, its lines joined; empty when there is none."""
    found = re.search(r"^  state +(.*(?:\n {12}.*)*)", run.log, re.MULTILINE)
    return re.sub(r"\n +", "\n", found.group(1)) if found else ""


def untruths(told: str, before: World, now: World) -> Iterator[str]:
    """Yield what is wrong with the state that a run told."""
    if not told:
        yield "no state was told"
    yield from _of_the_image(told, before, now)
    yield from _of_the_settings(told, before, now)
    if now.pushes != before.pushes and "registry" not in told:
        yield "something was pushed, and nothing is said of the registry"
    if now.identity != before.identity and "assigned" not in told and "turned on" not in told:
        yield "the app has an identity now, and nothing is said of it"
    changed = now.image != before.image or now.settings != before.settings
    if changed and "by hand" not in told:
        yield "the app was changed, and no command to finish or undo it is told"


def _of_the_image(told: str, before: World, now: World) -> Iterator[str]:
    either = re.search(r"configured with (\S+)(?: again)? or still with (\S+?|no image)(?:[;,]|$)", told, re.MULTILINE)
    one = re.search(r"is (?:still )?configured with (\S+?)(?: again)?(?:[ ;,]|$)", told, re.MULTILINE)
    if either:
        possible = {name.replace("no image", "") for name in either.groups()}
        if now.image not in possible:
            yield f"the app is configured with {now.image}, said is {possible}"
    elif one:
        if now.image != one.group(1):
            yield f"the app is configured with {now.image}, said is {one.group(1)}"
    elif now.image != before.image:
        yield f"the app is configured with {now.image}, said is nothing of it"


def _of_the_settings(told: str, before: World, now: World) -> Iterator[str]:
    changed = now.settings != before.settings
    if changed and "settings" not in told:
        yield f"settings were changed, and nothing is said of them: {dict(now.settings)}"
    if "GREETING added" in told and "GREETING" not in now.settings:
        yield "GREETING is said to be added and is not there"
