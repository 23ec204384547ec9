"""Work in a second thread, so that a run that cannot succeed stops early."""

from __future__ import annotations

import math
import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pytask.clock import WAKES
from pytask.errors import Cancelled, TaskFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")


class Background(Generic[T]):
    """Work in a daemon thread, and what it returned or raised."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._future: Future[T] = Future()
        # With the context of its creator, so that what it logs has the same prefix.
        inherited = copy_context()
        threading.Thread(target=inherited.run, args=(self._do, work), daemon=True, name="background").start()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asks for the result
            self._future.set_exception(error)

    def when_failed(self, stop: Callable[[], None]) -> None:
        """Call `stop` as soon as the work fails, or at once if it already has."""
        self._future.add_done_callback(lambda future: stop() if future.exception() else None)

    def result(self, *, within: float = math.inf) -> T:
        """Wait for the work, and return what it returned or raise what it raised.

        Raises:
            TimeoutError: when it takes longer than `within` seconds from now.
        """
        left = within
        while not wait([self._future], timeout=min(WAKES, left)).done:
            left -= WAKES
            if left <= 0:
                raise TimeoutError
        return self._future.result()

    def failure(self) -> BaseException | None:
        """Return what the work raised, if it has ended that way; None otherwise."""
        return self._future.exception() if self._future.done() else None

    @staticmethod
    def ended(running: Sequence[Background[T]]) -> list[Background[T]]:
        """Wait until at least one of several has ended, and return all that have."""
        futures = [one._future for one in running]  # noqa: SLF001 - its own class
        while not wait(futures, timeout=WAKES, return_when=FIRST_COMPLETED).done:
            pass
        return [one for one in running if one._future.done()]  # noqa: SLF001 - its own class


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece(Generic[T]):
    """A piece of work that may share something with others."""

    work: Callable[[], T]
    shares: str = ""
    """What it shares; empty for nothing."""
    most: int = 1
    """How many of those that share it may be at work at once."""


def side_by_side(pieces: Sequence[Piece[T]], *, most: int) -> list[Background[T]]:
    """Do all pieces, `most` at once, and return each one's end in their order. A failure of one stops no other.

    Raises:
        Cancelled: when one of them was cancelled, once those at work have ended; then no other is begun.
    """
    started: dict[int, Background[T]] = {}
    running: dict[int, Background[T]] = {}
    while len(started) < len(pieces) or running:
        for number in _startable(pieces, started, running, most):
            started[number] = running[number] = Background(pieces[number].work)
        ended = Background.ended(list(running.values()))
        running = {number: one for number, one in running.items() if one not in ended}
        if any(isinstance(one.failure(), Cancelled) for one in ended):
            _wait_for_all(list(running.values()))
            raise Cancelled
    return [started[number] for number in range(len(pieces))]


def _startable(
    pieces: Sequence[Piece[T]], started: dict[int, Background[T]], running: dict[int, Background[T]], most: int
) -> list[int]:
    """Return which pieces to begin now, the earliest first."""
    shared = Counter(pieces[number].shares for number in running)
    found: list[int] = []
    for number, piece in enumerate(pieces):
        is_free = not piece.shares or shared[piece.shares] < piece.most
        if number not in started and is_free and len(running) + len(found) < most:
            shared[piece.shares] += 1
            found.append(number)
    return found


def _wait_for_all(running: list[Background[T]]) -> None:
    while running:
        ended = Background.ended(running)
        running = [one for one in running if one not in ended]


class Promised(Generic[T]):
    """A value that one thread provides while others wait for it."""

    def __init__(self) -> None:
        self._future: Future[T | None] = Future()

    def __enter__(self) -> Promised[T]:
        """Begin the work that may provide the value."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the work: a value not given yet never will be."""
        self.close()

    def close(self) -> None:
        """Have those that wait go on without the value, if it was not given yet."""
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
