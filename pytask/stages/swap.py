"""What a run does around a swap: finding production beforehand, and checking a slot that an earlier run verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.errors.swap import SlotHasNoImage, SlotRunsAnotherImage
from pytask.journal import VerificationFailed
from pytask.model import Digest, ExistingImage, NotAReference, PushedImage
from pytask.rollouts import Rollouts
from pytask.swap import Swapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytask.job import Job
    from pytask.model import PreviousImage
    from pytask.rollouts import Seen
    from pytask.stages.preflight import ImageAndTargetFound, TargetFound
    from pytask.targets.slots import SlotPair
    from pytask.targets.target import Health, Snapshot, Target

_DIGEST = "image digest"


@dataclass(frozen=True, kw_only=True, slots=True)
class SwapFound:
    """What the preflight found of a slot's production."""

    pair: SlotPair[Any]
    production: Snapshot

    def rows(self) -> Iterator[str]:
        """Yield rows for people."""
        yield f"swap    with production, which runs {self.pair.found.production.image or 'no image'}"
        if self.production.pull.description:
            yield f"pull    production: {self.production.pull.description}"
        for note in self.production.notes:
            yield f"note    {note}"


def find_swap(job: Job, slot: Seen, *, deploys: bool = True) -> SwapFound | None:
    """Return production, once it is certain that the slot can be swapped with it; None when the plan has no swap.

    Raises:
        TaskFailure: why the two certainly cannot be swapped.
    """
    if not slot.plan.swap:
        return None
    pair = job.find_slots(slot.target)
    job.journal.add(pair.found)
    production = pair.preflight(slot.plan, slot.source, slot.snapshot, deploys=deploys)
    return SwapFound(pair=pair, production=production)


def image_of_slot(target: Target[Any]) -> ExistingImage:
    """Return the image that a slot is configured with.

    Raises:
        SlotHasNoImage: when there is none.
    """
    if target.app.reference is None:
        raise SlotHasNoImage(app=target.app.title)
    return ExistingImage(reference=target.app.reference)


def prepare(job: Job, found: TargetFound) -> Callable[[PushedImage], None]:
    """Set up pull access, and return the function that rolls an image out, and then swaps if the plan says so.

    Raises:
        TaskFailure: why pull access cannot be set up.
    """
    rollouts = Rollouts(job=job, seen=found.targets)
    rollouts.set_up_pull_access()
    swapping = swapping_of(job, found)
    if swapping is None:
        return rollouts.roll_out
    swapping.set_up_pull_access()

    def roll_out_and_swap(image: PushedImage) -> None:
        rollouts.roll_out(image)
        swapping.swap_if_verified(image)

    return roll_out_and_swap


def swapping_of(job: Job, found: TargetFound) -> Swapping | None:
    """Return the swap that the plan asks for; None when it asks for none."""
    slot, swap = found.targets[0], found.swap
    if swap is None:
        return None
    return Swapping(job=job, pair=swap.pair, plan=slot.plan, source=slot.source, production=swap.production)


def swap_as_it_is(job: Job, found: ImageAndTargetFound, *, named: bool) -> None:
    """Swap a slot that an earlier run verified, once it is healthy; with `named` only if it runs the image found.

    Raises:
        SlotUnverified, SlotRunsAnotherImage, StartFailure: why the slot is not swapped.
        TaskFailure: why production does not run its image.
    """
    swapping = swapping_of(job, found)
    assert swapping, "a plan to swap has found both slots"  # noqa: S101 - for the type checker
    image = _in_slot(found)
    job.journal.add(image)
    gaps = _confirm_slot(job, found, named=named)
    swapping.refuse_unverified(gaps)
    Rollouts(job=job, seen=found.targets).set_up_pull_access()
    swapping.set_up_pull_access()
    swapping.swap(found.targets[0].target.app.image, image)


def _in_slot(found: ImageAndTargetFound) -> PushedImage:
    """Return the image in the form in which the slot is configured with it, which production gets."""
    reference = found.targets[0].target.app.reference
    if reference is None:
        raise SlotHasNoImage(app=found.targets[0].target.app.title)
    tags = (reference.tag,) if reference.tag and not reference.digest else ()
    digest = reference.digest or found.image.image.digest
    return PushedImage(registry=reference.host, repository=reference.repository, tags=tags, digest=digest)


def _confirm_slot(job: Job, found: ImageAndTargetFound, *, named: bool) -> tuple[str, ...]:
    """Return the checks of the slot that could not be made."""
    title, console = found.targets[0].target.app.title, job.console
    with job.stage(f"Check {title}"):
        health = found.targets[0].target.health()
        for line in health.lines:
            console.line(f"  {line}")
        if health.failure:
            job.journal.of(found.targets[0].target.app).add(VerificationFailed())
            raise health.failure
        gaps = [] if health.healthy else ["health (the slot is stopped, or does not show a running host and functions)"]
        if named and (gap := _digest_gap(found, health)):
            gaps.append(f"{_DIGEST} ({gap})")
    return tuple(gaps)


def _digest_gap(found: ImageAndTargetFound, health: Health) -> str:
    """Return why it is not certain that the slot runs the image that the step names; empty when it is.

    Raises:
        SlotRunsAnotherImage: when it certainly does not.
    """
    app, wanted, present = found.targets[0].target.app, found.image.image.digest, found.targets[0].snapshot.previous
    if wanted is None:
        return "the registry does not let this connection read the digest"
    agrees = wanted.agrees_with(present.digest if present else None)
    if agrees is False:
        digest = present.digest if present else ""
        raise _another(found, f"it is configured with {app.image}, which is {digest}")
    if health.digest:
        return _started_gap(found, health.digest, wanted, present if agrees else None)
    if agrees and app.reference and app.reference.digest:
        return ""
    return "the platform's log does not say which image the slot was started with, and it is not configured by digest"


def _started_gap(found: ImageAndTargetFound, text: str, wanted: Digest, present: PreviousImage | None) -> str:
    """Return why the digest that the slot was started with says nothing; empty when it is the one that is wanted."""
    ours = {wanted.text, present.manifest.text if present and present.manifest else ""}
    if text in ours:
        return ""
    try:
        comparable = wanted.agrees_with(type(wanted)(text)) is False and present is not None and present.manifest
    except NotAReference:
        comparable = None
    if comparable:
        raise _another(found, f"its last start ran {text}")
    return f"its last start ran {text}, which may be one image of the index {wanted}"


def _another(found: ImageAndTargetFound, told: str) -> SlotRunsAnotherImage:
    production = found.swap.pair.found.production if found.swap else None
    runs = f"; production is configured with {production.image or 'no image'}" if production else ""
    wanted = str(found.image.image.digest or found.image.image.reference)
    return SlotRunsAnotherImage(app=found.targets[0].target.app.title, wanted=wanted, found=f"{told}{runs}")
