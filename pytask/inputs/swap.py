"""The inputs about a swap: which of them exclude each other, and which ones a swap does not use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.swap import SwapNeedsSlot, SwapNeedsVerification, SwapOfManyApps

if TYPE_CHECKING:
    from pytask.inputs.reader import Read, Reader
    from pytask.model import AppAddress

_SWITCH = "swapWithProduction"
_OTHERS = "moreApps"
_UNUSED = (
    *(_SWITCH, _OTHERS, "appSettings", "configurationStrings", "containerCommand", "importImage"),
    *("buildArgs", "buildSecrets", "buildTarget", "arguments"),
)
"""Inputs that `command: swap` does not use, and that are empty or false unless someone set them."""


def confirm_swap(reader: Reader, app: Read[AppAddress], *, swap: Read[bool], verify: Read[bool]) -> None:
    """Note the mistakes of a step that is to swap the slot which it deploys to."""
    if not (swap.found and swap.value):
        return
    if app.found:
        confirm_slot(reader, app.value, why="swapWithProduction is true", input_name=_SWITCH)
    if reader.text(_OTHERS):
        reader.mistakes.append(SwapOfManyApps(input=_SWITCH))
    if verify.found and not verify.value:
        reader.mistakes.append(SwapNeedsVerification(input=_SWITCH))


def confirm_slot(reader: Reader, app: AppAddress, *, why: str, input_name: str = "slotName") -> None:
    """Note a mistake when there is no slot to swap with production."""
    if not app.slot and not app.on_container_apps:
        reader.mistakes.append(SwapNeedsSlot(input=input_name, why=why))


def note_unused(reader: Reader) -> None:
    """Note the inputs that have a value and that `command: swap` does not use."""
    unused = [name for name in _UNUSED if reader.text(name) not in {"", "false", "False"}]
    if reader.text("appPullAccess").lower() == "adminuser":
        unused.append("appPullAccess: adminUser")
    if unused:
        reader.notes.append(f"command: swap does not use {', '.join(unused)}")
