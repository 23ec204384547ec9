"""Why a run failed, judged by its status and by what its last step printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.builders.acr.task import BUILD_STEP, PUSH_STEP
from pytask.builders.docker.diagnosis import failure
from pytask.errors.acr_build import AcrRunCanceled, AcrRunFailed, AcrRunTimedOut
from pytask.errors.build import BuildFailed, PlatformNotRunnable
from pytask.errors.build_inputs import DockerfileNotFound
from pytask.errors.foreign import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytask.builders.acr.run import Ended
    from pytask.builders.acr.task import Order
    from pytask.errors import TaskFailure

_OF_THE_AGENT = ("docker-", "agent-", "engine-")
"""How codes begin that speak of this agent's own Docker."""
_SHOWN, _LONGEST = 5, 1_500
_NO_BUILDKIT = (
    "buildkit is enabled but the buildx component is missing or broken",
    "buildkit not supported by daemon",
    "buildkit is only supported on",
    "buildkit is not supported",
)
"""https://github.com/docker/cli/blob/master/cmd/docker/builder.go"""
_PUSHED = re.compile(r"\S+: digest: (sha256:[0-9a-f]{64}) size: \d+", re.ASCII)


def run_failure(registry: str, order: Order, ended: Ended) -> TaskFailure:
    """Return why a run did not succeed. It leaves open whether something was pushed, if that was begun."""
    found = _failure(registry, order, ended)
    found.leaves_open = order.pushes and (PUSH_STEP in ended.steps or not ended.steps)
    return found


def lacks_buildkit(ended: Ended) -> bool:
    """Tell whether the run ended because its Docker has no BuildKit."""
    said = " ".join(ended.lines[-_SHOWN:]).lower()
    return ended.how == "failed" and any(words in said for words in _NO_BUILDKIT)


def pushed_digest(ended: Ended) -> str:
    """Return the digest of what the run pushed, as its push said; empty when it is not known.

    It is the last step's own output, and all tags are of one image.
    """
    if PUSH_STEP not in ended.steps[-1:]:
        return next(iter(ended.digests)) if len(ended.digests) == 1 else ""
    told = {found.group(1) for line in ended.lines if (found := _PUSHED.fullmatch(line.strip()))}
    return next(iter(told)) if len(told) == 1 else ""


def _failure(registry: str, order: Order, ended: Ended) -> TaskFailure:
    if ended.how == "timeout":
        return AcrRunTimedOut(registry=registry, run=ended.run)
    if ended.how == "canceled":
        return AcrRunCanceled(registry=registry, run=ended.run)
    is_in_build = bool(ended.steps) and ended.steps[-1].startswith(BUILD_STEP)
    if ended.how == "failed" and is_in_build:
        found = failure(order.recipe, 1, ended.lines)
        is_of_the_build = isinstance(found, BuildFailed | PlatformNotRunnable | DockerfileNotFound)
        if is_of_the_build or not found.code.startswith(_OF_THE_AGENT):
            return found
    return AcrRunFailed(registry=registry, run=ended.run, detail=_told(ended.lines, ended.detail))


def _told(lines: Iterable[str], detail: str) -> str:
    """Return the last lines of a log, and Azure's own message."""
    last = [line.strip() for line in lines][-_SHOWN:]
    return shortened("\n".join([*last, *([detail] if detail else [])]), _LONGEST) or "ACR Tasks gives no reason"
