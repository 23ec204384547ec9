"""An app with a slot, as Resource Manager keeps both: a swap takes a minute, and exchanges what is not sticky."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ServiceResponseError

from pytask.clock import Timeouts
from pytask.model import AppAddress
from pytask.targets.site.slots.pair import pair_of
from pytask.targets.site.target import find_site
from tests.contract.targets.scene import BEFORE, NEW
from tests.platform_lines import start_that, until
from tests.scripted import BEGAN, OURS, PATH, SENT_AT, Answer, ScriptedApp, ScriptedResponse
from tests.unit.site.verifying import a_function, a_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpRequest

    from pytask.targets.site.slots.pair import SiteSlots
    from pytask.targets.site.target import SiteTarget

OPERATION = f"https://management.azure.com{PATH}/slots/staging/operationresults/1?api-version=2025-05-01&t=1"
SWAP, POLL = "POST slots/staging/slotsswap", "GET slots/staging/operationresults/1"
PING = {
    "Code": "ExpectationFailed",
    "Message": "Cannot swap site slots for site 'shop' because the 'staging' slot did not respond to http ping.",
}
BUSY = {"Code": "Conflict", "Message": "Cannot modify this site because another operation is in progress."}


@dataclass
class Slot:
    """One of the two."""

    image: str
    config: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    updated: float = -900.0


class ScriptedSlots(ScriptedApp):
    """Both slots, on a clock that nobody waits for."""

    def __init__(self, slot: str = "staging") -> None:
        super().__init__()
        self.timeouts = Timeouts()
        self.name = slot
        settings = {"AzureWebJobsStorage": "production", "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false"}
        self.slots = {
            "": Slot(BEFORE, settings=dict(settings)),
            "staging": Slot(BEFORE, settings={**settings, "AzureWebJobsStorage": "staging"}),
        }
        self.sticky: list[str] | None = ["AzureWebJobsStorage"]
        self.crashes: set[str] = set()
        """Images that do not start."""
        self.fates: dict[tuple[str, str], str] = {}
        """What becomes of an image in a slot, or after a swap in production, whose name is empty."""
        self.empty_in_production: set[str] = set()
        """Images that have no functions there."""
        self.empty_in_slot: set[str] = set()
        """Images that have no functions in the slot."""
        self.down: set[str] = set()
        """Slots whose old host is gone, too."""
        self.when_asked: Callable[[str], object] = lambda _: None
        """Does something at each call, before it is answered."""
        self.hidden = False
        """Whether nobody may see which image the slot runs."""
        self.digest_of: Callable[[str], str] = lambda _: str(OURS)
        """Returns what the platform's log says of a pulled image."""
        self.takes = 60.0
        """Seconds that a swap takes."""
        self.ends: Callable[[], Answer | None] = lambda: None
        """How a swap ends: None when it is made."""
        self.scripts: defaultdict[str, deque[Answer | Exception]] = defaultdict(deque)
        """By call: what is answered in place of an answer of Azure, one for each time; nothing is done then."""
        self.loses: set[str] = set()
        """Calls that are carried out, and whose answers do not arrive."""
        self.does: defaultdict[str, deque[Callable[[], object]]] = defaultdict(deque)
        """By call: what somebody does before it is answered, one for each time."""
        self.swaps: list[float] = []
        """When a swap was begun, in seconds."""
        self.status: dict[str, str] = {"timestampUtc": "2020-01-01T00:00:00.1234567", **_NAMES}
        self.shows_status = True
        self.sent: list[tuple[str, object]] = []
        """Calls with their bodies."""
        self._running: float | None = None
        self._exchanged = 0.0
        self._ended: Answer | None = None

    def find(self) -> SiteTarget:
        """Return the slot as a target."""
        return find_site(self.azure(self.timeouts), AppAddress(name="shop", resource_group="g", slot=self.name))

    def pair(self) -> SiteSlots:
        """Return both."""
        return pair_of(self.find())

    def images(self) -> tuple[str, str]:
        """Return what production and the slot are configured with."""
        return self.slots[""].image, self.slots["staging"].image

    def writes(self) -> list[str]:
        """Return the calls that change something."""
        reads = ("/list", "containerlogs", "syncfunctiontriggers", "listkeys")
        return [call for _, call in self.calls if not call.startswith("GET") and not call.endswith(reads)]

    def exchange(self) -> None:
        """Swap at once."""
        one, other = self.slots[""], self.slots["staging"]
        one.image, other.image = other.image, one.image
        one.config, other.config = other.config, one.config
        kept = [
            {name: each.settings[name] for name in self.sticky or [] if name in each.settings} for each in (one, other)
        ]
        one.settings, other.settings = {**other.settings, **kept[0]}, {**one.settings, **kept[1]}
        at, self._exchanged = BEGAN + timedelta(seconds=self._since()), self._since()
        self.status = {"timestampUtc": f"{at:%Y-%m-%dT%H:%M:%S.%f}7", **_NAMES}

    def _since(self) -> float:
        return self.clock.monotonic() - SENT_AT

    def _send(self, request: HttpRequest, **_: object) -> ScriptedResponse:
        since, url = self._since(), request.url.partition("?")[0]
        self._go_on(since)
        if url.startswith(("https://shop.azurewebsites.net", "https://shop-staging.azurewebsites.net")):
            self.calls.append((since, f"{request.method} {url}"))
            page = self.routes[f"{request.method} page"](since)
            assert isinstance(page, Answer)
            return ScriptedResponse(request, page)
        below = url.removeprefix("https://management.azure.com").removeprefix(PATH).strip("/")
        below = re.sub(r"^slots/staging", "slots/staging", below, flags=re.IGNORECASE)
        call = f"{request.method} {below}".strip()
        self.calls.append((since, call))
        self.when_asked(call)
        if self.does[call]:
            self.does[call].popleft()()
        if self.scripts[call]:
            scripted = self.scripts[call].popleft()
            if isinstance(scripted, Exception):
                raise scripted
            return ScriptedResponse(request, scripted)
        content: Any = request.content or "{}"
        body = json.loads(content)
        if body:
            self.sent.append((call, body))
        answer = self._answer(call, body.get("properties", {}), since)
        if call in self.loses:
            raise ServiceResponseError("the connection was closed")
        return ScriptedResponse(request, answer)

    def _go_on(self, since: float) -> None:
        """Bring a swap to its end when it is time."""
        if self._running is None or since - self._running < self.takes:
            return
        self._running, self._ended = None, self.ends()
        if self._ended is None:
            self.exchange()
            self._ended = Answer(body=self._site("staging"))

    def _answer(self, call: str, sent: dict[str, Any], since: float) -> Answer:
        if call == SWAP:
            self._running, self._ended = since, None
            self.swaps.append(since)
            return Answer(202, "", {"Location": OPERATION})
        if call == POLL:
            return self._ended or Answer(202, "", {"Location": OPERATION, "Retry-After": "15"})
        method, _, path = call.partition(" ")
        name = "staging" if path.startswith("slots/staging") else ""
        below = path.removeprefix("slots/staging").strip("/")
        slot, known = self.slots[name], f"{method} {below}".strip()
        if known == "PATCH config/web":
            slot.updated = since
            slot.image = str(sent.pop("linuxFxVersion", f"DOCKER|{slot.image}")).removeprefix("DOCKER|")
            slot.config.update(sent)
        if known == "POST restart":
            slot.updated = since
        if known == "PUT config/appsettings":
            slot.settings = {**sent}
        if known in {"GET config/web", "PATCH config/web"}:
            return Answer(body={"properties": {"linuxFxVersion": f"DOCKER|{slot.image}", **slot.config}})
        return self._read(known, name, slot, since)

    def _read(self, known: str, name: str, slot: Slot, since: float) -> Answer:
        fate, began = self._fate(name, slot)
        empty = slot.image in (self.empty_in_slot if name else self.empty_in_production)
        if self.hidden and known in {"POST containerlogs", "GET hostruntime/admin/host/status"} and name:
            return Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
        bodies: dict[str, Callable[[], Answer]] = {
            "GET": lambda: Answer(body=self._site(name)),
            "POST config/appsettings/list": lambda: Answer(body={"properties": slot.settings}),
            "PUT config/appsettings": lambda: Answer(body={"properties": slot.settings}),
            "GET config/slotConfigNames": lambda: Answer(body={"properties": {"appSettingNames": self.sticky}}),
            "POST restart": lambda: Answer(200),
            "POST syncfunctiontriggers": lambda: Answer(204),
            "GET instances": lambda: Answer(body={"value": [{"name": "a"}]}),
            "GET functions": lambda: Answer(body={"value": [] if empty else [a_function()]}),
            "POST containerlogs": lambda: Answer(body=until(self._log(name, slot, fate, began), since)),
            "GET hostruntime/admin/host/status": lambda: self._host(name, fate, began, since),
        }
        found = bodies.get(known)
        return found() if found else Answer(404, {"error": {"code": "NotFound", "message": known}})

    def _fate(self, name: str, slot: Slot) -> tuple[str, float]:
        """Return what becomes of the image that a slot has, and since when."""
        fate = self.fates.get((name, slot.image), "crashes" if slot.image in self.crashes else "runs")
        moved = not name and (name, slot.image) in self.fates
        return fate, self._exchanged if moved else slot.updated

    def _host(self, name: str, fate: str, began: float, since: float) -> Answer:
        """Answer as the new host once it is up; until then the old one does, which a swap takes away."""
        if fate != "runs" and (not name or name in self.down):
            return Answer(503, "")
        return Answer(body=a_status(began + 3 if fate == "runs" and since >= began + 3 else -2000, since))

    def _log(self, name: str, slot: Slot, fate: str, began: float) -> str:
        if began < 0:
            return ""
        tag = slot.image.rpartition("@" if "@" in slot.image else ":")[2]
        start = start_that(fate, began, digest=self.digest_of(slot.image))
        text = start.replace(NEW, slot.image).replace("7 Pulling", f"{tag} Pulling")
        return text.replace("shop_1_", "shop__4342_1_").replace("site shop ", "site shop__4342 ") if name else text

    def _site(self, name: str) -> dict[str, Any]:
        properties = {
            "defaultHostName": f"shop{'-' * bool(name)}{name}.azurewebsites.net",
            "state": "Running",
            "reserved": True,
            "sku": "ElasticPremium",
            "inProgressOperationId": "1" if self._running is not None else None,
            "slotSwapStatus": self.status if self.shows_status else None,
        }
        resource = {"name": f"shop/{name}" if name else "shop", "kind": "functionapp,linux,container"}
        return {**resource, "identity": self.slots[name].identity, "properties": properties}


_NAMES = {"sourceSlotName": "Staging", "destinationSlotName": "Production"}
