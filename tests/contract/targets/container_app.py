"""The Functions app on Container Apps as a scene: what was sent becomes the template, and revisions follow it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ServiceResponseError

from pytask.clock import Timeouts
from pytask.targets.container_app.target import ContainerAppTarget, find_container_app
from tests.contract.targets.scene import BEFORE, PLAN
from tests.scripted import SENT_AT, Answer, ScriptedApp, ScriptedResponse

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest

    from pytask.cloud.arm import Azure

PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/shop"
OPERATION = "/subscriptions/s/providers/Microsoft.App/locations/eastus/containerappOperationResults/7"
EVENTS = "https://eastus.azurecontainerapps.dev/subscriptions/s/resourceGroups/g/containerApps/shop/eventstream"
FORBIDDEN = Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
_DOMAIN = "livelyisland-cf4f1366.eastus2.azurecontainerapps.io"
_READY_AFTER, _ACCEPTED_AFTER = 25.0, 17.0


@dataclass
class Created:
    """A revision that the app was given."""

    name: str
    template: dict[str, Any]
    at: float
    active: bool = True


class ScriptedContainerApp(ScriptedApp):
    """A container app that does what it is told, on a clock that nobody waits for.

    Its answers have the shapes and the order of the recorded traffic of azure-cli
    (`src/azure-cli/azure/cli/command_modules/containerapp/tests/latest/recordings`).
    """

    def __init__(self) -> None:
        super().__init__()
        self.timeouts = Timeouts()
        self.shows_its_image = True
        self.fate = "runs"
        self.state_words = ("Provisioned", "RunningAtMaxScale", "Healthy")
        self.bodies: list[dict[str, Any]] = []
        self.done: list[str] = []
        self.good: set[str] = set()
        """Images that run whatever becomes of others."""
        self.urls: list[str] = []
        self.refusals: list[Answer] = []
        self.loses = False
        self.crash_details = self.somebody_follows_with = ""
        self.loses_once = False
        self.answers_after_loss: list[Answer] = []
        self.hides_kind_in = "none"
        self.events: list[dict[str, Any]] = []
        self.replicas: list[dict[str, Any]] | None = None
        self.operation = Answer(200, {})
        self.token = Answer(body={"properties": {"token": "token-of-the-log"}})
        self.configuration: dict[str, Any] = {
            "activeRevisionsMode": "Single",
            "secrets": [{"name": "storage"}],
            "ingress": {"fqdn": f"shop.{_DOMAIN}", "external": True, "targetPort": 80},
            "registries": [{"server": "contoso.azurecr.io", "identity": "system"}],
        }
        self.resource: dict[str, Any] = {"name": "shop", "kind": "functionapp", "identity": {"type": "SystemAssigned"}}
        self.template: dict[str, Any] = {
            "revisionSuffix": "",
            "containers": [a_container()],
            "scale": {"minReplicas": None, "maxReplicas": 10},
        }
        self.revisions = [Created("shop--0000001", self.template, -900.0)]
        self.served: list[dict[str, int]] = []
        """Which revisions had traffic when the app was asked, and how much; of each change the first."""
        self.refuses_to: list[str] = []
        """Actions on revisions that are forbidden."""

    def use_several_revisions(self, *traffic: dict[str, Any]) -> None:
        """Set multiple revision mode, with this distribution of the traffic."""
        self.configuration["activeRevisionsMode"] = "Multiple"
        self.configuration["ingress"]["traffic"] = list(traffic) or [{"latestRevision": True, "weight": 100}]

    @property
    def traffic(self) -> list[dict[str, Any]]:
        """The distribution as it is configured."""
        found: list[dict[str, Any]] = (self.configuration["ingress"] or {}).get("traffic", [])
        return found

    def active(self) -> list[str]:
        """Return the names of the active revisions."""
        return [one.name for one in self.revisions if one.active]

    def _note_who_is_served(self, at: float) -> None:
        """Azure sends what goes to the latest revision to the one that became ready last."""
        latest = next((one.name for one in reversed(self.revisions) if self._is_ready(one, at)), "")
        now: dict[str, int] = {}
        for one in self.traffic:
            name = latest if one.get("latestRevision") else one["revisionName"]
            now[name] = now.get(name, 0) + int(one.get("weight") or 0)
        now = {name: weight for name, weight in now.items() if weight}
        if now not in self.served[-1:]:
            self.served.append(now)

    def _app(self, at: float, *, version: str) -> Answer:
        ready = [one for one in self.revisions if self._is_ready(one, at)]
        properties = {
            "provisioningState": "Succeeded",
            "runningStatus": "Running",
            "latestRevisionName": self.revisions[-1].name,
            "latestReadyRevisionName": ready[-1].name if ready else "",
            "configuration": self.configuration,
            "template": self.template,
            "eventStreamEndpoint": EVENTS,
        }
        shown = {**self.resource, "properties": {**properties, **self.resource.get("properties", {})}}
        return Answer(body=shown | ({"kind": ""} if version == self.hides_kind_in else {}))

    def _is_ready(self, one: Created, at: float) -> bool:
        return one.at < 0 or (self._fate(one) in {"runs", "cannot be seen"} and at >= one.at + _READY_AFTER)

    def _fate(self, one: Created) -> str:
        return "runs" if str(one.template["containers"][0]["image"]) in self.good else self.fate

    def _revision(self, one: Created, at: float) -> Answer:
        ready = self._is_ready(one, at)
        words = self.state_words if ready else ("Provisioning", "Processing", "None")
        if self._fate(one) == "crashes" and one.at >= 0 and at >= one.at + _READY_AFTER:
            words = ("Failed", "Failed", "Unhealthy")
        states = dict(zip(("provisioningState", "runningState", "healthState"), words, strict=True))
        fqdn = f"{one.name}.{_DOMAIN}"
        return Answer(body={"name": one.name, "properties": {**states, "template": one.template, "fqdn": fqdn}})

    def _replicas(self, one: Created, at: float) -> Answer:
        ready = self._is_ready(one, at)
        details = "" if ready else self.crash_details
        items = [a_replica(ready=ready, details=details)] if self.replicas is None else self.replicas
        return Answer(body={"value": items})

    def _send(self, request: HttpRequest, **_: object) -> ScriptedResponse:
        at = self.clock.monotonic() - SENT_AT
        url = request.url.partition("?")[0]
        below = url.partition("/containerApps/shop")[2].strip("/")
        self.urls.append(url)
        self.calls.append((at, f"{request.method} {below or url.rpartition('/')[2]}"))
        self._note_who_is_served(at)
        if request.method == "PATCH":
            return ScriptedResponse(request, self._patched(request, at))
        return ScriptedResponse(request, self._answer(request, url, below, at))

    def _answer(self, request: HttpRequest, url: str, below: str, at: float) -> Answer:
        if url.endswith(OPERATION):
            return self.operation if at >= self.revisions[-1].at + _ACCEPTED_AFTER else Answer(202)
        if url.endswith(PATH):
            return self._app(at, version=request.url.partition("api-version=")[2])
        if below == "getAuthToken":
            return self.token
        if request.method == "POST":
            return self._acted_on(*below.split("/")[1:])
        custom = next((self.routes[one] for one in (*self.routes,) if _fits(one, request.method, url)), None)
        found: Any = custom(at) if custom else self._below(below, at) if url != EVENTS else self._log()
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Answer) else Answer(404, {"error": {"code": "NotFound"}})

    def _acted_on(self, name: str, verb: str) -> Answer:
        if verb in self.refuses_to:
            return FORBIDDEN
        self.done.append(f"{verb} {name}")
        next(one for one in self.revisions if one.name == name).active = verb != "deactivate"
        return Answer(200, {})

    def _log(self) -> Answer:
        return Answer(body="\n".join(json.dumps(one) for one in self.events) + "\n\n")

    def _below(self, below: str, at: float) -> Answer | None:
        parts = below.split("/")
        one = next((one for one in self.revisions if parts[:2] == ["revisions", one.name]), None)
        if one is None:
            return None
        if self.fate == "cannot be seen":
            return FORBIDDEN
        what = parts[2] if len(parts) > 2 else ""
        made = {"": self._revision, "replicas": self._replicas, "functions": lambda *_: Answer(body=FUNCTIONS)}
        return made[what](one, at)

    def _patched(self, request: HttpRequest, at: float) -> Answer:
        self.done.append("PATCH")
        if self.refusals:
            return self.refusals.pop(0)
        content: Any = request.content or "{}"
        body = json.loads(content)
        self.bodies.append(body)
        self.resource.update({name: value for name, value in body.items() if name != "properties"})
        sent = body.get("properties", {})
        self.configuration = merged(self.configuration, sent.get("configuration", {}))
        if "template" in sent:
            self._revise({**self.template, **sent["template"]}, at)
            if self.somebody_follows_with:
                self.somebody_uses(self.somebody_follows_with)
        if self.loses or self.loses_once:
            self.loses_once, self.refusals = False, [*self.answers_after_loss]
            raise ServiceResponseError("the connection was closed")
        return Answer(202, headers={"Location": f"https://management.azure.com{OPERATION}", "Retry-After": "15"})

    def _revise(self, template: dict[str, Any], at: float) -> None:
        """Make a revision of a template; the same once more, under the same name, makes none."""
        self.template, name = template, f"shop--{template['revisionSuffix'] or f'{len(self.revisions) + 1:07}'}"
        if name != self.revisions[-1].name:
            self.revisions.append(Created(name, template, at))

    def azure(self, timeouts: Timeouts | None = None) -> Azure:
        """Return the ways to it."""
        return super().azure(timeouts or self.timeouts)

    def find(self) -> ContainerAppTarget:
        """Return it as a target."""
        found = find_container_app(self.azure(), PLAN.app)
        assert found
        return found

    def image(self) -> str:
        """Return what its template has."""
        return str(self.template["containers"][0]["image"])

    def writes(self) -> list[str]:
        """Return the calls that change it."""
        return self.done

    def somebody_uses(self, reference: str) -> None:
        """Have somebody else configure another image."""
        at = self.clock.monotonic() - SENT_AT
        self._revise({**self.template, "containers": [a_container(image=reference)], "revisionSuffix": ""}, at)

    def new_image(self, what: str) -> None:
        """Say what becomes of an image."""
        self.fate = what

    def refuse(self) -> None:
        """Refuse the next write."""
        self.refusals.append(FORBIDDEN)

    def lose_the_answer(self) -> None:
        """Do the next write, and close the connection, as often as it is tried."""
        self.loses = True


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return what a merge patch makes: objects are merged, all else is replaced (RFC 7386)."""
    both = {name: merged(old[name], one) for name, one in new.items() if isinstance(one, dict) and old.get(name)}
    return {**old, **new, **both}


def a_container(**changes: object) -> dict[str, Any]:
    """Return a container of a template, with fields that this task knows nothing about."""
    return {
        "image": BEFORE,
        "imageType": "ContainerImage",
        "name": "shop",
        "env": [{"name": "AzureWebJobsStorage", "secretRef": "storage"}, {"name": "COLOR", "value": "blue"}],
        "resources": {"cpu": 0.5, "memory": "1Gi", "ephemeralStorage": "2Gi"},
        "probes": [],
        **changes,
    }


def a_replica(*, ready: bool, restarts: int = 0, state: str = "", details: str = "") -> dict[str, Any]:
    """Return a replica as ARM lists it."""
    container = {
        "name": "shop",
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
        "runningState": state or ("Running" if ready else "Waiting"),
        "runningStateDetails": details,
    }
    return {"name": "shop--x-5bf79fc6b4-7rc5z", "properties": {"runningState": "Running", "containers": [container]}}


FUNCTIONS = {"value": [{"properties": {"name": "HttpExample", "triggerType": "httpTrigger", "language": "node"}}]}


def _fits(route: str, method: str, url: str) -> bool:
    """Tell whether a route, such as `GET functions`, is the end of what was asked."""
    wanted, _, end = route.partition(" ")
    return method == wanted and url.endswith(f"/{end}")
