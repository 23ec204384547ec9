"""Swapping a slot with production: what is exchanged, what stays, and the warm instances that change places.

Azure restarts the slot with production's slot settings, calls `/` on it, and only then exchanges the two; a slot that
does not answer stays as it was. Source:
https://learn.microsoft.com/azure/app-service/deploy-staging-slots#what-happens-during-a-swap
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.state.site import Site

STAYS = (
    "numberOfWorkers",
    "alwaysOn",
    "publicNetworkAccess",
    "ipSecurityRestrictions",
    "functionAppScaleLimit",
    "minimumElasticInstanceCount",
    "preWarmedInstanceCount",
    "acrUseManagedIdentityCreds",
    "acrUserManagedIdentityID",
    "autoSwapSlotName",
)
"""Properties that stay with their slot; for the two about identities see https://github.com/MicrosoftDocs/azure-docs/issues/91449"""


@dataclass(kw_only=True, slots=True)
class SlotSwap:
    """One swap, kept with its slot until the next."""

    state: Literal["running", "made", "given up"] = "running"


async def swap(app_service: AppService, production: Site, slot: Site, run: SlotSwap) -> None:
    """Swap, which takes its time; `run` says how it goes."""
    own, second = dict(slot.settings), app_service.worker.second
    slot.settings = _settings(slot, production)
    app_service.open_generation(slot, keys=production.keys)
    await asyncio.gather(app_service.settled(slot), asyncio.sleep(app_service.weather.swap_takes * second))
    if not app_service.is_up(slot):
        slot.settings = own
        app_service.open_generation(slot)
        run.state = "given up"
        return
    left = _settings(production, slot, own)
    slot.settings, production.settings = left, slot.settings
    _exchange_configuration(production, slot)
    app_service.exchange(production, slot)
    app_service.open_generation(slot)  # the former production starts again, with the slot's own settings
    now = datetime.now(timezone.utc)
    told = {
        "timestampUtc": f"{now:%Y-%m-%dT%H:%M:%S.%f}7",
        "sourceSlotName": slot.slot or "",
        "destinationSlotName": "Production",
    }
    production.last_swap = slot.last_swap = told
    run.state = "made"


def _settings(source: Site, place: Site, settings: dict[str, str] | None = None) -> dict[str, str]:
    """Return the settings of a source in another place: its own that are not sticky, and the sticky ones of there."""
    sticky = {name.lower() for name in (place if place.slot is None else source).slot_names["appSettingNames"] or []}
    comes = {name: value for name, value in source.settings.items() if name.lower() not in sticky}
    there = place.settings if settings is None else settings
    return comes | {name: value for name, value in there.items() if name.lower() in sticky}


def _exchange_configuration(one: Site, other: Site) -> None:
    kept = [{name: site.config[name] for name in STAYS if name in site.config} for site in (one, other)]
    one.config, other.config = other.config | kept[0], one.config | kept[1]
