"""An app whose answers are scripted, on a clock that nobody waits for: what a verification sees, without a network."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, cast

from azure.core.rest import HttpResponse

from pytask.clock import Clock, Timeouts
from pytask.cloud.arm import Arm, Azure
from pytask.cloud.http import HttpClient
from pytask.cloud.poll import Seen
from pytask.model import ByHand, Digest, ManifestDigest, Secret
from pytask.targets.site.site import Site, SiteUpdate, image_in
from pytask.targets.site.verify import watch_site
from pytask.verification import verify_watch
from tests.way_out import usual_way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure.core.rest import HttpRequest

    from pytask.cloud.poll import Reading
    from pytask.cloud.transport import Transport
    from pytask.model import Verification
    from pytask.targets.site.observed import Question

BEGAN = datetime(2026, 11, 27, 12, 0, 0, tzinfo=timezone.utc)
"""When the app was pointed at the image; the clock of the tests reads 1000 then."""
SENT_AT = 1000.0
PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop"
REFERENCE = "contoso.azurecr.io/shop:7"
OURS = ManifestDigest("sha256:" + "7" * 64)
THEIRS = ManifestDigest("sha256:" + "6" * 64)


@dataclass(frozen=True, slots=True)
class ScriptedClock(Clock):
    """A clock that goes on only when somebody sleeps."""

    state: dict[str, float] = field(default_factory=lambda: {"now": SENT_AT})

    def monotonic(self) -> float:
        """Return the seconds that were slept so far, from 1000 on."""
        return self.state["now"]

    def now(self) -> datetime:
        """Return the same as a time of day."""
        return BEGAN + timedelta(seconds=self.monotonic() - SENT_AT)

    def sleep(self, seconds: float) -> None:
        """Go on at once."""
        self.state["now"] += max(seconds, 0.001)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call is answered."""

    status: int = 200
    body: object = ""
    """A text or bytes as they are; anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class ScriptedResponse(HttpResponse):
    """An answer as azure-core hands it over."""

    def __init__(self, request: HttpRequest, answer: Answer) -> None:
        self._request, self._answer = request, answer

    request = property(lambda self: self._request)
    status_code = property(lambda self: self._answer.status)
    headers = property(lambda self: self._answer.headers)
    content = property(lambda self: self._answer.content)
    url = property(lambda self: self._request.url)
    reason = property(lambda _: "")
    content_type = property(lambda self: self._answer.headers.get("Content-Type"))
    is_closed = is_stream_consumed = property(lambda _: True)
    encoding = None

    def text(self, encoding: str | None = None) -> str:
        """Return the body as text."""
        return self._answer.content.decode(encoding or "utf-8", errors="replace")

    def json(self) -> Any:  # noqa: ANN401 - as the base class has it
        """Return the body as JSON."""
        return json.loads(self._answer.content)

    def read(self) -> bytes:
        """Return the body."""
        return self._answer.content

    def close(self) -> None:
        """Do nothing; there is no connection."""

    def raise_for_status(self) -> None:
        """Do nothing; statuses are looked at by who asked."""

    def iter_raw(self, **_: object) -> Any:  # noqa: ANN401 - as the base class has it
        """Return the body in one piece."""
        return iter([self._answer.content])

    iter_bytes = iter_raw

    def __enter__(self) -> HttpResponse:
        return self

    def __exit__(self, *_: object) -> None: ...


class ScriptedApp:
    """One app; each route is a function of the seconds since the update."""

    def __init__(self) -> None:
        self.clock = ScriptedClock()
        self.said: list[str] = []
        self.calls: list[tuple[float, str]] = []
        """Each as the seconds since the update, and its method and path below the app."""
        self.routes: defaultdict[str, Callable[[float], Answer | Exception]] = defaultdict(
            lambda: lambda _: Answer(404, {"error": {"code": "NotFound"}})
        )
        self.registry: Callable[[str], Reading[Digest]] = lambda _: Seen(OURS)

    def answers(self, route: str, answer: Callable[[float], Answer | Exception] | Answer) -> None:
        """Have a route answered, such as `GET functions`."""
        self.routes[route] = answer if callable(answer) else lambda _: answer

    def asked(self, route: str) -> list[float]:
        """Return when a route was asked."""
        return [at for at, call in self.calls if call == route]

    def azure(self, timeouts: Timeouts | None = None) -> Azure:
        """Return the ways to it."""
        http = HttpClient(
            sender=self._send,
            transport=cast("Transport", None),
            route=usual_way_out(),
            clock=self.clock,
            timeouts=timeouts or Timeouts(),
            say=self.said.append,
        )
        arm = Arm(http=replace(http, base="https://management.azure.com"), url="", subscription="s")
        return Azure(arm=arm, http=http, credentials=_Masking())  # type: ignore[arg-type] # masks, and no more

    def _send(self, request: HttpRequest, **_: object) -> ScriptedResponse:
        since = self.clock.monotonic() - SENT_AT
        path = (
            request.url.partition("?")[0].removeprefix(PATH).removeprefix("https://shop.azurewebsites.net").strip("/")
        )
        call = f"{request.method} {path}"
        self.calls.append((since, call))
        answer = self.routes[call](since)
        if isinstance(answer, Exception):
            raise answer
        return ScriptedResponse(request, answer)


class _Masking:
    def mask(self, text: str) -> Secret:
        return Secret(text)


def found_site(**changes: Any) -> Site:  # noqa: ANN401 - a record's fields
    """Return an app as a preflight finds it."""
    found: dict[str, Any] = {
        "resource_id": PATH,
        "name": "shop",
        "slot": "",
        "resource_group": "g",
        "url": "https://shop.azurewebsites.net",
        "fx_version": "DOCKER|contoso.azurecr.io/shop:6",
        "stopped": False,
        "by_hand": ByHand(use_image="use", restart="restart"),
        **changes,
    }
    return Site(image=image_in(found["fx_version"]), **found)


def an_update(**changes: Any) -> SiteUpdate:  # noqa: ANN401 - a record's fields
    """Return the app, pointed at the image."""
    made = SiteUpdate(
        app=found_site(),
        reference=REFERENCE,
        digest=OURS,
        written=BEGAN,
        sent_at=SENT_AT,
        instances=1,
        restarted=False,
    )
    return replace(made, **changes)


def verdict_of(app: ScriptedApp, question: Question, timeouts: Timeouts | None = None) -> Verification:
    """Verify the app as a run does.

    Raises:
        StartFailure: why it does not run the image.
    """
    azure = app.azure(timeouts)
    watch = watch_site(azure, question, digest_now=app.registry)
    return verify_watch(watch, clock=app.clock, timeouts=azure.arm.http.timeouts, say=app.said.append)
