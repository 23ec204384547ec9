"""Work in a second thread, so that a run that cannot succeed stops early."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from pytask.clock import WAKES
from pytask.errors import TaskFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Background(Generic[T]):
    """Work in a daemon thread, and what it returned or raised."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._future: Future[T] = Future()
        threading.Thread(target=self._do, args=(work,), daemon=True, name="background").start()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asks for the result
            self._future.set_exception(error)

    def when_failed(self, stop: Callable[[], None]) -> None:
        """Call `stop` as soon as the work fails, or at once if it already has."""
        self._future.add_done_callback(lambda future: stop() if future.exception() else None)

    def result(self) -> T:
        """Wait for the work, and return what it returned or raise what it raised."""
        while not wait([self._future], timeout=WAKES).done:
            pass
        return self._future.result()

    def failure(self) -> BaseException | None:
        """Return what the work raised, if it has ended that way; None otherwise."""
        return self._future.exception() if self._future.done() else None


class Promised(Generic[T]):
    """A value that one thread provides while others wait for it."""

    def __init__(self) -> None:
        self._future: Future[T | None] = Future()

    def __enter__(self) -> Promised[T]:
        """Begin the work that may provide the value."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the work: a value not given yet never will be."""
        if not self._future.done():
            self._future.set_result(None)

    def give(self, thing: T) -> None:
        """Provide the value; call this once."""
        self._future.set_result(thing)

    def wait(self) -> T | None:
        """Wait for the value and return it; None when it was never given."""
        return self._future.result()


@contextmanager
def in_background(work: Callable[[], T]) -> Iterator[Background[T]]:
    """Run `work` beside the block; when both fail, raise the work's failure, because it stopped the block."""
    background = Background(work)
    try:
        yield background
    except TaskFailure:
        if cause := background.failure():
            raise cause from None
        raise
