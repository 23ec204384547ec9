"""A verification of an app, from answers and a clock that a test gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.model import SmokeTest
from pytask.targets.site.observed import Question
from tests.platform_lines import classic_start, until
from tests.scripted import OURS, REFERENCE, Answer, ScriptedApp, an_update, found_site, verdict_of

if TYPE_CHECKING:
    from pytask.model import Verification
    from pytask.targets.site.site import Site

OWN, COPY = "GET hostruntime/admin/host/status", "GET host/default/properties/status"
LOG, LIST, SYNC = "POST containerlogs", "GET functions", "POST syncfunctiontriggers"
PINNED = f"contoso.azurecr.io/shop@{OURS}"
HTML = "<!DOCTYPE html><html><head><title>503 Service Unavailable</title></head></html>"
TEST = SmokeTest(path="/api/hello", statuses=("2xx",))


def a_function(name: str = "hello", *, level: str = "anonymous") -> dict[str, Any]:
    trigger = {"type": "httpTrigger", "authLevel": level, "direction": "in"}
    url = f"https://shop.azurewebsites.net/api/{name}"
    properties = {"name": name, "config": {"bindings": [trigger]}, "invoke_url_template": url, "isDisabled": False}
    return {"name": f"shop/{name}", "properties": properties}


def a_status(started: float, at: float, **changes: object) -> dict[str, Any]:
    """Return what a host says at a time that was started at another; both in seconds after the update."""
    own = {
        "id": "0",
        "state": "Running",
        "version": "4.1046.100.25616",
        "platformVersion": "",
        "instanceId": "1--0000",
        "computerName": "",
        "processUptime": int((at - started) * 1000),
    }
    return {name: value for name, value in {**own, **changes}.items() if value is not None}


def an_app(*, log: str | None = None, starts: float = 3, answers: float = 4) -> ScriptedApp:
    """Return an app that comes up: its old host answers until the new one does."""
    app = ScriptedApp()
    text = classic_start(by=PINNED) if log is None else log
    fx = {"properties": {"linuxFxVersion": f"DOCKER|{REFERENCE}"}}
    app.answers("GET config/web", Answer(body=fx))
    app.answers(LOG, lambda at: Answer(body=until(text, at)))
    app.answers(OWN, lambda at: Answer(body=a_status(starts if at >= answers else -900, at)))
    app.answers("GET instances", Answer(body={"value": [{"name": "a"}]}))
    app.answers(SYNC, Answer(204))
    app.answers(LIST, Answer(body={"value": [a_function()]}))
    app.answers("GET api/hello", Answer(body="Hello"))
    return app


def verified(
    app: ScriptedApp,
    *,
    seconds: float = 600,
    smoke: SmokeTest | None = None,
    rolls_back: bool = False,
    site: Site | None = None,
    **changes: object,
) -> Verification:
    update = an_update(app=site or found_site(), **changes)
    question = Question(update=update, smoke_test=smoke, seconds=seconds, settings={}, rolls_back=rolls_back)
    return verdict_of(app, question)


def reasons(verification: Verification) -> dict[str, str]:
    return dict(verification.unavailable)
