"""Rolling a target back to its previous image, by the reference that means that image now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pytask.errors import TaskFailure
from pytask.errors.start import ImageNotSet, StartFailure
from pytask.inspection.image import previous_image
from pytask.journal import Action, ChangedBySomeoneElse, ImageRestored, RollbackFailed
from pytask.model import Digest, ImageReference, NotAReference, RolledBack, Verification
from pytask.registry.hosts import is_azure_registry, registry_name
from pytask.registry.images import Gone
from pytask.release import release
from pytask.targets.target import CannotRollBack
from pytask.verification import verify_watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.job import Job
    from pytask.model import PreviousImage, Update, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.target import Snapshot, Target

DigestNow: TypeAlias = "Callable[[ImageReference], Digest | Gone | None]"


def roll_back(
    job: Job,
    target: Target[Any],
    plan: VerifyPlan,
    *,
    snapshot: Snapshot,
    source: ImageSource,
    update: Update,
    failure: StartFailure,
) -> RolledBack | RollbackFailed:
    """Point the target at its previous image again and verify it, with a new time limit of the same length.

    Raises:
        CannotRollBack: when rollback is off or would not help.
        TaskFailure: why Azure refuses the rollback.
    """
    if not plan.roll_back:
        raise CannotRollBack("rollbackOnFailure is false")
    if not failure.rolls_back:
        raise CannotRollBack("the image is not the cause")
    say, journal = job.console.line, job.journal.of(target.app)
    previous = _previous(snapshot, source, update)
    reference = find_previous_reference(previous, source.digest_now, say)
    with job.clock.until_answered():
        with journal.attempt(Action.ROLL_BACK, reference):
            back = target.roll_back(update, reference, previous, journal)
        journal.add(ImageRestored(reference=reference, configuration=back.configuration))
    try:
        watch = target.watch(back.update, plan, digest_now=source.digest_reading, rolls_back=True)
        verification = verify_watch(watch, clock=job.clock, timeouts=job.timeouts, say=say)
        release(job, target, back.update, plan, verification)
    except ImageNotSet as another:
        journal.add(ChangedBySomeoneElse(another.found))
        raise CannotRollBack(str(another)) from another
    except StartFailure as another:
        return RollbackFailed(reference=reference, reason=str(another))
    except TaskFailure as another:
        verification = Verification(passed=(), unavailable=(("rollback", str(another)),))
    return RolledBack(reference=reference, verification=verification)


def _previous(snapshot: Snapshot, source: ImageSource, update: Update) -> PreviousImage | None:
    """Return the image before the update, which someone else may have set since the snapshot."""
    if update.app.image == snapshot.app.image:
        return snapshot.previous
    previous, _ = previous_image(source.reading, update.served_before)
    return previous


def find_previous_reference(previous: PreviousImage | None, digest_of: DigestNow, say: Callable[[str], None]) -> str:
    """Return the reference that means the previous image: its own, or by digest when its tag has moved.

    This compares what the reference pointed at then and now, an index with an index: a platform's manifest has its own
    digest.

    Raises:
        CannotRollBack: when that image is gone or there was none.
    """
    if previous is None or not previous.reference:
        raise CannotRollBack("there was no previous image")
    try:
        reference = ImageReference.parse(previous.reference)
    except NotAReference:
        return previous.reference
    now = digest_of(reference)
    if now is None or _is_still(previous, now) or (reference.digest and not isinstance(now, Gone)):
        return previous.reference
    if reference.digest or previous.digest is None:
        return _unless_gone(previous.reference, now)
    pinned = reference.pinned(previous.digest)
    _unless_gone(f"the previous image ({pinned})", digest_of(pinned))
    what = "is gone" if isinstance(now, Gone) else "now points to another image"
    say(f"{reference} {what}; the previous image no longer has a tag, and retention may delete it. To tag it again:")
    say(f"  {_tagging(reference, pinned)}")
    return str(pinned)


def _is_still(previous: PreviousImage, now: Digest | Gone) -> bool:
    return isinstance(now, Digest) and any(now.agrees_with(one) for one in (previous.digest, previous.manifest))


def _unless_gone(reference: str, now: Digest | Gone | None) -> str:
    if isinstance(now, Gone):
        raise CannotRollBack(f"{reference} is no longer in the registry")
    return reference


def _tagging(reference: ImageReference, pinned: ImageReference) -> str:
    """Return the command that restores an image's former tag, with its digest unchanged.

    Sources: https://learn.microsoft.com/cli/azure/acr#az-acr-import,
    https://docs.docker.com/reference/cli/docker/buildx/imagetools/create/
    """
    tagged = replace(reference, tag=reference.tag or "latest")
    if is_azure_registry(reference.host, None):
        image, registry = f"{tagged.repository}:{tagged.tag}", registry_name(reference.host)
        return f"az acr import --name {registry} --source {pinned} --image {image} --force"
    return f"docker buildx imagetools create --prefer-index=false --tag {tagged} {pinned}"
