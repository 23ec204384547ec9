"""The build cache is kept beside the deployment, and neither its failure nor its time ends a run."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytask.agent.console import Console
from pytask.clock import Clock, Timeouts
from pytask.errors import Cancelled, TaskFailure
from pytask.errors.app import AppNotFound
from pytask.errors.cache import CacheNotWritten
from pytask.job import Job
from pytask.journal import Action, Journal
from pytask.model import Network, RegistryHost
from pytask.stages import keep_cache, keeping_cache

if TYPE_CHECKING:
    from pytask.registry.session import RegistrySession

HOST = RegistryHost("contoso.azurecr.io")


class Registries:
    """Registries that open any host."""

    def open(self, host: RegistryHost) -> RegistrySession:
        """Open one."""
        return cast("RegistrySession", host)


@dataclass
class Work:
    """A `CacheWork` that ends when it may, or is stopped."""

    fails: TaskFailure | None = None
    may_end: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    host: RegistryHost = HOST

    def run(self, registry: RegistrySession) -> str:
        """Wait until it may end."""
        assert str(registry) == str(HOST)
        while not self.may_end.wait(0.01):
            if self.stopped.is_set():
                raise CacheNotWritten(reference="cache:main", detail="the run ended first")
        if self.fails:
            raise self.fails
        return "Written"

    def stop(self) -> None:
        """End it."""
        self.stopped.set()


@dataclass
class Image:
    """An image that was built, with what is left to do for its cache."""

    cache_work: Work | None


class Scene:
    """A job, and its log."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self.log, clock = io.StringIO(), Clock()
        self.job = Job(
            environment={},
            network=Network(),
            console=Console(self.log, clock),
            clock=clock,
            timeouts=timeouts or Timeouts(),
            journal=Journal(lambda _event: None),
        )

    def keeping(self, work: Work | None) -> Any:  # noqa: ANN401 - a context
        """Return the block beside which the cache is kept."""
        return keeping_cache(self.job, cast("Any", Image(work)), cast("Any", Registries()))

    def keep(self, work: Work | None) -> None:
        """Keep the cache, with nothing beside it."""
        keep_cache(self.job, cast("Any", Image(work)), cast("Any", Registries()))

    @property
    def text(self) -> str:
        """What was logged."""
        return self.log.getvalue()


def test_the_block_does_not_wait_for_the_cache_and_the_run_does() -> None:
    scene, work = Scene(), Work()
    with scene.keeping(work):
        scene.job.console.line("deployed")
        work.may_end.set()
    assert scene.text.index("deployed") < scene.text.index("##[group]Build cache") < scene.text.index("Written")
    assert scene.job.journal.tried(Action.CACHE)


def test_without_a_cache_nothing_is_told() -> None:
    scene = Scene()
    scene.keep(None)
    assert not scene.text


@pytest.mark.parametrize(
    "failure", [CacheNotWritten(reference="cache:main", detail="denied: no"), AppNotFound(app="x", where="y")]
)
def test_a_cache_that_is_not_written_is_a_warning(failure: TaskFailure) -> None:
    scene, work = Scene(), Work(fails=failure)
    work.may_end.set()
    scene.keep(work)
    assert "##vso[task.logissue type=warning]" in scene.text
    assert failure.code in scene.text


def test_a_cache_that_takes_too_long_is_given_up() -> None:
    scene, work = Scene(Timeouts(cache=0.05)), Work()
    scene.keep(work)
    assert work.stopped.is_set()
    assert "the build cache was not written within" in scene.text


def test_a_deployment_that_fails_keeps_its_cache_and_its_failure() -> None:
    scene, work = Scene(), Work()
    work.may_end.set()
    with pytest.raises(AppNotFound), scene.keeping(work):
        raise AppNotFound(app="shop", where="the test")
    assert "Written" in scene.text


def test_a_run_that_is_canceled_stops_the_work_and_tells_nothing_of_it() -> None:
    scene, work = Scene(), Work()
    scene.job.clock.cancelled.set()
    with pytest.raises(Cancelled), scene.keeping(work):
        raise Cancelled
    assert work.stopped.is_set()
    assert not scene.text


def test_a_defect_stops_the_work_once_it_has_been_waited_for() -> None:
    scene, work = Scene(Timeouts(cache=0.05)), Work()
    with pytest.raises(ZeroDivisionError), scene.keeping(work):
        raise ZeroDivisionError
    assert work.stopped.is_set()
