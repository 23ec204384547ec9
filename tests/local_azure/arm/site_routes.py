"""Routes on an app, each served on its slots too, and the refusals of Microsoft.Web. Routes over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.arm.front import ArmCall, ArmError, Operation, group_not_found, resource_not_found

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp import web

    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

VERSIONS = frozenset({"2025-05-01", "2024-11-01"})
SITES = "Microsoft.Web/sites"
_SITE = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{SITES}/{{name}}"


class WebError(ArmError):
    """A refusal by the resource provider, which words it in a shape of its own.

    Source: https://github.com/Azure/azure-functions-on-container-apps/issues/59
    """

    def __init__(self, status: int, code: str, message: str, extended_code: str | None = None) -> None:
        super().__init__(status, code, message)
        self._extended_code = extended_code

    def body(self) -> JSON:
        """Return the answer's body."""
        own: JSON = {"Code": self.code, "Message": str(self)}
        if self._extended_code:
            own["ExtendedCode"] = self._extended_code
        details = [{"Message": str(self)}, {"Code": self.code}, {"ErrorEntity": own}]
        return own | {"Target": None, "Details": details, "Innererror": None}


class BadRequestError(WebError):
    """The provider's answer 400."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "BadRequest", message)


class SiteRoutes:
    """Makes operations on sites."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def on_site(
        self,
        method: str,
        path: str,
        action: str,
        answer: Callable[[Site, ArmCall], Awaitable[web.Response]],
        *parameters: str,
        versions: frozenset[str] = VERSIONS,
    ) -> Sequence[Operation]:
        """Return the operation on an app and the one on a slot.

        `action` comes after `Microsoft.Web/sites/`. Source of the actions:
        https://learn.microsoft.com/azure/role-based-access-control/permissions/web-and-mobile#microsoftweb
        """

        async def on_site(call: ArmCall) -> web.Response:
            return await answer(self._site(call), call)

        return tuple(
            Operation(
                method=method,
                template=_SITE + slot + path,
                action=f"{kind}/{action}",
                versions=versions,
                answer=on_site,
                parameters=frozenset(parameters),
            )
            for slot, kind in (("", SITES), ("/slots/{slot}", f"{SITES}/slots"))
        )

    def _site(self, call: ArmCall) -> Site:
        group, name = call.values["group"], call.values["name"]
        if group.lower() not in self._cloud.resource_groups():
            raise group_not_found(group)
        site = self._cloud.site_in(group, name)
        if site is None:
            raise resource_not_found(SITES, name, group)
        slot = call.values.get("slot")
        if slot is None:
            return site
        if slot.lower() not in site.slots:
            raise resource_not_found(SITES, f"{name}/slots/{slot}", group)
        return site.slots[slot.lower()]
