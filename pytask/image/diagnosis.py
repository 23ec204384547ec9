"""What a failed build means, read from the output of `docker build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.docker import AgentDiskFull, BuildFailed, EngineUnreachable
from pytask.image.base_image import base_image_failure
from pytask.image.dockerfile import shown
from pytask.image.trouble import network_trouble, trouble_inside
from pytask.image.usage import usage_mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytask.errors import TaskFailure
    from pytask.model import Recipe

_NO_ENGINE = ("connect to the docker daemon", "connect to the docker api")


def failure(
    recipe: Recipe,
    exit_code: int,
    tail: Iterable[str],
    *,
    refusals: Mapping[str, TaskFailure] | None = None,
    answers: Mapping[str, TaskFailure | None] | None = None,
) -> TaskFailure:
    """Give the failure behind the last lines of a build's output.

    `refusals` are those the command met, by host; `answers` has the registries that BuildKit asked this run's
    credentials for, and why it got none.
    """
    text = list(tail)
    errors = [line for line in text if line.lower().lstrip().startswith(("error", "failed to"))]
    reason = errors[-1].strip() if errors else (text[-1].strip() if text else "it printed nothing")
    whole = "\n".join(text).lower()
    for host, refusal in (refusals or {}).items():
        if host in whole:
            return refusal
    if denied := usage_mistake(recipe, text) or base_image_failure(text, answers or {}):
        return denied
    if trouble := network_trouble(reason):
        return trouble
    if any(sign in whole for sign in _NO_ENGINE):
        return EngineUnreachable(detail=reason)
    if "no space left on device" in whole:
        return AgentDiskFull(detail=reason)
    dockerfile = shown(recipe.dockerfile, recipe.sources)
    inside = trouble_inside(dockerfile, reason, text)
    return inside or BuildFailed(dockerfile=dockerfile, exit_code=exit_code, reason=reason)
