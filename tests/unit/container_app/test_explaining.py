"""How the system log explains a revision that failed."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ServiceRequestError

from pytask.errors.container_app import RevisionFailed, RevisionProbeFails, RevisionPullUnauthorized
from pytask.errors.start import ContainerExits, PullFailed, PullFirewall, PullNotFound, StartFailure, WrongArchitecture
from tests.contract.targets.container_app import FORBIDDEN, ScriptedContainerApp, a_replica
from tests.contract.targets.scene import VERIFY
from tests.scripted import SENT_AT, Answer
from tests.unit.container_app.runs import an_event, failure, updated, verified


@pytest.mark.parametrize(
    ("reason", "message", "meaning"),
    [
        ("ProbeFailed", "Probe of StartUp failed with status code: 503", RevisionProbeFails),
        ("ContainerTerminated", "Container 'shop' was terminated with exit code '1'", ContainerExits),
        ("Error", 'Failed to pull image "i": failed to fetch oauth token: 401 Unauthorized', RevisionPullUnauthorized),
        ("Error", "code = NotFound desc = i: not found; failed to authorize: 401 Unauthorized", PullNotFound),
        ("Error", "DENIED: client with IP '1.2.3.4' is not allowed access", PullFirewall),
        ("Error", "Container 'shop' was terminated with exit code '' and reason 'ImagePullFailure'", PullFailed),
        ("Error", "exec /start.sh: exec format error", WrongArchitecture),
        ("Wibble", "something else", RevisionFailed),
    ],
)
def test_a_failed_revision_is_explained_by_the_system_log(
    reason: str, message: str, meaning: type[StartFailure]
) -> None:
    app = ScriptedContainerApp()
    app.new_image("crashes")
    update = updated(app)
    others = an_event("ProbeFailed", "of another revision", "shop--0000001")
    app.events = [
        others,
        an_event("Good", "fine", update.revision, "Normal"),
        an_event(reason, message, update.revision),
    ]
    with pytest.raises(meaning) as caught:
        verified(app, update)
    told = caught.value.tell(caught.value.happened)
    assert message.rpartition(": ")[2].rpartition(" ")[2] in told
    assert "another revision" not in told
    assert caught.value.rolls_back


@pytest.mark.parametrize("answer", [FORBIDDEN, Answer(500), Answer(body="no JSON"), Answer(body={"properties": {}})])
def test_a_system_log_that_cannot_be_read_leaves_the_failure_as_it_is(answer: Answer) -> None:
    app = ScriptedContainerApp()
    app.token = answer
    app.new_image("crashes")
    assert isinstance(failure(app), RevisionFailed)


def test_a_container_that_is_restarted_over_and_over_fails_before_the_deadline() -> None:
    app = ScriptedContainerApp()
    app.new_image("stays away")
    app.replicas = [a_replica(ready=False, restarts=4, state="Waiting", details="CrashLoopBackOff")]
    assert isinstance(failure(app), ContainerExits)
    assert app.clock.monotonic() - SENT_AT < VERIFY.seconds / 2


def test_a_network_that_hides_the_system_log_is_tried_only_once() -> None:
    app = ScriptedContainerApp()
    app.new_image("crashes")
    app.answers("GET eventstream", lambda _: ServiceRequestError("no route to host"))
    assert isinstance(failure(app), RevisionFailed)
    assert len([url for url in app.urls if url.endswith("/eventstream")]) == 1
