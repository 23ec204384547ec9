"""The task's program in a process of its own: with a builder of paper, short limits, a clock that skips long waits."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytask.edge
from pytask import stages
from pytask.agent import oidc  # noqa: F401 - loaded before the fork
from pytask.builders.builder import PushResult
from pytask.clock import Clock, Timeouts
from pytask.job import Job
from pytask.model import BuiltImage
from pytask.targets import find  # noqa: F401 - loaded before the fork
from tests.faults.paper_cache import paper_cache
from tests.faults.stored import Store, archive_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from pytask.background import Background
    from pytask.builders.builder import CacheWork, Logins
    from pytask.errors import TaskFailure
    from pytask.model import Recipe, RegistryLogin

stages.load()

LIMITS = {
    "http_attempts": 3,
    "http_first_wait": 0.01,
    "http_longest_wait": 30.0,
    "http_connect": 2.0,
    "http_read": 0.7,
    "http_total": 2.0,
    "identity_connect": 1.0,
    "operation": 4.0,
    "app_operation": 2.0,
    "fresh": 0.0,
    "first_poll": 0.03,
    "longest_poll": 0.1,
    "verify_poll": 0.1,
    "host_pause": 0.05,
    "functions_cache": 0.6,
    "settled_failure": 0.4,
    "acr_poll": 0.1,
    "acr_silence": 3.0,
    "acr_last_lines": 0.5,
    "acr_lost_run": 3.0,
    "swap": 40.0,
    "swap_poll": 1.0,
    "lost_swap": 30.0,
    "new_identity": 1.0,
    "role_propagation": 0.2,
    "role_propagation_limit": 1.0,
}
"""Seconds, except for the attempts."""
_SLEEPS = re.compile(rb"^RUN sleep (\S+)$", re.MULTILINE)
_LONGEST_SLEEP = 0.15
"""Seconds; the rest of a longer wait is skipped."""


@dataclass(frozen=True, slots=True)
class HurriedClock(Clock):
    """A clock that goes on by itself where the program waits for long."""

    state: dict[str, float] = field(default_factory=lambda: {"skipped": 0.0})

    def monotonic(self) -> float:
        """Return seconds that never go backward, with those that were skipped."""
        return time.monotonic() + self.state["skipped"]

    def sleep(self, seconds: float) -> None:
        """Wait a part, and skip the rest."""
        Clock.sleep(self, min(seconds, _LONGEST_SLEEP))
        self.state["skipped"] += max(0.0, seconds - _LONGEST_SLEEP)


@dataclass(frozen=True)
class StoreBuilder:
    """A `Builder` whose images hold the Dockerfile, and are pushed past the registry's front, as an engine does.

    Of its instructions, `RUN sleep` is carried out.
    """

    stores: Mapping[str, str]
    """The folder with the images of each registry, by the host in references."""
    title: str = "Paper 1.0"

    def preflight(self) -> None:
        """Find a pen."""

    def build(
        self, recipe: Recipe, references: Sequence[str], *, logins: Logins, preflight: Background[Any]
    ) -> StoreImage:
        """Return the Dockerfile as an image, once there is a login for each registry that it is built from."""
        del preflight
        dockerfile = recipe.dockerfile.read_bytes()
        for seconds in _SLEEPS.findall(dockerfile):
            time.sleep(float(seconds))
        if logins.hosts and (login_for := logins.signed_in.wait()):
            for host in sorted(logins.hosts, key=str):
                login_for(host)
        cache = paper_cache(recipe, logins, self.stores)
        return StoreImage(self.stores, tuple(references), dockerfile, cache)


@dataclass(frozen=True)
class StoreImage:
    """A `LocalImage`."""

    stores: Mapping[str, str]
    names: tuple[str, ...]
    file: bytes
    cache_work: CacheWork | None = None

    def facts(self) -> BuiltImage:
        """Return what it is."""
        return BuiltImage(references=self.names, id="paper", platform="linux/amd64", size_bytes=len(self.file))

    def archive(self) -> Generator[bytes, None, None]:
        """Yield it in one piece."""
        yield archive_of(self.names, self.file)

    def push(
        self,
        references: Sequence[str],
        *,
        login: Callable[[bool], RegistryLogin | None],
        blocked: Callable[[], TaskFailure | None],
    ) -> PushResult:
        """Store it, once the registry has given a login."""
        del blocked
        login(False)  # noqa: FBT003 - no fresh one
        host, _, name = references[0].partition("/")
        repository = name.rpartition(":")[0]
        tags = tuple(reference.rpartition(":")[2] for reference in references)
        digest = Store(Path(self.stores[host])).put(repository, tags, self.file)
        return PushResult(digest=digest, layers=1, new_layers=1, bytes_sent=len(self.file))


def run_task(
    environment: Mapping[str, str], log: str | Connection, stores: Mapping[str, str], limits: Mapping[str, float]
) -> None:
    """Be the task: started as the agent starts it, with its output in a file or a pipe; does not return.

    `stores` are the folders with the images of registries by host, `limits` are those that are not the usual ones.
    """
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(environment["SYSTEM_DEFAULTWORKINGDIRECTORY"])
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if isinstance(log, str) else log.fileno()
    os.dup2(out, 1)
    os.dup2(out, 2)
    never_written, _kept_open = os.pipe()
    os.dup2(never_written, 0)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
    builder = StoreBuilder(stores)
    edge: Any = pytask.edge
    edge.Job = partial(Job, find_builder=lambda _: builder)
    edge.Clock = HurriedClock
    code = edge.main(Timeouts(**{**LIMITS, **limits}))  # type: ignore[arg-type] # one of them is a whole number
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)
