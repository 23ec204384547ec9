"""Whether reading hostile text takes longer than its length accounts for."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FACTOR = 10
_MARGIN = 4
"""A quadratic reader would take a hundred times as long; time of the processor, but caches are others' as well."""
_TOO_SHORT_TO_JUDGE = 0.05


def grows_linearly(read: Callable[[int], object], *, small: int = 2_000) -> bool:
    """Return whether reading ten times as much takes about ten times as long; `read` is handed the size.

    A busy machine makes one measurement long, but a quadratic reader makes all of them long.
    """
    return any(_once(read, small) for _ in range(3))


def _once(read: Callable[[int], object], small: int) -> bool:
    once = min(seconds(read, small) for _ in range(3))
    large = min(seconds(read, small * _FACTOR) for _ in range(3))
    return large < _TOO_SHORT_TO_JUDGE or large < once * _FACTOR * _MARGIN


def seconds(read: Callable[[int], object], size: int) -> float:
    gc.disable()  # it walks over all that there is, now and then: not what is measured
    try:
        began = time.thread_time()
        read(size)
        return time.thread_time() - began
    finally:
        gc.enable()
