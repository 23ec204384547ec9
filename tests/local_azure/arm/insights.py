"""Microsoft.Insights: components, and annotations in them. Routes over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.arm.front import ArmCall, ArmError, Operation, resource_not_found
from tests.local_azure.arm.lists import clauses, page
from tests.local_azure.state.subscription import group_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.insights import Component
    from tests.local_azure.state.state import Cloud

VERSIONS = frozenset({"2015-05-01"})
_COMPONENTS = "microsoft.insights/components"
_FIELDS = frozenset({"Id", "AnnotationName", "EventTime", "Category", "Properties", "RelatedAnnotation"})


class Insights:
    """The Application Insights components of the subscription."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return (
            Operation(
                method="GET",
                template=f"/subscriptions/{{subscription}}/providers/{_COMPONENTS}",
                action="Microsoft.Insights/components/read",
                versions=VERSIONS,
                parameters=frozenset({"$filter", "$skiptoken"}),
                answer=self._list,
                lists=True,
            ),
            Operation(
                method="PUT",
                template=(
                    f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_COMPONENTS}/{{name}}/Annotations"
                ),
                action="Microsoft.Insights/components/annotations/write",
                versions=VERSIONS,
                answer=self._annotate,
            ),
        )

    async def _list(self, call: ArmCall) -> web.Response:
        """Return a page of the components the caller may see, by the filter Azure's own pipeline tasks send.

        Source: https://learn.microsoft.com/rest/api/application-insights/components/list and
        https://github.com/microsoft/azure-pipelines-tasks (AzureRmWebAppDeployment, releaseAnnotationUtility)
        """
        wanted = clauses(call.request.query.get("$filter", ""), ("InstrumentationKey", "name"))
        bodies = [
            _component(one)
            for one in self._cloud.components.values()
            if self._cloud.may(call.principal, "Microsoft.Insights/components/read", one.id)
        ]
        found = [one for one in bodies if all(_field(one, name).lower() == value for name, value in wanted.items())]
        return page(call, found)

    async def _annotate(self, call: ArmCall) -> web.Response:
        """Mark a moment in a component.

        Source: https://learn.microsoft.com/rest/api/application-insights/annotations/create
        """
        group, name = call.values["group"], call.values["name"]
        component = self._cloud.components.get(f"{group_id(group)}/providers/{_COMPONENTS}/{name}".lower())
        if component is None:
            raise resource_not_found(_COMPONENTS, name, group)
        annotation = await call.body()
        if unknown := set(annotation) - _FIELDS:
            raise ArmError(400, "InvalidRequestContent", f"Unknown property '{min(unknown)}'.")
        component.annotations.append(annotation)
        return web.json_response([annotation])


def _field(body: JSON, name: str) -> str:
    return str(body["properties"].get(name, body.get(name, "")))


def _component(component: Component) -> JSON:
    return {
        "id": component.id,
        "name": component.name,
        "type": _COMPONENTS,
        "location": "westeurope",
        "tags": {},
        "kind": "web",
        "properties": {
            "ApplicationId": component.name,
            "AppId": component.app_id,
            "Application_Type": "web",
            "InstrumentationKey": component.instrumentation_key,
            "ConnectionString": component.connection_string,
            "Name": component.name,
            "provisioningState": "Succeeded",
        },
    }
