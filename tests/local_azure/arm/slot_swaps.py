"""Microsoft.Web: swapping slots. Routes over `Cloud` and `AppService`.

As recorded: 202 without a body, then the slot's operation, 202 for a minute, at last 200 with the slot, or 417.
Source: recorded traffic of https://github.com/Azure/azure-cli (appservice tests, `test_functionapp_slot_swap`) and
https://github.com/Azure/azure-functions-host/issues/8969
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.app_service.swap import SlotSwap, swap
from tests.local_azure.arm.container_apps import operation_result
from tests.local_azure.arm.front import ArmError, resource_not_found
from tests.local_azure.arm.site_json import site_resource
from tests.local_azure.arm.site_routes import SITES, BadRequestError, SiteRoutes, WebError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.arm.front import ArmCall, Operation
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

_ON_PRODUCTION = f"{SITES}/slotsswap/action"
_BUSY = "Cannot modify this site because another operation is in progress. Details: OperationName: SwapSiteSlots"
_NO_PING = "Cannot swap site slots for site '{site}' because the '{slot}' slot did not respond to http ping."
_POLL = 15.0
"""Seconds of the platform that an answer asks to wait."""


class SlotSwaps:
    """The swaps of the subscription's slots with their production; a swap of two slots is not served."""

    def __init__(self, cloud: Cloud, app_service: AppService) -> None:
        self._cloud = cloud
        self._app_service = app_service

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        on_site = SiteRoutes(self._cloud).on_site
        return (
            on_site("POST", "/slotsswap", "slotsswap/action", self._swap)[1],
            on_site("GET", "/operationresults/{operation}", "operationresults/read", self._result)[1],
        )

    async def _swap(self, slot: Site, call: ArmCall) -> web.Response:
        """Begin to swap a slot with production.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/swap-slot
        """
        body = await call.body()
        if "preserveVnet" not in body or str(body.get("targetSlot", "")).lower() != "production":
            raise BadRequestError("The parameters targetSlot and preserveVnet have to be given.")
        production = self._cloud.site_in(slot.resource_group, slot.name)
        if production is None:
            raise resource_not_found(SITES, slot.name, slot.resource_group)
        if not self._cloud.may(call.principal, _ON_PRODUCTION, production.id):
            text = f"does not have authorization to perform action '{_ON_PRODUCTION}' over scope '{production.id}'"
            raise ArmError(403, "AuthorizationFailed", f"The client '{call.principal.client_id}' {text}.")
        if slot.swap and slot.swap.state == "running":
            raise WebError(409, "Conflict", _BUSY, extended_code="59203")
        slot.swap = SlotSwap()
        _ = self._app_service.in_background(swap(self._app_service, production, slot, slot.swap))
        return web.Response(status=202, headers=self._location(slot, secrets.token_hex(8)))

    async def _result(self, slot: Site, call: ArmCall) -> web.Response:
        """Return how a swap goes; an operation of another kind has ended long ago."""
        if slot.pending:
            return operation_result(slot)
        if slot.swap and slot.swap.state == "running":
            return web.Response(status=202, headers=self._location(slot, call.values["operation"]))
        if slot.swap and slot.swap.state == "given up":
            raise WebError(417, "ExpectationFailed", _NO_PING.format(site=slot.name, slot=slot.slot))
        return web.json_response(site_resource(slot, call.version))

    def _location(self, slot: Site, operation: str) -> dict[str, str]:
        where = f"https://management.azure.com{slot.id}/operationresults/{operation}?api-version=2025-05-01"
        return {"Location": where, "Retry-After": f"{max(1, round(_POLL * self._app_service.worker.second))}"}
