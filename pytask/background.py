"""Finding something out beside other work, so that what cannot succeed is stopped early."""

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
    """Work in a second thread; it returns or raises. The thread never outlives the program."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._future: Future[T] = Future()
        threading.Thread(target=self._do, args=(work,), daemon=True, name="background").start()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asks for the result
            self._future.set_exception(error)

    def when_failed(self, stop: Callable[[], None]) -> None:
        """Call `stop` as soon as the work fails, at once when it has."""
        self._future.add_done_callback(lambda future: stop() if future.exception() else None)

    def result(self) -> T:
        """Return what the work found, waiting for it; raise what it raised."""
        while not wait([self._future], timeout=WAKES).done:
            pass
        return self._future.result()

    def failure(self) -> BaseException | None:
        """Return what the work raised, if it has by now."""
        return self._future.exception() if self._future.done() else None


class Promised(Generic[T]):
    """What one thread gives as soon as it has it, while others wait for it."""

    def __init__(self) -> None:
        self._future: Future[T | None] = Future()

    def __enter__(self) -> Promised[T]:
        """Begin the work that may give it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the work: what was not given by now never will be."""
        if not self._future.done():
            self._future.set_result(None)

    def give(self, thing: T) -> None:
        """Return it, once."""
        self._future.set_result(thing)

    def wait(self) -> T | None:
        """Return it, waiting for it; None when it was never given."""
        return self._future.result()


@contextmanager
def in_background(work: Callable[[], T]) -> Iterator[Background[T]]:
    """Do the block and `work` side by side; when both fail, the work's failure is the cause: it stopped the block."""
    background = Background(work)
    try:
        yield background
    except TaskFailure:
        if cause := background.failure():
            raise cause from None
        raise
