"""Whatever Azure answers, it becomes a value, not yet, or not allowed; nothing of it ends a run."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.targets.site.functions import durable_notes, function_key, list_functions, sync_triggers
from pytask.targets.site.health import look_at_health
from pytask.targets.site.host import host_status, read_status
from pytask.targets.site.instances import count_instances
from pytask.targets.site.observation import container_log, read_configuration
from tests.platform_lines import classic, classic_start, start_of_2025
from tests.scripted import OURS, PATH, REFERENCE, Answer, ScriptedApp, found_site

EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        "properties": JSON,
        "value": JSON,
        "state": JSON | st.sampled_from(["Running", "Error", "Default"]),
        "processUptime": JSON,
        "instanceId": JSON,
        "errors": JSON,
        "default": JSON,
        "config": JSON,
    },
)
BODIES = SHAPED.map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=200) | st.binary(max_size=200)


def asked(answer: Answer) -> list[object]:
    """Return what every question about an app makes of one answer."""
    app = ScriptedApp()
    app.routes.default_factory = lambda: lambda _: answer
    arm = app.azure().arm
    return [
        host_status(arm, PATH),
        list_functions(arm, PATH),
        function_key(arm, PATH, "hello"),
        sync_triggers(arm, PATH),
        count_instances(arm, PATH),
        read_configuration(arm, PATH),
        container_log(arm, found_site(), reference=REFERENCE, since=EVER),
    ]


@settings(deadline=None)
@given(body=BODIES, status=st.sampled_from([200, 201, 204, 206, 302, 400, 401, 403, 404, 408, 409, 418, 429, 500, 503]))
def test_no_answer_raises(body: str | bytes, status: int) -> None:
    assert all(isinstance(one, Seen | NotYet | NotAllowed) for one in asked(Answer(status, body)))


@given(fields=SHAPED)
def test_an_uptime_is_a_number_of_seconds_or_unknown(fields: dict[str, object]) -> None:
    found = read_status(fields)
    assert found is None or found.uptime is None or 0 <= found.uptime < 1e9


@pytest.mark.parametrize("status", [400, 401, 408, 409, 429, 500, 502, 503, 504])
def test_a_host_that_starts_is_not_up_yet(status: int) -> None:
    assert all(isinstance(one, NotYet) for one in asked(Answer(status, "<html>")))


def test_the_recorded_answer_of_a_host_on_linux_is_read() -> None:
    recorded = (
        '{"id":"0","state":"Running","version":"4.1046.100.25616","versionDetails":"4.1046.100+0","platformVersion":"",'
        '"instanceId":"1--0","computerName":"","processUptime":857491,"functionAppContentEditingState":"NotAllowed"}'
    )
    found = asked(Answer(200, recorded))[0]
    assert isinstance(found, Seen)
    assert (found.value.state, found.value.uptime, found.value.instance) == ("Running", 857.491, "1--0")


# --- the app's present health -----------------------------------------------------------------------------------------


def health_of(app: ScriptedApp) -> tuple[str, ...]:
    return look_at_health(app.azure(), found_site(fx_version=f"DOCKER|{REFERENCE}"), None).lines


def a_healthy_app(log: str = "") -> ScriptedApp:
    app = ScriptedApp()
    status = {"state": "Running", "version": "4.1", "instanceId": "a", "processUptime": 11_520_000}
    app.answers("GET hostruntime/admin/host/status", Answer(body=status))
    app.answers("GET functions", Answer(body={"value": [{"name": "shop/hello", "properties": {"name": "hello"}}]}))
    app.answers("POST containerlogs", Answer(body=log or classic_start(by=f"contoso.azurecr.io/shop@{OURS}")))
    return app


def test_health_tells_image_start_host_and_functions() -> None:
    assert health_of(a_healthy_app()) == (
        f"image      {REFERENCE}",
        f"last start container is ready, {OURS}",
        "host       Running, version 4.1, up for 3 h 12 min",
        "functions  hello ()",
    )


def test_the_digest_that_runs_is_known_by_the_pull_of_the_same_start_only() -> None:
    def digest(log: str) -> str:
        return look_at_health(a_healthy_app(log).azure(), found_site(fx_version=f"DOCKER|{REFERENCE}"), None).digest

    assert digest(classic_start()) == str(OURS)
    assert digest(start_of_2025()) == ""


def test_an_app_whose_host_does_not_answer_is_explained_by_the_platforms_log() -> None:
    failed = classic_start(ready=None) + classic(
        6, "Container shop_1_0a1b2c3d for site shop has exited, failing site start", "ERROR"
    )
    app = a_healthy_app(failed)
    app.answers("GET hostruntime/admin/host/status", Answer(503, "<html>"))
    health = look_at_health(app.azure(), found_site(fx_version=f"DOCKER|{REFERENCE}"), None)
    assert health.failure
    assert health.failure.code == "container-exits"
    assert not health.healthy


def test_what_may_not_be_seen_is_said_and_is_no_failure() -> None:
    told = health_of(ScriptedApp())
    assert [line for line in told if line.startswith("not visible: ")] == [
        "not visible: Azure returned 404 for 'read the state of the Functions host'",
        "not visible: Azure returned 404 for 'list the functions'",
        "not visible: Azure returned 404 for 'read the platform's log'",
    ]


def test_durable_functions_that_run_now_are_named() -> None:
    app = ScriptedApp()
    bindings = [{"type": "orchestrationTrigger"}]
    app.answers(
        "GET functions", Answer(body={"value": [{"properties": {"name": "saga", "config": {"bindings": bindings}}}]})
    )
    assert "saga" in durable_notes(app.azure().arm, PATH)[0]
