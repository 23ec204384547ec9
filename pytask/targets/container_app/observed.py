"""The subject of a verification and what was observed so far, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.cloud.poll import NOT_ASKED, Seen
from pytask.decode import flag_at, objects_at, text_at, whole_at
from pytask.targets.container_app.app import image_of

if TYPE_CHECKING:
    from pytask.cloud.poll import Reading
    from pytask.decode import JSONObject
    from pytask.model import Function, SmokeTest
    from pytask.targets.container_app.app import ContainerApp, ContainerAppUpdate
    from pytask.targets.smoke import Answer

_BAD = frozenset({"failed", "degraded", "activationfailed"})
"""The only states that mean a failure. Azure has more states than its documentation names (`RunningAtMaxScale`,
`Deprovisioning`), and an unknown state is neither good nor bad.
https://learn.microsoft.com/azure/container-apps/revisions#running-status"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to verify, and the time limit."""

    update: ContainerAppUpdate
    smoke_test: SmokeTest | None
    seconds: float
    rolls_back: bool = False
    """Whether this verifies a rollback, where the tag means the previous image anyway."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision, as ARM shows it."""

    resource: JSONObject

    def image(self, container: str) -> str:
        """Return the image of one of its containers."""
        return image_of(self.resource, container)

    @property
    def host(self) -> str:
        """Its own host name; empty without ingress."""
        return text_at(self.resource, "properties", "fqdn").lower()

    @property
    def is_bad(self) -> bool:
        """Whether Container Apps says that it failed."""
        states = (text_at(self.resource, "properties", name) for name in ("provisioningState", "runningState"))
        return any(state.replace(" ", "").lower() in _BAD for state in states)

    @property
    def phase(self) -> str:
        """Its states and their details, as text."""
        names = ("provisioningState", "runningState", "healthState", "runningStateDetails", "provisioningError")
        told = (text_at(self.resource, "properties", name) for name in names)
        return ", ".join(dict.fromkeys(one for one in told if one and one != "None"))


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica of a revision, as ARM shows it."""

    resource: JSONObject

    @property
    def containers(self) -> list[JSONObject]:
        """Its containers."""
        return objects_at(self.resource, "properties", "containers")

    @property
    def is_ready(self) -> bool:
        """Whether all of its containers are ready."""
        return bool(self.containers) and all(flag_at(one, "ready") is True for one in self.containers)

    @property
    def restarts(self) -> int:
        """How often its containers were restarted, at most."""
        return max((whole_at(one, "restartCount") or 0 for one in self.containers), default=0)

    @property
    def details(self) -> str:
        """What Container Apps reports about the containers that are not ready."""
        unready = [one for one in self.containers if flag_at(one, "ready") is not True]
        told = (f"{text_at(one, 'runningState')} {text_at(one, 'runningStateDetails')}".strip() for one in unready)
        return "; ".join(one for one in told if one)


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What is known about an app whose new revision is starting."""

    app: Reading[ContainerApp] = NOT_ASKED
    operation_failed: str = ""
    """Why Azure did not carry out the update; empty when no failure is known."""
    revision: Reading[Revision] = NOT_ASKED
    replicas: Reading[tuple[Replica, ...]] = NOT_ASKED
    events: tuple[str, ...] = ()
    """The warnings about the revision in the app's system log, oldest first."""
    functions: Reading[tuple[Function, ...]] = NOT_ASKED
    answer: Reading[Answer] = NOT_ASKED

    @property
    def listed(self) -> tuple[Function, ...]:
        """The functions listed so far."""
        return self.functions.value if isinstance(self.functions, Seen) else ()

    @property
    def running(self) -> tuple[Replica, ...]:
        """The revision's replicas; empty when they are not known."""
        return self.replicas.value if isinstance(self.replicas, Seen) else ()

    def latest_ready(self) -> str:
        """Return the name of the revision that became ready last; empty when it is not known."""
        return self.app.value.ready_revision if isinstance(self.app, Seen) else ""
