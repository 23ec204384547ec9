"""What the verification of a new revision rests on."""

from __future__ import annotations

import pytest

from pytask.errors.container_app import (
    ContainerImageNotSet,
    RevisionFailed,
    RevisionNotReady,
    RevisionPullUnauthorized,
    RevisionWithoutFunctions,
)
from pytask.errors.start import PullNotFound, SmokeTestFailed
from pytask.model import SmokeTest, Verdict
from tests.contract.targets.container_app import ScriptedContainerApp
from tests.contract.targets.scene import THEIRS
from tests.scripted import Answer
from tests.unit.container_app.runs import MISSING, UNAUTHORIZED, failure, updated, verified


def test_a_verification_rests_on_the_revision_its_replicas_and_its_functions() -> None:
    app = ScriptedContainerApp()
    found = verified(app, updated(app))
    assert [name for name, _ in found.passed] == [
        "configuration",
        "image of the revision",
        "ready replicas",
        "functions",
    ]
    assert (found.verdict, [one.name for one in found.functions]) == (Verdict.VERIFIED, ["HttpExample"])


@pytest.mark.parametrize("word", ["Running", "RunningAtMaxScale", "ScaledToZero", "Deprovisioning", "Wibbling", ""])
def test_a_state_that_is_not_known_is_neither_good_nor_bad(word: str) -> None:
    app = ScriptedContainerApp()
    app.state_words = ("Provisioned", word, "Healthy")
    assert verified(app, updated(app)).verdict is Verdict.VERIFIED
    app.new_image("stays away")
    assert isinstance(failure(app), RevisionNotReady)


@pytest.mark.parametrize("word", ["Failed", "Degraded", "ActivationFailed", "Activation failed"])
def test_a_revision_that_failed_is_a_failure_although_it_was_ready_once(word: str) -> None:
    app = ScriptedContainerApp()
    app.state_words = ("Provisioned", word, "Unhealthy")
    assert isinstance(failure(app), RevisionFailed)


def test_an_app_that_has_scaled_to_zero_again_was_ready() -> None:
    app = ScriptedContainerApp()
    app.replicas = []
    told = dict(verified(app, updated(app)).passed)["ready replicas"]
    assert "scaled to zero" in told


def test_a_tag_that_existed_before_leaves_the_image_unverified() -> None:
    app = ScriptedContainerApp()
    found = verified(app, updated(app, fresh=False))
    assert [name for name, _ in found.unavailable] == ["image of the revision"]


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_functions_that_cannot_be_listed_leave_it_unverified(status: int) -> None:
    app = ScriptedContainerApp()
    app.answers("GET functions", Answer(status, {"error": {"code": "X"}}))
    found = verified(app, updated(app))
    assert [name for name, _ in found.unavailable] == ["functions"]


def test_a_revision_without_functions_fails_at_the_deadline() -> None:
    app = ScriptedContainerApp()
    app.answers("GET functions", Answer(body={"value": []}))
    assert isinstance(failure(app), RevisionWithoutFunctions)


def test_an_app_without_ingress_cannot_be_smoke_tested() -> None:
    app = ScriptedContainerApp()
    app.configuration["ingress"] = None
    found = verified(app, updated(app), SmokeTest(path="/api/x", statuses=("2xx",)))
    assert [name for name, _ in found.unavailable] == ["smoke test"]


@pytest.mark.parametrize(("status", "verdict"), [(200, Verdict.VERIFIED), (500, Verdict.FAILED)])
def test_the_smoke_test_calls_the_new_revision_by_its_own_name(status: int, verdict: Verdict) -> None:
    app = ScriptedContainerApp()
    app.answers("GET x", Answer(status, "Hello"))
    update, test = updated(app), SmokeTest(path="/x", statuses=("2xx",))
    try:
        assert verified(app, update, test).verdict is verdict
    except SmokeTestFailed:
        assert verdict is Verdict.FAILED
    called = [url for url in app.urls if url.endswith("/x")]
    assert called
    assert all(url.startswith(f"https://{update.revision}.") for url in called)


def test_a_stopped_app_is_pointed_at_the_image_and_not_verified() -> None:
    app = ScriptedContainerApp()
    app.resource["properties"] = {"runningStatus": "Stopped"}
    found = verified(app, updated(app))
    assert ([name for name, _ in found.passed], found.verdict) == (["configuration"], Verdict.UNVERIFIED)


def test_an_image_that_someone_else_sets_meanwhile_is_their_business() -> None:
    app = ScriptedContainerApp()
    update = updated(app)
    app.somebody_uses(THEIRS)
    with pytest.raises(ContainerImageNotSet) as caught:
        verified(app, update)
    assert not caught.value.rolls_back


def test_a_revision_that_is_never_ready_fails_at_the_deadline_with_its_state() -> None:
    app = ScriptedContainerApp()
    app.new_image("stays away")
    found = failure(app)
    assert isinstance(found, RevisionNotReady)
    assert "Provisioning" in found.seen


@pytest.mark.parametrize("words", [MISSING, UNAUTHORIZED])
@pytest.mark.parametrize("shape", ["operation", "refusal"])
def test_an_update_that_azure_gives_up_later_is_a_failed_start(words: str, shape: str) -> None:
    app = ScriptedContainerApp()
    error = {"code": "ContainerAppOperationError", "message": f"Failed to provision revision. {words}"}
    app.operation = (
        Answer(200, {"status": "Failed", "error": error}) if shape == "operation" else Answer(400, {"error": error})
    )
    app.new_image("stays away")
    assert isinstance(failure(app), PullNotFound if words == MISSING else RevisionPullUnauthorized)


@pytest.mark.parametrize(
    "answer", [Answer(404), Answer(500), Answer(200, "<html>"), Answer(200, {"status": "Succeeded"})]
)
def test_an_operation_whose_end_nobody_tells_decides_nothing(answer: Answer) -> None:
    app = ScriptedContainerApp()
    app.operation = answer
    assert verified(app, updated(app)).verdict is Verdict.VERIFIED
