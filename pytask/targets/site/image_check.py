"""Checking that this start runs the deployed image, by the platform's log.

A digest in the log of this very start is evidence. A tag alone is evidence only when it can mean nothing else: when
the registry had no such tag before this run pushed it, or when this start pulled it and the registry returned our
digest both before the update and afterward. A start from a cached copy says nothing about an older tag.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors.start import NotUpInTime, OldImageStarted
from pytask.model.evidence import Failed, Passed, Pending, Unavailable
from pytask.model.reference import ImageReference, ManifestDigest, NotAReference
from pytask.targets.redaction import redacted
from pytask.targets.site.start_failure import explain

if TYPE_CHECKING:
    from pytask.clock import Timeouts
    from pytask.cloud.poll import Reading
    from pytask.errors.start import StartFailure
    from pytask.model.evidence import Evidence
    from pytask.model.reference import Digest
    from pytask.targets.site.observed import Observation, Question
    from pytask.targets.site.platform_log import Attempt


def judge_image(question: Question, timeouts: Timeouts, seen: Observation) -> Evidence:
    """Return the evidence in the platform's log about the image that this start runs."""
    if isinstance(seen.log, NotAllowed):
        return Unavailable(f"the platform's log cannot be read: {seen.log.reason}")
    if isinstance(seen.log, NotYet):
        return Pending(reason=seen.log.reason, alone_for=timeouts.settled_failure if seen.log.empty else math.inf)
    attempt = seen.attempt
    if attempt is None:
        return Pending(reason="the platform's log shows no start yet", alone_for=timeouts.settled_failure)
    return _judge_attempt(question, timeouts, seen, attempt)


def _judge_attempt(question: Question, timeouts: Timeouts, seen: Observation, attempt: Attempt) -> Evidence:
    if attempt.failure:
        return Failed(failure=_explained(question, attempt), stands_for=timeouts.settled_failure)
    image = _judge_name(question, timeouts, seen, attempt) if attempt.started else None
    if isinstance(image, Failed):
        return Failed(failure=image.failure, stands_for=timeouts.settled_failure)
    if image is None or not seen.ready:
        return Pending(reason=attempt.phase(), at_deadline=_at_deadline(question, seen, attempt))
    return image


def _judge_name(question: Question, timeouts: Timeouts, seen: Observation, attempt: Attempt) -> Evidence:
    """Return the evidence in the name or digest that the container was started with."""
    by_digest = attempt.started.rpartition("@")[2] if _has_digest(attempt.started) else ""
    if by_digest or attempt.digest:
        return _judge_digest(question, attempt, by_digest or attempt.digest)
    if not _same_name(attempt.started, question.update.reference):
        return Failed(failure=_another_image(question, f"it started {attempt.started}"))
    return _judge_tag(question, timeouts, seen, attempt)


def _judge_digest(question: Question, attempt: Attempt, digest: str) -> Evidence:
    ours = question.update.digest
    if not ours:
        return Unavailable(f"the log names {digest}, but the connection cannot read the image's digest")
    if digest == str(ours):
        return Passed(f"this start runs {digest}" if not attempt.pulled else f"this start pulled {digest}")
    if not isinstance(ours, ManifestDigest):
        return Unavailable(f"the log names {digest}, which may be one image of the index {ours}")
    return Failed(failure=_another_image(question, f"it started {digest}"))


def _judge_tag(question: Question, timeouts: Timeouts, seen: Observation, attempt: Attempt) -> Evidence:
    update = question.update
    if update.fresh_tag:
        return Passed(f"this start runs {update.reference}, a tag that did not exist before this run")
    if attempt.pull_failure and not attempt.pulled and not question.rolls_back:
        return Failed(failure=_explained(question, attempt))
    if not attempt.pulled:
        return Unavailable(f"the platform started a copy of {update.reference} that it already had")
    if not update.digest:
        return Unavailable(f"the log names no digest, and that of {update.reference} is not known")
    return _judge_tag_now(update.reference, update.digest, timeouts, seen.tag_now)


def _judge_tag_now(reference: str, digest: Digest, timeouts: Timeouts, now: Reading[Digest]) -> Evidence:
    """Return the evidence in what the tag means, once the start that pulled it is over."""
    if isinstance(now, NotYet):
        return Pending(reason=now.reason, alone_for=timeouts.settled_failure)
    if isinstance(now, NotAllowed):
        return Unavailable(f"the log names no digest, and {now.reason}")
    if str(now.value) != str(digest):
        return Unavailable(f"the log names no digest, and the tag has since moved to {now.value}")
    return Passed(f"this start pulled {reference}, whose digest was {digest} before and after")


def _at_deadline(question: Question, seen: Observation, attempt: Attempt) -> StartFailure:
    """Return why the previous start failed, if it did, because the platform retries; otherwise, that time is up."""
    failed = seen.log.value.last_failed() if isinstance(seen.log, Seen) else None
    return _explained(question, failed) if failed else _not_up(question, attempt)


def _explained(question: Question, attempt: Attempt) -> StartFailure:
    update = question.update
    return explain(attempt, app=update.app.title, reference=update.reference, settings=question.settings)


def _another_image(question: Question, line: str) -> OldImageStarted:
    app, reference = question.update.app.title, question.update.reference
    return OldImageStarted(app=app, reference=reference, line=redacted(line, question.settings), tail="")


def _not_up(question: Question, attempt: Attempt) -> NotUpInTime:
    return NotUpInTime(
        app=question.update.app.title,
        reference=question.update.reference,
        minutes=f"{question.seconds / 60:g}",
        seen=f"{attempt.phase()}, since {attempt.began:%H:%M:%S}Z",
    )


def _has_digest(name: str) -> bool:
    return name.rpartition("@")[2].startswith("sha256:")


def _same_name(one: str, other: str) -> bool:
    """Tell whether two names mean the same image; Docker Hub and the tag latest may be omitted."""
    if one == other:
        return True
    try:
        parsed = [ImageReference.parse(name) for name in (one, other)]
    except NotAReference:
        return False
    names = {(each.host, each.repository.removeprefix("library/"), each.wanted) for each in parsed}
    return len(names) == 1
