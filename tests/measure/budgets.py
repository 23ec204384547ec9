"""What a deployment by the packed task may cost, and what it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.measure.setting import ARM, arm_calls, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.local_azure.front.front import Call

BUDGETS = {0: 0.4, 150: 0.8}
"""Seconds above the floor, warm and without verification, by the milliseconds that each ARM call takes longer."""
LAG = 2.0
"""Seconds from the platform's "ready" to the verdict."""
_READS = ("/list", "/listkeys", "/listsecrets")
"""Ends of paths that are posted to and change nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What was measured; None where a setting was left out."""

    overhead_150: float | None
    """Seconds above the floor, warm, without verification, each ARM call taking 150 ms."""
    overhead_0: float | None
    build_at_warm: float | None
    """Seconds from the start of Node to a running `docker build`."""
    build_at_first: float | None
    with_group: Sequence[Call]
    """The calls of a deployment without verification, with the app's resource group given."""
    without_group: Sequence[Call]
    with_settings: Sequence[Call]
    """With the group, and a setting to be changed."""
    cpu_seconds: float | None
    """As the overhead at 150 ms."""
    megabytes: float
    """The most that Python had in any turn, with verification and without."""
    lag: float | None
    """Seconds from the platform's "ready" to the verdict, the most in any turn."""
    vsix_megabytes: float
    unpacking: float


def tell_budgets(figures: Figures) -> None:
    """Print the table: what it is, the budget, what was seen."""
    say(f"\n{'the package, verification off':<66} {'budget':>8} {'seen':>8}")
    for what, budget, seen, unit in _rows(figures):
        if seen is not None:
            met = "" if seen <= budget else "  over"
            say(f"{what:<66} {_figure(budget, unit):>8} {_figure(seen, unit):>8}{met}")


def _rows(seen: Figures) -> Iterator[tuple[str, float, float | None, str]]:
    yield "whole run above docker build and push, warm, ARM 150 ms", BUDGETS[150], seen.overhead_150, "s"
    yield "the same, ARM 0 ms", BUDGETS[0], seen.overhead_0, "s"
    yield "task start to docker build, warm", 0.3, seen.build_at_warm, "s"
    yield "task start to docker build, none of the task in memory", 0.6, seen.build_at_first, "s"
    yield "ARM calls, resource group given", 6, arm_calls(seen.with_group), ""
    yield "ARM calls, resource group not given", 8, arm_calls(seen.without_group), ""
    # Settings are read right before they are written, and read back, so that nobody else's change is lost.
    yield "ARM calls, group given, settings changed", 7, arm_calls(seen.with_settings), ""
    yield "of these writes", 1, _writes(seen.with_group), ""
    yield "of these writes, settings changed", 2, _writes(seen.with_settings), ""
    yield "CPU of Node, Python and docker, warm", 0.8, seen.cpu_seconds, "s"
    yield "memory of Python, the most in any turn", 80, seen.megabytes, "MB"
    yield 'from the platform\'s "ready" to the verdict, the most in any turn', 2.0, seen.lag, "s"
    yield "VSIX", 15, seen.vsix_megabytes, "MB"
    yield "unpacking", 0.3, seen.unpacking, "s"


def _writes(calls: Iterable[Call]) -> int:
    """Return how many of the calls change something with Resource Manager."""
    return sum(call.host == ARM and call.method != "GET" and not call.path.endswith(_READS) for call in calls)


def _figure(number: float, unit: str) -> str:
    decimals = {"s": 2, "MB": 1}.get(unit, 0)
    return f"{number:.{decimals}f} {unit}".strip()
