"""Verifying that a site runs the image that it was pointed at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.targets.site.checks import checks
from pytask.targets.site.observation import Observer
from pytask.targets.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.model import Digest
    from pytask.targets.site.observed import Observation, Question
    from pytask.verification import Watch

_START_LIMIT = "WEBSITES_CONTAINER_START_TIME_LIMIT"
_BEYOND_START_LIMIT = 60.0


def watch_site(azure: Azure, question: Question, *, digest_now: Callable[[str], Reading[Digest]]) -> Watch[Observation]:
    """Return how to observe whether the site runs the new image, within the time limit of the question.

    `digest_now` returns the digest that a reference means in the registry.
    """
    observer = Observer(azure=azure, question=question, digest_now=digest_now, say=azure.arm.http.say)
    return watch(observer, checks(question, azure.arm.http.timeouts), question.seconds)


def start_limit(settings: Mapping[str, str] | None) -> float:
    """Return the seconds that the app's own start limit requires; 0 when it has none.

    Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
    """
    limit = (settings or {}).get(_START_LIMIT, "")
    return float(limit) + _BEYOND_START_LIMIT if limit.isdigit() else 0.0
