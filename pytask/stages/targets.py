"""Finding all targets of a run and checking that each can run the image, side by side. Nothing here writes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pytask.background import Piece, side_by_side
from pytask.errors import ManyFailures, TaskFailure
from pytask.errors.many_apps import AppNamedTwice
from pytask.rollouts import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytask.background import Background
    from pytask.cloud.arm import Azure
    from pytask.job import Job
    from pytask.model import AppAddress, AppPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.target import Target

T = TypeVar("T")

_AT_ONCE = 8
"""Apps that are read at once; each takes several calls at once."""


def find_targets(job: Job, azure: Azure, plan: AppPlan) -> tuple[Target[Any], ...]:
    """Return all targets, `appName` first, and record them in the journal, so that a later failure can report them.

    Raises:
        TaskFailure, ManyFailures: why one or several cannot be found, or cannot run an image at all.
        AppNamedTwice: when two names turn out to be the same app's.
    """
    addresses = (plan.app, *plan.more)
    targets = _each(addresses, lambda address: job.find_target(azure, address))
    _confirm_distinct(addresses, targets)
    for target in targets:
        job.journal.of(target.app).add(target.app)
    return targets


def see_targets(
    job: Job,
    azure: Azure,
    plan: AppPlan,
    targets: tuple[Target[Any], ...],
    source_of: Callable[[Target[Any]], ImageSource],
) -> tuple[Seen, ...]:
    """Check that each target can run the image, and record what it runs: of several containers, the run's own.

    `source_of` returns where the image of a target is or will be.

    Raises:
        TaskFailure, ManyFailures: why one or several of them certainly cannot run the image.
    """
    addresses = (plan.app, *plan.more)

    def see(pair: tuple[AppAddress, Target[Any]]) -> Seen:
        address, target = pair
        own = replace(plan, app=address, more=())
        return _see(job, own, target, source_of(target), find=lambda: job.find_target(azure, address))

    seen = _each(tuple(zip(addresses, targets, strict=True)), see)
    for one in seen:
        job.journal.of(one.target.app).add(one.snapshot.app)
    return seen


def _see(job: Job, plan: AppPlan, target: Target[Any], source: ImageSource, *, find: Callable[[], Target[Any]]) -> Seen:
    at = job.clock.monotonic()
    return Seen(
        plan=plan,
        target=target,
        snapshot=target.preflight(plan, source),
        source=source,
        at=at,
        look_again=lambda: _see(job, plan, find(), source, find=find),
    )


def _each(items: Sequence[Any], work: Callable[[Any], T]) -> tuple[T, ...]:
    """Return the results in the order of the items; one item alone is worked on here."""
    if len(items) == 1:
        return (work(items[0]),)
    ends = side_by_side([Piece(work=partial(work, item)) for item in items], most=_AT_ONCE)
    return _results(ends)


def _results(ends: Sequence[Background[T]]) -> tuple[T, ...]:
    """Return what several pieces of work returned, or raise all that the failed ones raised."""
    failures = [failure for one in ends if (failure := one.failure())]
    for failure in failures:
        if not isinstance(failure, TaskFailure):
            raise failure
    expected = tuple(failure for failure in failures if isinstance(failure, TaskFailure))
    if len(expected) > 1:
        raise ManyFailures(expected)
    return tuple(one.result() for one in ends)


def _confirm_distinct(addresses: Sequence[AppAddress], targets: Sequence[Target[Any]]) -> None:
    """Raise AppNamedTwice when two names lead to one app: a name alone and one with its group may."""
    seen: dict[str, AppAddress] = {}
    for address, target in zip(addresses, targets, strict=True):
        other = seen.setdefault(target.app.resource_id.lower(), address)
        if other is not address:
            first, second = (_named(one, is_first=one is addresses[0]) for one in (other, address))
            raise AppNamedTwice(input="moreApps", app=target.app.title, first=first, second=second)


def _named(address: AppAddress, *, is_first: bool) -> str:
    group = f"{address.resource_group}/" if address.resource_group else ""
    slot = f"/{address.slot or 'production'}" if address.slot or group else ""
    return f"{'appName' if is_first else 'moreApps'} ({group}{address.name}{slot})"
