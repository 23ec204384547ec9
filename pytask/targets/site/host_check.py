"""Checking that a Functions host that started after the update answers on every instance, and what it reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet
from pytask.errors.start import HostError, StorageBroken
from pytask.model.evidence import Failed, Passed, Pending, Unavailable
from pytask.targets.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.clock import Timeouts
    from pytask.errors.start import StartFailure
    from pytask.model.evidence import Evidence
    from pytask.targets.site.host import HostStatus
    from pytask.targets.site.instances import Hosts
    from pytask.targets.site.observed import Observation, Question

_STORAGE = ("storage", "blob")
_NO_UPTIME = "the host's status does not say how long its process has run"
_NO_INSTANCE = "the host's status does not say which instance responded"


def judge_host(question: Question, timeouts: Timeouts, seen: Observation, *, image_runs: bool) -> Evidence:
    """Return the evidence in the hosts' answers; `image_runs` says whether the platform's log confirms the image."""
    latest = seen.hosts.latest
    if isinstance(latest, NotAllowed):
        return Unavailable(f"the host's status cannot be read: {latest.reason}")
    status = seen.hosts.status
    if isinstance(latest, NotYet) or status is None:
        return Pending(reason="the Functions host does not respond yet" if image_runs else "")
    return _judge_status(question, timeouts, seen.hosts, status, image_runs=image_runs)


def _judge_status(
    question: Question, timeouts: Timeouts, hosts: Hosts, status: HostStatus, *, image_runs: bool
) -> Evidence:
    newer = status.is_newer_than(question.update.sent_at)
    update = question.update
    failure = explain_host(status, app=update.app.title, reference=str(update.reference), settings=question.settings)
    if failure and (newer or (newer is None and image_runs)):
        return Failed(failure=failure, stands_for=timeouts.settled_failure)
    if newer is None or not status.instance:
        return Unavailable(_NO_UPTIME if newer is None else _NO_INSTANCE)
    if not newer:
        return Pending(reason="the Functions host has not restarted since the update" if image_runs else "")
    return _judge_new(hosts, status)


def _judge_new(hosts: Hosts, status: HostStatus) -> Evidence:
    if not status.running:
        return Pending(reason=f"the Functions host is {status.state}")
    if isinstance(hosts.count, NotAllowed):
        return Unavailable(f"one instance restarted; the number of instances cannot be read: {hosts.count.reason}")
    told = f"Functions host {status.version} restarted{on_instances(hosts)}"
    return Passed(told) if hosts.all_new else Pending(reason=told)


def on_instances(hosts: Hosts) -> str:
    """Return the number of instances, for people; empty for a single one, which most apps have."""
    counted = getattr(hosts.count, "value", 1)
    return f" on {len(hosts.new)} of {counted} instances" if counted > 1 else ""


def explain_host(
    status: HostStatus, *, app: str, reference: str, settings: Mapping[str, str] | None
) -> StartFailure | None:
    """Return the failure that the Functions host reports; None when there is none.

    Values of `settings`, and anything that looks like a secret, are not shown.
    """
    if not status.errors and status.state.lower() != "error":
        return None
    errors = redacted("; ".join(status.errors), settings) or "it gives no reason"
    if any(sign in errors.lower() for sign in _STORAGE):
        return StorageBroken(app=app, reference=reference, errors=errors)
    return HostError(app=app, reference=reference, state=status.state, errors=errors)
