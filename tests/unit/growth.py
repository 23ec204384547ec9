"""Whether reading hostile text takes longer than its length accounts for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SMALL, _FACTOR = 2_000, 10
_MARGIN = 4
"""A quadratic reader would take a hundred times as long; time of the processor, but caches are others' as well."""
_TOO_SHORT_TO_JUDGE = 0.05


def grows_linearly(read: Callable[[int], object]) -> bool:
    """Return whether reading ten times as much takes about ten times as long; `read` is handed the size."""
    small = min(_seconds(read, _SMALL) for _ in range(3))
    large = min(_seconds(read, _SMALL * _FACTOR) for _ in range(3))
    return large < _TOO_SHORT_TO_JUDGE or large < small * _FACTOR * _MARGIN


def _seconds(read: Callable[[int], object], size: int) -> float:
    began = time.thread_time()
    read(size)
    return time.thread_time() - began
