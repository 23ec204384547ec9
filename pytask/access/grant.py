"""Grant the app's identity its role on the registry, and wait for the role to propagate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.access.roles import grant_role, pull_role
from pytask.errors.pull import RoleNotGrantable
from pytask.journal import AccessGiven, Action
from pytask.model import Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.access.setup import AppIdentity, Grant
    from pytask.clock import Clock, Timeouts
    from pytask.journal import Journal
    from pytask.model import App


def grant(given: Grant, identity: AppIdentity, app: App, journal: Journal) -> None:
    """Grant the app's identity its role if it does not have it, and record that in the journal.

    Raises:
        RoleNotGrantable: when the identity lacks the role and the connection may not grant it.
    """
    http, role, registry = given.arm.http, pull_role(given.registry).name, given.registry.name
    done = f"{role} on {registry} was granted to {identity.title}"
    try:
        with http.clock.until_answered():
            with journal.attempt(Action.PULL_ACCESS, done):
                new = grant_role(given.arm, given.registry, identity.principal_id, app=app.title)
            # Apps may share an identity: a role that was missing in the preflight is as young as one that is new.
            if new or given.right is Right.LACKING:
                journal.add(AccessGiven(done=done, role_at=http.clock.monotonic()))
    except RoleNotGrantable:
        if given.right is Right.LACKING:
            raise
        http.say(f"  role      {role} cannot be granted; the pull will show whether {identity.title} has it")
        return
    if not new:
        http.say(f"  role      {identity.title} already has {role} on {registry}")


def granted_at(journal: Journal) -> float | None:
    """Return when the app's identity was granted a new role, by the monotonic clock; None if it was not."""
    given = [one.role_at for one in journal.all(AccessGiven) if one.role_at is not None]
    return given[-1] if given else None


def wait_for_role_propagation(journal: Journal, clock: Clock, timeouts: Timeouts, say: Callable[[str], None]) -> None:
    """Wait as long as a role that this run granted usually takes to propagate to the registry.

    Only the app can use its identity, so this run cannot test the role. If the wait was too short, the platform's log
    shows it.
    """
    granted = granted_at(journal)
    while granted is not None and (left := granted + timeouts.role_propagation - clock.monotonic()) > 0:
        say(f"  waiting {left:.0f} s for the new role to propagate")
        clock.sleep(min(left, timeouts.progress))
