"""The protocol of everything that builds images.

A builder either leaves the image where it was built, to be inspected and pushed, or puts it into the registry itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pytask.background import Promised

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from pytask.agent.console import Console
    from pytask.background import Background
    from pytask.builders.docker.asking import Asking
    from pytask.clock import Clock, Timeouts
    from pytask.errors import TaskFailure
    from pytask.model import BuiltImage, LoginFor, Network, PushedImage, Recipe, RegistryHost, RegistryLogin
    from pytask.registry.session import RegistrySession
    from pytask.registry.tasks import TasksRegistry


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The machine that a build starts on."""

    environment: Mapping[str, str]
    network: Network
    console: Console
    clock: Clock
    timeouts: Timeouts
    asking: Asking | None = None
    """The docker command that has already been asked for its version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Logins:
    """What a build gets from the preflight as soon as the run has signed in."""

    hosts: frozenset[RegistryHost]
    signed_in: Promised[LoginFor]
    """This run's registry credentials."""
    tasks: Promised[TasksRegistry] = field(default_factory=Promised)
    """The registry that builds, where the build is not made on this agent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushResult:
    """The result of a push."""

    digest: str
    """Digest of the manifest; empty when the engine did not report it."""
    layers: int
    new_layers: int
    bytes_sent: int


class CacheWork(Protocol):
    """What is left to do for the build cache once the image is pushed; it may take a while, and the run need not wait.

    It reads and writes nothing but the cache.
    """

    @property
    def host(self) -> RegistryHost:
        """The registry that has the cache."""

    def run(self, registry: RegistrySession) -> str:
        """Write what the next builds can use, unless the step only reads; return what was done, for people.

        Raises:
            TaskFailure: why it was not written.
        """

    def stop(self) -> None:
        """End it, from another thread: nothing that it started runs on."""


class LocalImage(Protocol):
    """An image that is not in the registry yet."""

    @property
    def cache_work(self) -> CacheWork | None:
        """What is left to do for the build cache; None without one."""

    def facts(self) -> BuiltImage:
        """Return the image's names and platform.

        Raises:
            TaskFailure: when the image is missing after all.
        """

    def archive(self) -> Generator[bytes, None, None]:
        """Yield the image in chunks, in the format of `docker save`."""

    def push(
        self,
        references: Sequence[str],
        *,
        login: Callable[[bool], RegistryLogin | None],
        blocked: Callable[[], TaskFailure | None],
    ) -> PushResult:
        """Push the image under every reference, and return the result for the first.

        `login` returns user and password, fresh ones when it is called with true. `blocked` asks the registry why it
        refuses this agent, and returns the reason or None.

        Raises:
            TaskFailure: why the registry did not accept it.
        """


class Builder(Protocol):
    """Something that builds images."""

    @property
    def title(self) -> str:
        """The builder and its version, for the start of the log."""

    def preflight(self) -> None:
        """Check that what the builder depends on responds; called while the build runs.

        Raises:
            TaskFailure: when it does not.
        """

    def build(
        self, recipe: Recipe, references: Sequence[str], *, logins: Logins, preflight: Background[Any]
    ) -> LocalImage | PushedImage | BuiltImage:
        """Build the image with its references, and stop as soon as `preflight` fails.

        A builder that sends it to a registry, or has that done, must wait for the result of `preflight` first. One that
        builds elsewhere and has nothing to push returns only what it knows of the image.

        Raises:
            TaskFailure: why the build failed.
        """
