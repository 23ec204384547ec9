"""Checking beforehand, or while the build runs, what would make the run fail: one preflight per command.

Nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.background import Background
from pytask.registry.images import open_destination, open_existing, open_running
from pytask.stages.connections import open_connection, open_optional, open_registries, open_shared_http_client
from pytask.stages.swap import find_swap, image_of_slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.builders.builder import Builder
    from pytask.cloud.arm import Azure
    from pytask.job import Job
    from pytask.model import (
        AppPlan,
        Build,
        BuildAndPush,
        BuildPushDeploy,
        Check,
        Deploy,
        LoginFor,
        PushedImage,
        Swap,
    )
    from pytask.registry.images import ImageSource
    from pytask.registry.session import RegistrySession
    from pytask.stages.swap import SwapFound
    from pytask.targets.target import Snapshot, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The result of every command's preflight."""

    findings: str
    """The findings, in a few words; empty when Azure was not asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushFound(Found):
    """The result for a command that pushes an image."""

    source: ImageSource
    session: RegistrySession


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetFound(Found):
    """The result for a command with a target."""

    source: ImageSource
    target: Target[Any]
    snapshot: Snapshot
    swap: SwapFound | None = None
    """Production, when the target is a slot to be swapped with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushAndTargetFound(TargetFound):
    """The result for a command that pushes an image for a target."""

    session: RegistrySession


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageAndTargetFound(TargetFound):
    """The result for a command that deploys an existing image to a target."""

    image: PushedImage


def preflight_build(job: Job, plan: Build, builder: Builder, signed_in: Callable[[LoginFor], None]) -> Found:
    """Open what a build needs; `signed_in` gets the function that returns registry logins as early as possible.

    Raises:
        TaskFailure: why the run certainly cannot succeed; all preflights raise this.
    """
    builder.preflight()
    http = open_shared_http_client(job)
    signed_in(open_registries(job, plan, open_optional(job, plan.connection, http), http).docker_login)
    return Found(findings="")


def preflight_push(job: Job, plan: BuildAndPush, builder: Builder, signed_in: Callable[[LoginFor], None]) -> PushFound:
    """Check that the registry will accept the image."""
    began = job.clock.monotonic()
    builder.preflight()
    http = open_shared_http_client(job)
    registries = open_registries(job, plan, open_optional(job, plan.connection, http), http)
    signed_in(registries.docker_login)
    source, session = open_destination(registries, plan.names)
    return PushFound(source=source, session=session, findings=_findings(job, began, source))


def preflight_push_and_target(
    job: Job, plan: BuildPushDeploy, builder: Builder, signed_in: Callable[[LoginFor], None]
) -> PushAndTargetFound:
    """Check that the registry will accept the image and that the target can run it."""
    began = job.clock.monotonic()
    builder.preflight()
    http = open_shared_http_client(job)
    azure = open_connection(job, plan.connection, http)
    registries = open_registries(job, plan, azure, http)
    signed_in(registries.docker_login)
    opening = Background(lambda: open_destination(registries, plan.names))
    target = _find_target(job, azure, plan.app)
    source, session = opening.result()
    snapshot = _snapshot(job, target, plan.app, source)
    swap = find_swap(job, plan.app, target, source, snapshot)
    return PushAndTargetFound(
        source=source,
        session=session,
        target=target,
        snapshot=snapshot,
        swap=swap,
        findings=_findings(job, began, source, snapshot, swap),
    )


def preflight_deploy(job: Job, plan: Deploy) -> ImageAndTargetFound:
    """Find the image, and check that the target can run it."""
    began, http = job.clock.monotonic(), open_shared_http_client(job)
    azure = open_connection(job, plan.connection, http)
    registries = open_registries(job, plan, azure, http)
    opening = Background(lambda: open_existing(registries, plan.image))
    target = _find_target(job, azure, plan.app)
    source, image = opening.result()
    return _with_image(job, plan.app, target, source, image=image, began=began, deploys=True)


def preflight_swap(job: Job, plan: Swap) -> ImageAndTargetFound:
    """Find the slot, the image that it must run, and production, and check that the two can be swapped."""
    began, http = job.clock.monotonic(), open_shared_http_client(job)
    azure = open_connection(job, plan.connection, http)
    registries = open_registries(job, plan, azure, http)
    target = _find_target(job, azure, plan.app)
    source, image = open_existing(registries, plan.image or image_of_slot(target))
    return _with_image(job, plan.app, target, source, image=image, began=began, deploys=False)


def _with_image(
    job: Job,
    plan: AppPlan,
    target: Target[Any],
    source: ImageSource,
    *,
    image: PushedImage,
    began: float,
    deploys: bool,
) -> ImageAndTargetFound:
    """Check that the target can run an image that is in a registry."""
    snapshot = _snapshot(job, target, plan, source)
    swap = find_swap(job, plan, target, source, snapshot, deploys=deploys)
    return ImageAndTargetFound(
        source=source,
        image=image,
        target=target,
        snapshot=snapshot,
        swap=swap,
        findings=_findings(job, began, source, snapshot, swap),
    )


def preflight_check(job: Job, plan: Check) -> TargetFound:
    """Find the target, and check that it can run an image from the registry that it pulls from."""
    began, http = job.clock.monotonic(), open_shared_http_client(job)
    azure = open_connection(job, plan.connection, http)
    registries = open_registries(job, plan, azure, http)
    target = _find_target(job, azure, plan.app)
    source = open_running(registries, target.app)
    snapshot = _snapshot(job, target, plan.app, source)
    swap = find_swap(job, plan.app, target, source, snapshot)
    return TargetFound(
        source=source,
        target=target,
        snapshot=snapshot,
        swap=swap,
        findings=_findings(job, began, source, snapshot, swap),
    )


def _find_target(job: Job, azure: Azure, plan: AppPlan) -> Target[Any]:
    """Find the target and record it in the journal, so that a later failure can report its state."""
    target = job.find_target(azure, plan.app)
    job.journal.of(target.app.title).add(target.app)
    return target


def _snapshot(job: Job, target: Target[Any], plan: AppPlan, source: ImageSource) -> Snapshot:
    """Check that the target can run the image, and record what it runs: of several containers, the run's own."""
    snapshot = target.preflight(plan, source)
    job.journal.of(target.app.title).add(snapshot.app)
    return snapshot


def _findings(
    job: Job, began: float, source: ImageSource, snapshot: Snapshot | None = None, swap: SwapFound | None = None
) -> str:
    words, rows = [], []
    if snapshot:
        app = snapshot.app
        words.append(f"{app.title} found in {app.resource_group} (image: {app.image or 'none'})")
        rows += [f"\n  pull    {snapshot.pull.description}"] if snapshot.pull.description else []
        rows += [f"\n  note    {note}" for note in snapshot.notes]
    rows += [f"\n  {row}" for row in swap.rows()] if swap else []
    if source.reading:
        words.append(f"{'anonymous access to' if source.reading.anonymous else 'signed in to'} {source.reading.host}")
    return f"Preflight passed in {job.clock.monotonic() - began:.1f} s: {', '.join(words)}{''.join(rows)}"
