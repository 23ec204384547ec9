"""What two slots are configured with, and the last swap that Azure has made of them.

Azure keeps the last successful swap in a site's `slotSwapStatus`, with its time and the names of both slots.
Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytask.background import Background
from pytask.cloud.arm import ArmCall, needed_part
from pytask.cloud.http import server_time
from pytask.decode import object_at, text_at
from pytask.errors import TaskFailure
from pytask.targets.site.find import read_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm
    from pytask.targets.site.site import Site

PRODUCTION = "production"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d*)?(?:Z|\+00:00)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class LastSwap:
    """The last successful swap of a site."""

    at: datetime
    """By Azure's clock, in whole seconds, rounded down."""
    slots: frozenset[str]
    """The names of both slots in lowercase; their order is not used."""

    def is_of(self, slot: str) -> bool:
        """Tell whether the slot was swapped with production; Azure writes names in any case."""
        return self.slots == {slot.lower(), PRODUCTION}


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotsNow:
    """Both slots at one moment."""

    production: Site
    slot: Site
    last_swap: LastSwap | None
    """None when there was none, or Azure does not say."""
    busy: bool
    """Whether an operation on production is under way."""
    at: datetime
    """The moment, by Azure's clock (whole seconds, rounded down)."""

    def reads_like(self, other: SlotsNow) -> bool:
        """Tell whether both slots are configured with the same images as at another moment."""
        images = (self.production.fx_version, self.slot.fx_version)
        return images == (other.production.fx_version, other.slot.fx_version)

    def is_exchange_of(self, before: SlotsNow) -> bool:
        """Tell whether each slot is configured with the image that the other one had."""
        wanted = (before.slot.fx_version, before.production.fx_version)
        return wanted == (self.production.fx_version, self.slot.fx_version)

    def was_swapped_since(self, before: SlotsNow) -> bool:
        """Tell whether Azure has swapped these two since a moment just before this run's call."""
        return is_newer(self.last_swap, before) and self.last_swap != before.last_swap


def is_newer(swap: LastSwap | None, before: SlotsNow) -> bool:
    """Tell whether a swap is of these two slots, and newer than a moment and the last swap before it."""
    if swap is None or not swap.is_of(before.slot.slot):
        return False
    return swap.at >= before.at and (before.last_swap is None or swap.at > before.last_swap.at)


def read_slots(arm: Arm, production: Site, slot: Site) -> SlotsNow:
    """Return both slots as they are now; three calls at the same time.

    Raises:
        TaskFailure: when one of them cannot be read.
    """
    of_production = Background(lambda: read_configuration(arm, production.resource_id))
    of_slot = Background(lambda: read_configuration(arm, slot.resource_id))
    doing = "read the last swap"
    answer = arm.send(ArmCall("GET", production.resource_id, doing=doing))
    properties = needed_part(answer, doing, "properties")
    return SlotsNow(
        production=production.reading(of_production.result()),
        slot=slot.reading(of_slot.result()),
        last_swap=last_swap_in(properties),
        busy=bool(text_at(properties, "inProgressOperationId")),
        at=server_time(answer, arm.http.clock.now()).replace(microsecond=0),
    )


def slots_if_seen(arm: Arm, production: Site, slot: Site) -> SlotsNow | None:
    """Return both slots as they are now; None when they cannot be read at the moment."""
    try:
        return read_slots(arm, production, slot)
    except TaskFailure:
        return None


def last_swap_in(properties: Mapping[str, object]) -> LastSwap | None:
    """Return the last swap in a site's properties; None when there is none that can be read."""
    status = object_at(properties, "slotSwapStatus")
    found = _TIME.fullmatch(text_at(status, "timestampUtc").strip())
    names = {text_at(status, name).lower() for name in ("sourceSlotName", "destinationSlotName")}
    if found is None or "" in names:
        return None
    try:
        at = datetime.fromisoformat(found[1]).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return LastSwap(at=at, slots=frozenset(names))
