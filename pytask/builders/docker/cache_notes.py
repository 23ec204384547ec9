"""How long the steps of a build took, noted on its cache, so that a later build can say what the cache saved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytask.decode import decode, number_at, object_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytask.builders.docker.steps import Steps

_NAME = "function-app-container-deploy.step-seconds"
_SHORTEST = 0.5
"""Seconds; shorter steps are not worth a word."""
_MOST = 50
"""Steps, the longest ones."""


def notes_of(steps: Steps, known: Mapping[str, float]) -> dict[str, str]:
    """Return the annotations for a cache that was written after these steps.

    What was cached now took as long as `known` says, when it ran.
    """
    seconds = {step.name: known.get(step.name, 0.0) if step.cached else step.seconds for step in steps.all}
    longest = sorted((item for item in seconds.items() if item[1] >= _SHORTEST), key=lambda item: -item[1])[:_MOST]
    return {_NAME: json.dumps(dict(sorted(longest)), separators=(",", ":"))} if longest else {}


def known_seconds(manifests: Iterable[bytes]) -> dict[str, float]:
    """Return the seconds of each step that the manifests of caches note, the first one's where several do."""
    known: dict[str, float] = {}
    for manifest in manifests:
        noted = object_at(decode(text_at(decode(manifest), "annotations", _NAME)))
        seconds = {name: number_at(noted, name) or 0.0 for name in noted}
        known = {**seconds, **known}
    return known
