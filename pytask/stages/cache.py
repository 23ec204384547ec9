"""The stage that keeps the build cache for later runs, beside what comes after the push."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pytask.background import Background
from pytask.errors import TaskFailure
from pytask.errors.cache import CacheNotWritten
from pytask.journal import Action
from pytask.model import BuiltImage, PushedImage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.builders.builder import CacheWork, LocalImage
    from pytask.job import Job
    from pytask.registry.registries import Registries


@contextmanager
def keeping_cache(job: Job, image: LocalImage | PushedImage | BuiltImage, registries: Registries) -> Iterator[None]:
    """Keep the build cache while the block runs, and wait for it afterwards.

    A cache that cannot be kept is a warning: the image is built, and the next build only takes longer. A block that
    fails is no reason to lose the cache; one that is cancelled ends the work on it.
    """
    work = None if isinstance(image, PushedImage | BuiltImage) else image.cache_work
    if work is None:
        yield
        return
    keeping = Background(lambda: _kept(job, work, registries))
    try:
        try:
            yield
        finally:
            # A cancellation is no TaskFailure and goes on to the outer clause, from here as well.
            if not job.clock.cancelled.is_set():
                _tell(job, work, keeping)
    except BaseException as error:
        if not isinstance(error, TaskFailure):
            work.stop()
            with suppress(TaskFailure, TimeoutError):
                keeping.result(within=job.timeouts.child_exit)
        raise


def keep_cache(job: Job, image: LocalImage | PushedImage | BuiltImage, registries: Registries) -> None:
    """Keep the build cache, where there is nothing else to do."""
    with keeping_cache(job, image, registries):
        pass


def _kept(job: Job, work: CacheWork, registries: Registries) -> str:
    with job.journal.attempt(Action.CACHE):
        return work.run(registries.open(work.host))


def _tell(job: Job, work: CacheWork, keeping: Background[str]) -> None:
    with job.stage("Build cache"):
        try:
            job.console.line(keeping.result(within=job.timeouts.cache))
        except TimeoutError:
            work.stop()
            seconds = job.timeouts.cache
            job.console.warning(f"the build cache was not written within {seconds:.0f} s; the next build takes longer")
        except CacheNotWritten as failure:
            job.console.warning(f"{failure}: {failure.tell(failure.happened)}. To fix it, {failure.tell(failure.fix)}")
        except TaskFailure as failure:
            job.console.warning(f"the build cache was not written, so the next build takes longer: {failure}")
