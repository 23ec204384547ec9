"""The journal: what was attempted and what came of it."""

from __future__ import annotations

import threading

import pytest

from pytask.errors import Cancelled, TaskFailure, once_sent
from pytask.errors.app import AppNotFound
from pytask.errors.network import Unreachable
from pytask.journal import AccessGiven, Action, Event, ImageGone, Journal, StageBegan, StageEnded
from pytask.model import App, ByHand


@pytest.fixture
def journal() -> Journal:
    return Journal(lambda _: None)


def an_app(name: str) -> App:
    by_hand = ByHand(use_image="use", restart="restart")
    return App(
        resource_id=f"/Apps/{name}",
        name=name,
        slot="",
        resource_group="g",
        url="",
        image="",
        stopped=False,
        by_hand=by_hand,
    )


def attempt(journal: Journal, error: BaseException | None = None) -> None:
    with journal.attempt(Action.PULL_ACCESS, "the identity was switched on"):
        if error:
            raise error


def test_every_event_is_told_as_it_happens_and_kept_in_order() -> None:
    told: list[Event] = []
    journal = Journal(told.append)
    events = (StageBegan("Build image"), StageEnded(title="Build image", seconds=1.0), StageBegan("Push image"))
    for event in events:
        journal.add(event)
    assert told == list(events)
    assert journal.all(StageBegan) == (events[0], events[2])
    assert (journal.last(StageBegan), journal.last(ImageGone)) == (events[2], None)


def test_what_is_confirmed_is_no_longer_open(journal: Journal) -> None:
    attempt(journal)
    assert journal.tried(Action.PULL_ACCESS)
    assert not journal.tried(Action.UPDATE)
    assert journal.left_open(Action.PULL_ACCESS) == ()


def test_what_is_refused_is_no_longer_open(journal: Journal) -> None:
    with pytest.raises(TaskFailure):
        attempt(journal, AppNotFound(app="shop", where="here"))
    assert journal.tried(Action.PULL_ACCESS)
    assert journal.left_open(Action.PULL_ACCESS) == ()


@pytest.mark.parametrize(
    "error", [Unreachable(host="x", detail="reset", via="directly"), Cancelled(), RuntimeError("a defect")]
)
def test_what_ends_without_an_answer_stays_open(journal: Journal, error: BaseException) -> None:
    with pytest.raises(type(error)):
        attempt(journal, error)
    assert journal.left_open(Action.PULL_ACCESS) == ("the identity was switched on",)


def test_a_refusal_of_what_follows_a_change_leaves_the_change_open(journal: Journal) -> None:
    with pytest.raises(AppNotFound), journal.attempt(Action.SETTINGS, "A"), once_sent():
        raise AppNotFound(app="shop", where="here")
    assert journal.left_open(Action.SETTINGS) == ("A",)


def test_what_an_attempt_leaves_open_is_not_open_in_the_one_around_it(journal: Journal) -> None:
    with pytest.raises(Unreachable), journal.attempt(Action.UPDATE), journal.attempt(Action.SETTINGS, "A"):
        raise Unreachable(host="x", detail="reset", via="directly")
    assert journal.left_open(Action.SETTINGS) == ("A",)
    assert journal.left_open(Action.UPDATE) == ()


def test_the_same_thing_attempted_again_is_open_until_it_is_settled_itself(journal: Journal) -> None:
    with pytest.raises(Cancelled):
        attempt(journal, Cancelled())
    attempt(journal)
    assert len(journal.left_open(Action.PULL_ACCESS)) == 1


def test_each_app_has_its_own_events_and_those_of_all(journal: Journal) -> None:
    journal.add(StageBegan("Build image"))
    for app in ("shop", "cart"):
        journal.of(an_app(app)).add(AccessGiven(done=f"{app} may pull"))
    assert journal.of(an_app("shop")).all(AccessGiven) == (AccessGiven(done="shop may pull"),)
    assert journal.of(an_app("cart")).last(StageBegan) == StageBegan("Build image")
    assert len(journal.all(AccessGiven)) == 2


def test_threads_lose_nothing(journal: Journal) -> None:
    def write(app: str) -> None:
        for number in range(200):
            journal.of(an_app(app)).add(StageBegan(str(number)))

    threads = [threading.Thread(target=write, args=(app,)) for app in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.all(StageBegan)) == 800
    assert [event.title for event in journal.of(an_app("a")).all(StageBegan)] == [str(number) for number in range(200)]
