"""The entry point."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

from pytask.builders.docker.asking import ask_ahead

if TYPE_CHECKING:
    from types import FrameType, ModuleType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""`edge` handles them once it has loaded."""
_INCOMPLETE, _INTERRUPTED = 87, 130
"""Exit codes: task/index.js tries the next Python after the first one; shells use the second."""


def main() -> int:
    """Ask Docker for its version, load the rest of the program meanwhile, and run the task; return its exit code.

    Raises:
        SystemExit: when the program cannot be loaded, or is ended before it is.
    """
    gc.disable()  # until `stages.load` enables it: nothing loaded here is garbage, and scanning for it costs 10 ms
    early: list[int] = []
    for number in _SIGNALS:
        signal.signal(number, lambda number, frame: _come_early(early, number, frame))
    asking = ask_ahead(os.environ)
    try:
        edge = _loaded()
        _let_signals_interrupt(early)
        return int(edge.main(asking=asking))
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    finally:
        if asking:
            asking.give_up()


def _come_early(early: list[int], number: int, frame: FrameType | None) -> None:
    """Note a first signal for after the loading, and let a second one interrupt that.

    An exception in the middle of an import may be lost: Python's import system has callbacks that ignore exceptions.
    """
    if early:
        signal.default_int_handler(number, frame)
    early.append(number)


def _let_signals_interrupt(early: list[int]) -> None:
    """Let signals interrupt from now on, and act on one that came before."""
    for number in _SIGNALS:
        signal.signal(number, signal.default_int_handler)
    if early:
        raise KeyboardInterrupt


def _loaded() -> ModuleType:
    try:
        from pytask import edge  # noqa: PLC0415 - loads while Docker starts to answer
    except ImportError as error:
        sys.stderr.write(f"{sys.executable}: {error}\n")
        raise SystemExit(_INCOMPLETE) from error
    return edge


if __name__ == "__main__":
    sys.exit(main())
