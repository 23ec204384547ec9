"""An event loop in a thread of its own, for blocking callers."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Result = TypeVar("Result")


class LoopThread:
    """Runs coroutines for whoever calls, one loop for all of them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="local-azure", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[None, None, Result], *, timeout: float | None = None) -> Result:
        """Return what the coroutine gives; raises what it raises, and TimeoutError after `timeout` seconds."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except BaseException:  # also Ctrl-C: what nobody waits for any more ends
            future.cancel()
            raise

    def call(self, function: Callable[[], Result]) -> Result:
        """Return what a function gives that must not run beside a request."""

        async def called() -> Result:
            return function()

        return self.run(called())

    def stop(self) -> None:
        """End the loop and its thread."""
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
