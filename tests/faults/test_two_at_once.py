"""Two runs that deploy to one app at the same time: one is stopped at some moment, and the other one overtakes it.

Azure locks nothing, so neither is refused. Whichever image the app has in the end, it has the settings of the run that
deployed it, and the other run says that somebody else has changed the app, and leaves it alone.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.paper_azure import PaperAzure
from tests.faults.runs import start
from tests.faults.scenes import NEW, OLD, REPOSITORY, Scene
from tests.faults.stage import arrange
from tests.faults.truth import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.runs import Run, Running
    from tests.faults.truth import Truth

THEIRS = "3"
PATIENT = {"http_read": 60.0, "http_total": 60.0}
"""A run that is stopped for a moment must not take that for a fault of the network."""
SLOW = {"command": "buildPushDeploy", "verifyTimeoutMinutes": "1"}
FIRST = Scene(name="first", inputs={**SLOW, "appSettings": "COLOR=green\nOF_THE_FIRST=1"})
SECOND = Scene(
    name="second",
    inputs={**SLOW, "tags": THEIRS, "appSettings": "COLOR=red\nOF_THE_SECOND=2"},
    dockerfile="FROM scratch\n# of the second\n",
)
READ, SETTINGS, IMAGE = "POST .*config/appsettings/list", "PUT .*config/appsettings", "PATCH .*config/web"
MOMENTS = {
    "before its settings": (READ, 2),
    "after its settings": (SETTINGS, 1),
    "before its image": (READ, 3),
    "after its image": (IMAGE, 1),
    "while it verifies": ("POST .*containerlogs", 1),
}
"""Each is the answer to a call, made the how many-th time."""
AT_THE_IMAGE = ("after its image", "while it verifies")
OVERTAKEN = {"image-not-set", "old-image-started", "settings-overwritten"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of both."""

    first: Run
    second: Run
    after: Truth

    @property
    def tag(self) -> str:
        """The tag that the app is configured with."""
        return self.after.image.rpartition(":")[2]

    @property
    def overtaken(self) -> Run:
        """The run whose image the app does not have."""
        return self.second if self.tag == NEW else self.first

    @property
    def last(self) -> Run:
        """The run whose image the app has."""
        return self.first if self.tag == NEW else self.second


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def both(azure: PaperAzure, folder: Path, moment: str, until: str, *, crashes: bool = False) -> Outcome:
    """Stop the first run at a moment, let the second one go on until another, and the first one after it.

    A second run that has not ended is stopped too, until both have set their image: otherwise it could be done before
    the first one overtakes it.
    """
    stage = arrange(replace(FIRST, crashes=crashes), azure)
    azure.store(stage.host).forget_tag(REPOSITORY, THEIRS)
    theirs = replace(stage, scene=SECOND, inputs={**stage.inputs, **SECOND.inputs})
    azure.crash_where(lambda digest: crashes and digest == azure.store(stage.host).tags(REPOSITORY).get(NEW))
    first = stopped_at(azure, moment, lambda: start(stage, folder / "first", **PATIENT))
    if until == "it ends":
        second = start(theirs, folder / "second", **PATIENT).finish()
        go_on(first)
        return Outcome(first=first.finish(), second=second, after=look(stage))
    both_set = threading.Event()
    at(azure, IMAGE, 1 if moment in AT_THE_IMAGE else 2, both_set.set)
    other = stopped_at(azure, until, lambda: start(theirs, folder / "second", **PATIENT))
    go_on(first)
    assert both_set.wait(60)
    go_on(other)
    return Outcome(first=first.finish(), second=other.finish(), after=look(stage))


def stopped_at(azure: PaperAzure, moment: str, begin: Callable[[], Running]) -> Running:
    """Start a run, and stop it at a moment."""
    running: list[Running] = []
    stopped = threading.Event()

    def stop() -> None:
        os.kill(running[0].process.pid or 0, signal.SIGSTOP)
        stopped.set()

    at(azure, *MOMENTS[moment], stop)
    running.append(begin())
    assert stopped.wait(60)
    return running[0]


def go_on(running: Running) -> None:
    os.kill(running.process.pid or 0, signal.SIGCONT)


def at(azure: PaperAzure, pattern: str, times: int, act: Callable[[], object]) -> None:
    """Have something done at the answer to a call, made the how many-th time from now on."""
    left = [times]

    def count() -> None:
        left[0] -= 1
        if not left[0]:
            act()

    azure.faults.meanwhile(pattern, count, after=True, times=times)


def is_whole(outcome: Outcome) -> None:
    """Confirm that the app has one image with the settings of its run, and nothing of anybody is lost."""
    settings = outcome.after.settings
    assert outcome.tag in {NEW, THEIRS}
    mine = {"COLOR": "green", "OF_THE_FIRST": "1"} if outcome.tag == NEW else {"COLOR": "red", "OF_THE_SECOND": "2"}
    if outcome.last.code == "settings-overwritten":
        assert "COLOR written, but overwritten by someone else" in outcome.last.state
    else:
        assert mine.items() <= settings.items()
    assert settings["OLD_SECRET"] == "canary-of-the-old-setting"
    assert {OLD, NEW, THEIRS} <= outcome.after.tags.keys()
    for run in (outcome.first, outcome.second):
        assert not run.hung
        assert "our-bug" not in run.raw
        assert "rolled back to" not in run.state


@pytest.mark.parametrize("until", ["after its image", "it ends"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_app_ends_whole_and_who_was_overtaken_says_so(
    azure: PaperAzure, tmp_path: Path, moment: str, until: str
) -> None:
    outcome = both(azure, tmp_path, moment, until)
    is_whole(outcome)
    assert outcome.tag == (THEIRS if moment in AT_THE_IMAGE else NEW)
    was_through = outcome.overtaken is outcome.second and until == "it ends"
    if was_through:
        assert (outcome.second.result, outcome.second.code) == ("Succeeded", "")
        return
    assert outcome.overtaken.result == "Failed", outcome.overtaken.log
    assert outcome.overtaken.code in OVERTAKEN
    assert "someone else" in outcome.overtaken.state
    assert outcome.after.image in outcome.overtaken.state


@pytest.mark.parametrize("moment", AT_THE_IMAGE)
def test_a_run_whose_image_does_not_start_does_not_roll_back_what_another_one_has_deployed_meanwhile(
    azure: PaperAzure, tmp_path: Path, moment: str
) -> None:
    outcome = both(azure, tmp_path, moment, "it ends", crashes=True)
    is_whole(outcome)
    assert (outcome.tag, outcome.second.result) == (THEIRS, "Succeeded")
    assert outcome.first.result == "Failed"
    assert outcome.after.image in outcome.first.state
