"""Checking beforehand, or while the build runs, what would make the run fail: one preflight per command.

Nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.background import Background
from pytask.model import labels_of
from pytask.registry.images import open_existing, open_running
from pytask.stages.acr import find_tasks, open_push
from pytask.stages.imports import FoundImage, find_image
from pytask.stages.swap import find_swap, image_of_slot
from pytask.stages.targets import find_targets, see_targets

if TYPE_CHECKING:
    from pytask.builders.builder import Builder, Logins
    from pytask.job import Job
    from pytask.model import (
        Build,
        BuildAndPush,
        BuildPushDeploy,
        Check,
        Deploy,
        Swap,
    )
    from pytask.registry.images import ImageSource
    from pytask.registry.registries import Registries
    from pytask.registry.session import RegistrySession
    from pytask.rollouts import Seen
    from pytask.stages.connections import Access
    from pytask.stages.swap import SwapFound


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The result of every command's preflight."""

    findings: str
    """The findings, in a few words; empty when Azure was not asked."""

    @property
    def fresh_tag(self) -> bool:
        """Whether the registry had no image under the tag before; False when it was not asked."""
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildFound(Found):
    """The result for a command that only builds."""

    registries: Registries


@dataclass(frozen=True, kw_only=True, slots=True)
class PushFound(Found):
    """The result for a command that pushes an image."""

    source: ImageSource
    session: RegistrySession | None
    """None when the registry builds the image itself."""

    @property
    def fresh_tag(self) -> bool:
        """Whether the registry had no image under the tag before."""
        return self.source.fresh_tag


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetFound(Found):
    """The result for a command with a target."""

    targets: tuple[Seen, ...]
    """All targets, `appName` first."""
    swap: SwapFound | None = None
    """Production, when the target is a slot to be swapped with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushAndTargetFound(TargetFound):
    """The result for a command that pushes an image for a target."""

    source: ImageSource
    session: RegistrySession | None
    """None when the registry builds the image itself."""

    @property
    def fresh_tag(self) -> bool:
        """Whether the registry had no image under the tag before."""
        return self.source.fresh_tag


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageAndTargetFound(TargetFound):
    """The result for a command that deploys an existing image to a target."""

    image: FoundImage


def preflight_build(plan: Build, access: Access, builder: Builder, logins: Logins) -> BuildFound:
    """Open what a build needs; `logins` gets it as early as possible.

    Raises:
        TaskFailure: why the run certainly cannot succeed; all preflights raise this.
    """
    registries = access.registries
    logins.signed_in.give(registries.docker_login)
    builder.preflight()
    if plan.acr:
        find_tasks(registries, plan.acr, logins)
    return BuildFound(registries=registries, findings="")


def preflight_push(job: Job, plan: BuildAndPush, access: Access, builder: Builder, logins: Logins) -> PushFound:
    """Check that the registry will accept the image."""
    began = job.clock.monotonic()
    logins.signed_in.give(access.registries.docker_login)
    opening = Background(lambda: open_push(access.registries, plan, logins))
    builder.preflight()
    source, session = opening.result()
    return PushFound(source=source, session=session, findings=_findings(job, began, source))


def preflight_push_and_target(
    job: Job, plan: BuildPushDeploy, access: Access, builder: Builder, logins: Logins
) -> PushAndTargetFound:
    """Check that the registry will accept the image and that the target can run it."""
    began = job.clock.monotonic()
    logins.signed_in.give(access.registries.docker_login)
    opening = Background(lambda: open_push(access.registries, plan, logins))
    finding = Background(lambda: find_targets(job, access.azure(), plan.app))
    builder.preflight()
    targets = finding.result()
    source, session = opening.result()
    seen = see_targets(job, access.azure(), plan.app, targets, lambda _: source)
    swap = find_swap(job, seen[0])
    findings = _findings(job, began, source, seen, swap)
    return PushAndTargetFound(source=source, session=session, targets=seen, swap=swap, findings=findings)


def preflight_deploy(job: Job, plan: Deploy, access: Access) -> ImageAndTargetFound:
    """Find the image, and check that the target can run it."""
    began = job.clock.monotonic()
    opening = Background(lambda: find_image(access.registries, access.azure, plan))
    azure = access.azure()
    targets = find_targets(job, azure, plan.app)
    image = opening.result()
    seen = see_targets(job, azure, plan.app, targets, lambda _: image.source)
    swap = find_swap(job, seen[0])
    findings = _findings(job, began, image.source, seen, swap)
    return ImageAndTargetFound(image=image, targets=seen, swap=swap, findings=findings)


def preflight_swap(job: Job, plan: Swap, access: Access) -> ImageAndTargetFound:
    """Find the slot, the image that it must run, and production, and check that the two can be swapped."""
    began, azure, registries = job.clock.monotonic(), access.azure(), access.registries
    targets = find_targets(job, azure, plan.app)
    source, image = open_existing(registries, plan.image or image_of_slot(targets[0]))
    seen = see_targets(job, azure, plan.app, targets, lambda _: source)
    swap = find_swap(job, seen[0], deploys=False)
    found = FoundImage(source=source, image=image)
    return ImageAndTargetFound(image=found, targets=seen, swap=swap, findings=_findings(job, began, source, seen, swap))


def preflight_check(job: Job, plan: Check, access: Access) -> TargetFound:
    """Find the target, and check that it can run an image from the registry that it pulls from."""
    began, azure, registries = job.clock.monotonic(), access.azure(), access.registries
    targets = find_targets(job, azure, plan.app)
    seen = see_targets(job, azure, plan.app, targets, lambda target: open_running(registries, target.app))
    swap = find_swap(job, seen[0])
    return TargetFound(targets=seen, swap=swap, findings=_findings(job, began, seen[0].source, seen, swap))


def _findings(
    job: Job, began: float, source: ImageSource, seen: tuple[Seen, ...] = (), swap: SwapFound | None = None
) -> str:
    words, rows = [], list[str]()
    if seen:
        app, more = seen[0].snapshot.app, len(seen) - 1
        also = f" and {more} more {'apps' if more > 1 else 'app'}" if more else ""
        words.append(f"{app.title} found in {app.resource_group} (image: {app.image or 'none'}){also}")
        labels = labels_of([one.snapshot.app for one in seen])
        rows += [
            row for one, label in zip(seen, labels, strict=True) for row in _rows(one, f"{label}: " if more else "")
        ]
    rows += [f"\n  {row}" for row in swap.rows()] if swap else []
    if source.reading:
        words.append(f"{'anonymous access to' if source.reading.anonymous else 'signed in to'} {source.reading.host}")
    return f"Preflight passed in {job.clock.monotonic() - began:.1f} s: {', '.join(words)}{''.join(rows)}"


def _rows(seen: Seen, label: str) -> list[str]:
    """Return what is to be known about one target; `label` is its name, where there are several."""
    pull, notes = seen.snapshot.pull.description, seen.snapshot.notes
    rows = [f"\n  pull    {label}{pull}"] if pull else []
    return [*rows, *(f"\n  note    {label}{note}" for note in notes)]
