"""Runs that deploy to a container app in multiple revision mode, and what becomes of the new revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contract.builders.paper import PaperBuilder
from tests.contract.foreign import REGISTRY
from tests.contract.targets.container_app import FUNCTIONS, ScriptedContainerApp
from tests.contract.targets.scene import BEFORE
from tests.scripted import Answer

if TYPE_CHECKING:
    from pytask.journal import Journal
    from tests.contract.test_whole_run import Scene

OURS = f"{REGISTRY}/shop:7"
FIRST, OLDER = "shop--0000001", "shop--0000000"
LATEST = {"latestRevision": True, "weight": 100}


def named(name: str, weight: int, **more: str) -> dict[str, Any]:
    return {"revisionName": name, "weight": weight, **more}


def run(scene: Scene, **inputs: str) -> Journal:
    return scene.run(PaperBuilder(scene.cabinet), **inputs)


def fails(app: ScriptedContainerApp, fate: str) -> None:
    """Have the new image, and only that, come to a bad end."""
    app.good = {BEFORE}
    if fate == "no functions":
        app.answers("GET functions", lambda _: Answer(body=FUNCTIONS if app.image() == BEFORE else {"value": []}))
    else:
        app.new_image(fate)


def ours(app: ScriptedContainerApp) -> str:
    return next(one.name for one in app.revisions if one.template["containers"][0]["image"] == OURS)
