"""What is different about Functions on Container Apps: a change is an operation that takes its time.

Source: https://github.com/Azure/azure-functions-on-container-apps/issues/59 (the conflict) and
https://github.com/Azure/azure-cli (appservice, update_configuration_polling)
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.arm.site_json import config_resource
from tests.local_azure.arm.site_routes import WebError

if TYPE_CHECKING:
    from tests.local_azure.state.site import Site

POLLS = 2
"""How often a change is still under way when asked."""


def check_idle(site: Site) -> None:
    """Raise WebError while a change to the site is under way; it goes on whether or not its beginner asks for it."""
    if site.pending:
        site.pending -= 1
        now = f"{datetime.now(timezone.utc):%m/%d/%Y %I:%M:%S %p}"
        text = (
            "Cannot modify this site because another operation is in progress. Details: "
            f"Id: {site.suffix}, OperationName: ContainerAppUpdateAppSettings, CreatedTime: {now}, "
            "RequestId: 00000000-0000-0000-0000-000000000000, EntityType: 3"
        )
        raise WebError(409, "Conflict", text, extended_code="59203")


def accepted(site: Site, *, polls: int = POLLS) -> web.Response:
    """Answer that a change began, and where to ask for its end."""
    site.pending = polls
    return web.Response(status=202, headers=_location(site))


def operation_result(site: Site) -> web.Response:
    """Answer that the change is still under way, or what came of it."""
    if site.pending:
        site.pending -= 1
        return web.Response(status=202, headers=_location(site))
    return web.json_response(config_resource(site, answers_patch=True))


def _location(site: Site) -> dict[str, str]:
    where = f"https://management.azure.com{site.id}/operationresults/{site.suffix}?api-version=2025-05-01"
    return {"Location": where, "Retry-After": "1"}
