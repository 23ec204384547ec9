"""Microsoft.App in a subscription that has no container apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.arm.front import ArmCall, ArmError, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

_APPS = "Microsoft.App/containerApps"


class NoContainerApps:
    """A resource group without container apps."""

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return (
            Operation(
                method="GET",
                template=f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_APPS}/{{name}}",
                action=f"{_APPS}/read",
                versions=frozenset({"2026-01-01", "2025-10-02-preview"}),
                answer=self._get,
            ),
        )

    async def _get(self, call: ArmCall) -> web.Response:
        """Refuse, as there is none.

        Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
        """
        group, name = call.values["group"], call.values["name"]
        text = f"The Resource '{_APPS}/{name}' under resource group '{group}' was not found."
        raise ArmError(404, "ResourceNotFound", text)
