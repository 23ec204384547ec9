"""Many sites behind one Resource Manager that counts the calls in buckets as Azure does, on a clock that runs fast."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from pytask.clock import Clock, Timeouts
from pytask.cloud.arm import Arm, Azure
from pytask.cloud.http import HttpClient
from pytask.model import Secret
from pytask.network.pace import READS, WRITES, Bucket, Pace
from pytask.targets.site.target import find_site
from tests.contract.builders.paper import PaperBuilder
from tests.contract.targets.site import _SITE, ScriptedSite
from tests.contract.test_whole_run import Scene
from tests.scripted import BEGAN, OURS, SENT_AT, Answer, ScriptedResponse
from tests.way_out import usual_way_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpRequest

    from pytask.cloud.transport import Transport
    from pytask.journal import Journal
    from pytask.model import AppAddress
    from pytask.targets.site.target import SiteTarget
    from pytask.targets.target import Target

_ARM = "https://management.azure.com"
_EMPTY = {"error": {"code": "SubscriptionRequestsThrottled", "message": "Number of requests exceeded the limit."}}


@dataclass(frozen=True, slots=True)
class FastClock(Clock):
    """A clock that several threads wait by; its seconds are shorter."""

    speed: float = 20.0
    began: float = field(default_factory=time.monotonic)

    def monotonic(self) -> float:
        """Return its seconds since the start, from 1000 on."""
        return SENT_AT + (time.monotonic() - self.began) * self.speed

    def now(self) -> datetime:
        """Return the same as a time of day."""
        return BEGAN + timedelta(seconds=self.monotonic() - SENT_AT)

    def sleep(self, seconds: float) -> None:
        """Wait for so many of its seconds."""
        Clock.sleep(replace(self, speed=1.0), seconds / self.speed)


@dataclass
class ArmBucket:
    """A bucket of Resource Manager: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling."""

    holds: Bucket
    clock: Clock
    left: float = field(init=False)
    at: float = field(init=False)
    refused: int = 0

    def __post_init__(self) -> None:
        self.left, self.at = self.holds.at_once, self.clock.monotonic()

    def take(self) -> Answer | None:
        """Take one out; return the refusal when it is empty."""
        now = self.clock.monotonic()
        self.left = min(self.holds.at_once, self.left + (now - self.at) * self.holds.per_second)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return None
        self.refused += 1
        return Answer(429, _EMPTY, {"Retry-After": "5", "x-ms-ratelimit-remaining-subscription-reads": "0"})


class NamedSite(ScriptedSite):
    """One of many sites."""

    def __init__(self, name: str, clock: Clock, digest_of: Callable[[str], str]) -> None:
        super().__init__()
        self.clock = clock  # type: ignore[assignment] # whichever they share
        self.name, self.digest_of = name, digest_of
        self.good: set[str] = set()
        """Images that run whatever becomes of others."""
        self.lock = threading.Lock()
        plan = {"serverFarmId": f"/plans/{name}"}
        resource = {**_SITE, "name": name, "properties": {**cast("dict[str, Any]", _SITE["properties"]), **plan}}
        self.answers("GET ", Answer(body=resource))

    def _log(self) -> str:
        fate, self.fate = self.fate, "runs" if self.image() in self.good else self.fate
        text = super()._log()
        self.fate = fate
        named = text.replace("site shop", f"site {self.name}").replace("shop_1_", f"{self.name}_1_")
        return named.replace(str(OURS), self.digest_of(self.image()))

    def _host(self, at: float) -> Answer:
        fate, self.fate = self.fate, "runs" if self.image() in self.good else self.fate
        answer = super()._host(at)
        self.fate = fate
        return answer


class ManySites:
    """The sites, by name, and the one who answers for them."""

    def __init__(
        self, clock: Clock, digest_of: Callable[[str], str], *, reads: Bucket = READS, writes: Bucket = WRITES
    ) -> None:
        self.clock, self.timeouts = clock, Timeouts(http_jitter=0.05)
        self.digest_of = digest_of
        self.sites: dict[str, NamedSite] = {}
        self.reads, self.writes = ArmBucket(reads, clock), ArmBucket(writes, clock)
        self.said: list[str] = []
        self.when_called: Callable[[str, str], None] = lambda _name, _route: None
        """Happens with each call, by the site's name and the route, before it is answered."""
        self.calls: Counter[tuple[str, str]] = Counter()
        """By site and route, those that were answered."""
        self._lock = threading.Lock()
        self._azure = self._opened()

    def open(self, names: list[str]) -> None:
        """Create sites."""
        self.sites |= {name: NamedSite(name, self.clock, self.digest_of) for name in names}

    def find(self, address: AppAddress) -> SiteTarget:
        """Return the site with a name."""
        return find_site(self._azure, replace(address, resource_group="g"))

    @property
    def refused(self) -> int:
        """How many calls were answered 429."""
        return self.reads.refused + self.writes.refused

    def routes_of(self, name: str) -> set[str]:
        """Return the different calls that a site was asked."""
        return {route for site, route in self.calls if site == name}

    def _opened(self) -> Azure:
        http = HttpClient(
            sender=self._send,
            transport=cast("Transport", None),
            route=usual_way_out(),
            clock=self.clock,
            timeouts=self.timeouts,
            say=self.said.append,
        )
        arm = Arm(http=replace(http, base=_ARM, pace=Pace(clock=self.clock)), url="", subscription="s")
        return Azure(arm=arm, http=http, credentials=_Masking())  # type: ignore[arg-type] # masks, and no more

    def _send(self, request: HttpRequest, **options: object) -> ScriptedResponse:
        bucket = self.reads if request.method == "GET" else self.writes
        with self._lock:
            if refused := bucket.take():
                return ScriptedResponse(request, refused)
            name, _, rest = request.url.partition("/sites/")[2].partition("?")[0].partition("/")
            self.calls[name, f"{request.method} {rest}"] += 1
        self.when_called(name, f"{request.method} {rest}")
        site = self.sites[name]
        request.url = request.url.replace(f"/sites/{name}", "/sites/shop")
        try:
            with site.lock:
                return site._send(request, **options)
        finally:
            request.url = request.url.replace("/sites/shop", f"/sites/{name}")


@dataclass
class Town(Scene):
    """Many sites."""

    sites: ManySites = field(kw_only=True)
    others: dict[str, Callable[[], Target[Any]]] = field(default_factory=dict)
    """Targets of another kind, by name."""

    def find(self, address: AppAddress) -> Target[Any]:
        """Return the site, or another target, with a name."""
        return self.others[address.name]() if address.name in self.others else self.sites.find(address)

    def deploy(self, names: list[str], **inputs: str) -> Journal:
        """Run the task for the first of the names, and then for the others."""
        self.sites.open([name for name in names if name not in {*self.sites.sites, *self.others}])
        first, *more = names
        return self.run(PaperBuilder(self.cabinet), appName=first, moreApps="\n".join(more), **inputs)

    def images(self) -> list[str]:
        """Return what each site is configured with."""
        return [site.image() for site in self.sites.sites.values()]


class _Masking:
    def mask(self, text: str) -> Secret:
        return Secret(text)
