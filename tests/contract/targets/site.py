"""The Linux container app as a scene: Resource Manager's answers follow what was written, and so does the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ServiceResponseError

from pytask.clock import Timeouts
from pytask.targets.site.target import find_site
from tests.contract.targets.scene import BEFORE, NEW, PLAN
from tests.platform_lines import start_that, until
from tests.scripted import PATH, SENT_AT, Answer, ScriptedApp, ScriptedResponse
from tests.unit.site.verifying import a_function, a_status

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest

    from pytask.targets.site.target import SiteTarget

_STARTS_AFTER = 3.0
_FORBIDDEN = Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})


class ScriptedSite(ScriptedApp):
    """A site that does what it is told, on a clock that nobody waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts = Timeouts()
        self.shows_its_image = True
        self.config: dict[str, Any] = {"linuxFxVersion": f"DOCKER|{BEFORE}"}
        self.fate, self.updated = "runs", -900.0
        self.done: list[str] = []
        self.refuses = self.loses = False
        self.answers("GET ", Answer(body=_SITE))
        self.answers("GET config/web", lambda _: Answer(body={"properties": self.config}))
        self.answers("POST config/appsettings/list", Answer(body={"properties": _SETTINGS}))
        self.answers("PATCH config/web", lambda _: Answer(body={"properties": self.config}))
        self.answers("POST restart", Answer(200))
        self.answers("POST syncfunctiontriggers", Answer(204))
        self.answers("POST containerlogs", lambda at: self._seen(Answer(body=until(self._log(), at))))
        self.answers("GET hostruntime/admin/host/status", lambda at: self._seen(self._host(at)))
        self.answers("GET host/default/properties/status", _FORBIDDEN)
        self.answers("GET functions", Answer(body={"value": [a_function()]}))
        self.answers("GET instances", Answer(body={"value": [{"name": "a"}]}))

    def _log(self) -> str:
        if self.updated < 0 or self.fate == "stays away":
            return ""
        start = start_that(self.fate, self.updated)
        return start.replace(NEW, self.image()).replace("7 Pulling", f"{self.image().rpartition(':')[2]} Pulling")

    def _host(self, at: float) -> Answer:
        """Answer as the old host until the new one is up."""
        starts = self.updated + _STARTS_AFTER
        comes = self.fate == "runs" and at >= starts
        return Answer(body=a_status(starts if comes else -2000, at))

    def _seen(self, answer: Answer) -> Answer:
        return _FORBIDDEN if self.fate == "cannot be seen" else answer

    def _send(self, request: HttpRequest, **options: object) -> ScriptedResponse:
        route = (request.method, request.url.partition("?")[0].rpartition("/")[2])
        if route not in {("PATCH", "web"), ("POST", "restart")}:
            return super()._send(request, **options)
        self.done.append(" ".join(route))
        if self.refuses:
            self.refuses = False
            return ScriptedResponse(request, _FORBIDDEN)
        content: Any = request.content or "{}"
        self.config.update(json.loads(content).get("properties", {}))
        self.updated = self.clock.monotonic() - SENT_AT
        if self.loses:
            raise ServiceResponseError("the connection was closed")
        return super()._send(request, **options)

    def find(self) -> SiteTarget:
        """Return it as a target."""
        return find_site(self.azure(self.timeouts), PLAN.app)

    def image(self) -> str:
        """Return what it is configured with."""
        return str(self.config["linuxFxVersion"]).removeprefix("DOCKER|")

    def writes(self) -> list[str]:
        """Return the calls that change it."""
        return self.done

    def somebody_uses(self, reference: str) -> None:
        """Have somebody else configure another image."""
        self.config["linuxFxVersion"] = f"DOCKER|{reference}"

    def new_image(self, what: str) -> None:
        """Say what becomes of an image."""
        self.fate = what

    def refuse(self) -> None:
        """Refuse the next write."""
        self.refuses = True

    def lose_the_answer(self) -> None:
        """Do the next write, and close the connection, as often as it is tried."""
        self.loses = True


class ScriptedSiteOnContainerApps(ScriptedSite):
    """The same kind of resource in a Container Apps environment: accepted changes, and neither log nor host.

    Sources: https://github.com/Azure/azure-functions-on-container-apps/issues/59 (the conflict) and
    https://github.com/Azure/azure-cli (appservice: test_functionapp_container_config_set_replicas)
    """

    def __init__(self) -> None:
        super().__init__()
        self.shows_its_image = False
        self.busy = 0
        """How many of the next changes meet another operation."""
        self.polls = 2
        kind = "functionapp,linux,container,azurecontainerapps"
        properties = {**_SITE["properties"], "reserved": None, "sku": None, "managedEnvironmentId": "/environment"}  # type: ignore[dict-item]
        self.answers("GET ", Answer(body={**_SITE, "kind": kind, "properties": properties}))
        self.answers("GET config/web", lambda _: Answer(body={"properties": {"alwaysOn": None, **self.config}}))
        self.answers("PATCH config/web", Answer(202, headers={"Location": _OPERATION, "Retry-After": "5"}))
        self.answers(f"GET {_OPERATION}", self._operation)
        for gone in ("POST containerlogs", "GET hostruntime/admin/host/status", "GET host/default/properties/status"):
            self.answers(gone, Answer(404, {"Code": "NotFound"}))

    def _operation(self, _at: float) -> Answer:
        self.polls -= 1
        return Answer(202, headers={"Location": _OPERATION}) if self.polls > 0 else Answer(body={"properties": {}})

    def _send(self, request: HttpRequest, **options: object) -> ScriptedResponse:
        if request.method == "PATCH" and self.busy:
            self.busy -= 1
            return ScriptedResponse(request, Answer(409, _BUSY))
        return super()._send(request, **options)


_OPERATION = f"https://management.azure.com{PATH}/operationresults/7"
_BUSY = {
    "Code": "Conflict",
    "Message": "Cannot modify this site because another operation is in progress. Details: Id: 7, "
    "OperationName: StartContainerAppOperation, CreatedTime: 11/27/2026 12:00:00 PM, RequestId: 8, EntityType: 3",
    "ExtendedCode": "59203",
}
_SITE = {
    "name": "shop",
    "kind": "functionapp,linux,container",
    "properties": {
        "defaultHostName": "shop.azurewebsites.net",
        "state": "Running",
        "reserved": True,
        "sku": "ElasticPremium",
    },
}
_SETTINGS = {"AzureWebJobsStorage": "UseDevelopmentStorage", "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false"}
