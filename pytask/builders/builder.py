"""What a run asks of everything that builds images, whatever it builds with.

A builder either leaves the image where it was built, to be inspected and pushed, or has it in the registry already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from pytask.agent.console import Console
    from pytask.background import Background, Promised
    from pytask.clock import Clock, Timeouts
    from pytask.errors import TaskFailure
    from pytask.model import BuiltImage, LoginFor, Network, PushedImage, Recipe, RegistryHost, RegistryLogin


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What a build is started on."""

    environment: Mapping[str, str]
    network: Network
    console: Console
    clock: Clock
    timeouts: Timeouts


@dataclass(frozen=True, kw_only=True, slots=True)
class Logins:
    """Where a build gets credentials of this run, and what gives them once the run has signed in."""

    hosts: frozenset[RegistryHost]
    signed_in: Promised[LoginFor]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What a push has sent."""

    digest: str
    """Of the manifest; empty when nobody told it."""
    layers: int
    new_layers: int
    bytes_sent: int


class LocalImage(Protocol):
    """An image that is not in the registry yet."""

    def facts(self) -> BuiltImage:
        """Return what it is called, and for which platform it is.

        Raises:
            TaskFailure: when it is not there after all.
        """

    def archive(self) -> Generator[bytes, None, None]:
        """Return the image as `docker save` does, piece by piece."""

    def push(
        self,
        references: Sequence[str],
        *,
        login: Callable[[bool], RegistryLogin | None],
        blocked: Callable[[], TaskFailure | None],
    ) -> Sent:
        """Push it under every reference, and return what was sent for the first.

        `login` returns user and password, new ones when it is called with true; `blocked` asks the registry itself why
        it refuses, and returns what keeps this agent out, if something does.

        Raises:
            TaskFailure: why the registry did not take it.
        """


class Builder(Protocol):
    """Something that builds images."""

    @property
    def title(self) -> str:
        """It and its version, for the head of the log."""

    def preflight(self) -> None:
        """See that what it works with answers; called beside the build.

        Raises:
            TaskFailure: when it does not.
        """

    def build(
        self, recipe: Recipe, references: Sequence[str], *, logins: Logins, preflight: Background[Any]
    ) -> LocalImage | PushedImage:
        """Build the image under its references, and stop as soon as `preflight` fails.

        Who sends it to a registry, or has others do so, waits for the result of `preflight` before.

        Raises:
            TaskFailure: why there is no image.
        """
