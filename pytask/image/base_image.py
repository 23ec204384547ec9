"""Why a base image could not be pulled, from what BuildKit prints of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.errors.docker import BaseImageDenied, BaseImageUnauthorized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytask.errors import TaskFailure

_STEP = re.compile(r" ?> (?:\[internal\] )?(?:load metadata|resolve image config) for (?:docker-image://)?(\S+?):?")
_ERROR = re.compile(r"#\d+ ERROR: (.+)")
_DENIED = ("pull access denied", "insufficient_scope", "401 unauthorized", "403 forbidden", "unauthorized:", "denied:")
"""What containerd's resolver and the registries say.
https://github.com/containerd/containerd/blob/main/core/remotes/docker/resolver.go"""


def base_image_failure(output: Sequence[str], answers: Mapping[str, TaskFailure | None]) -> TaskFailure | None:
    """Give the failure that the last lines of a build tell; None when no registry refused.

    `answers` has the registries that were asked for with credentials of this run, and why there were none.
    """
    image = next((found.group(1) for line in reversed(output) if (found := _STEP.fullmatch(line.rstrip()))), "")
    if not image:
        return None
    host = image.partition("/")[0].lower()
    if refusal := answers.get(host):
        return refusal
    errors = [found.group(1) for line in output if (found := _ERROR.fullmatch(line.rstrip()))]
    detail = next((error for error in errors if any(sign in error.lower() for sign in _DENIED)), "")
    if not detail:
        return None
    kind = BaseImageDenied if host in answers else BaseImageUnauthorized
    return kind(image=image, registry=host, detail=detail)
