"""Runs that swap a slot with production, and the one before that deployed to the slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.builders.paper import PaperBuilder
from tests.contract.foreign import REGISTRY
from tests.scripted import Answer

if TYPE_CHECKING:
    from pytask.journal import Journal
    from tests.contract.targets.slots import ScriptedSlots
    from tests.contract.test_whole_run import Scene

OURS = f"{REGISTRY}/shop:7"
BY_HAND = "az functionapp deployment slot swap --name shop --resource-group g --slot staging --target-slot production"
LOOK = "az functionapp config container show --name shop --resource-group g"
FORBIDDEN = Answer(
    403,
    {
        "error": {
            "code": "AuthorizationFailed",
            "message": "The client does not have authorization to perform action "
            "'Microsoft.Web/sites/slots/slotsswap/action' over scope '/s'.",
        }
    },
)


BY_IDENTITY = {"acrUseManagedIdentityCreds": True}


def deploy_and_swap(scene: Scene, **inputs: str) -> Journal:
    """Build, push, deploy to the slot, and swap."""
    return scene.run(PaperBuilder(scene.cabinet), slotName="staging", swapWithProduction="true", **inputs)


def swap(scene: Scene, **inputs: str) -> Journal:
    """Swap a slot that holds the new image since an earlier run."""
    given = {"command": "swap", "slotName": "staging", "imageName": "shop", "tags": "", **inputs}
    return scene.run(PaperBuilder(scene.cabinet), **given)


def deploy_to_slot(scene: Scene, slots: ScriptedSlots, **inputs: str) -> None:
    """Do what the earlier run did, and forget its calls and its log."""
    scene.run(PaperBuilder(scene.cabinet), slotName="staging", **inputs)
    slots.calls.clear()
    scene.log.truncate(0)
