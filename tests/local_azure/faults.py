"""Faults on demand: what the network and Azure do on a bad day, scripted call by call."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Damage = Literal["truncated", "bad gzip", "drip"]
"""What happens to an answer's body on its way: it ends early, is no gzip though it says so, or comes byte by byte."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What happens to one call instead of, or before, its real answer."""

    status: int | None
    """The status answered; None lets the call through after the delay."""
    headers: Mapping[str, str]
    body: str | None
    """The body answered; None is a body in the usual shape of an Azure error."""
    drop: bool
    """Whether the connection is cut without an answer."""
    delay: float
    """Seconds before anything is answered."""
    after: bool = False
    """Whether the call is carried out first."""
    damage: Damage | None = None
    """What happens to the answer: the one of `status` and `body`, else the real one."""


@dataclass(kw_only=True, slots=True)
class _Scripted:
    pattern: re.Pattern[str]
    fault: Fault
    skip: int
    left: int | None


@dataclass(kw_only=True, slots=True)
class _Meanwhile:
    pattern: re.Pattern[str]
    act: Callable[[], object]
    after: bool
    left: int | None


@dataclass(slots=True)
class Faults:
    """The scripted faults, in the order they were scripted. Safe to use from any thread."""

    _scripted: list[_Scripted] = field(default_factory=list)
    _meanwhile: list[_Meanwhile] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def script(
        self,
        pattern: str,
        *,
        status: int | None = 503,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        drop: bool = False,
        delay: float = 0.0,
        after: bool = False,
        damage: Damage | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> None:
        """Have the next `times` calls that match `pattern` meet this fault (None: all of them), `skip` calls later.

        `pattern` is searched in "METHOD host/path?query", without regard to case. With `status=None` the call
        is only delayed (seconds) and then answered as ever; `drop` cuts the connection without an answer. With
        `after` the call is carried out, and only its answer is another, none or damaged.
        """
        fault = Fault(
            status=status, headers=dict(headers or {}), body=body, drop=drop, delay=delay, after=after, damage=damage
        )
        with self._lock:
            self._scripted.append(
                _Scripted(pattern=re.compile(pattern, re.IGNORECASE), fault=fault, skip=skip, left=times),
            )

    def meanwhile(self, pattern: str, act: Callable[[], object], *, after: bool = False, times: int | None = 1) -> None:
        """Have somebody else act at the moment of the next `times` calls that match, before they are answered.

        With `after` it is once they are answered, and before the caller learns of it. `act` runs on the local Azure's
        own thread: it may change the state of sites, and must not wait.
        """
        acting = _Meanwhile(pattern=re.compile(pattern, re.IGNORECASE), act=act, after=after, left=times)
        with self._lock:
            self._meanwhile.append(acting)

    def befall(self, call: str, *, after: bool) -> None:
        """Let those act who wait for this call."""
        with self._lock:
            due = [one for one in self._meanwhile if one.after is after and one.left != 0 and one.pattern.search(call)]
            for one in due:
                one.left = None if one.left is None else one.left - 1
        for one in due:
            one.act()

    def take(self, call: str) -> Fault | None:
        """Return the fault this call meets, used up once, or None."""
        with self._lock:
            for scripted in self._scripted:
                if scripted.left != 0 and scripted.pattern.search(call):
                    if scripted.skip:
                        scripted.skip -= 1
                        continue
                    scripted.left = None if scripted.left is None else scripted.left - 1
                    return scripted.fault
        return None

    @property
    def unused(self) -> list[str]:
        """The patterns of faults that were scripted a number of times and not met that often."""
        with self._lock:
            scripted = [one.pattern.pattern for one in self._scripted if one.left]
            return scripted + [one.pattern.pattern for one in self._meanwhile if one.left]

    def forget(self) -> None:
        """Drop every scripted fault."""
        with self._lock:
            self._scripted.clear()
            self._meanwhile.clear()
