"""Turning the failure of a revision into a failure of the catalogue, with the platform's own message.

Source of the messages: https://learn.microsoft.com/azure/container-apps/troubleshooting and
https://azureossd.github.io/2023/08/25/Container-Apps-Troubleshooting-image-pull-errors/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.poll import Seen
from pytask.errors.container_app import RevisionFailed, RevisionProbeFails, RevisionPullUnauthorized
from pytask.errors.start import (
    ContainerExits,
    PullFailed,
    PullFirewall,
    PullNotFound,
    WrongArchitecture,
)
from pytask.targets.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.errors.start import StartFailure, ToldStartFailure
    from pytask.targets.container_app.app import ContainerAppUpdate
    from pytask.targets.container_app.observed import Observation

_SIGNS: tuple[tuple[tuple[str, ...], type[ToldStartFailure]], ...] = (
    (("client with ip",), PullFirewall),
    (("manifest_unknown", "manifest unknown", "code = notfound", "name_unknown"), PullNotFound),
    (
        (
            "failed to fetch oauth token",
            "failed to authorize",
            "insufficient_scope",
            "unauthorized",
            "403 forbidden",
            "unable to pull image using managed identity",
        ),
        RevisionPullUnauthorized,
    ),
    (("failed to pull image", "imagepullfailure", "persistent image pull errors", "errimagepull"), PullFailed),
    (("exec format error",), WrongArchitecture),
    (("exit code", "crashloopbackoff", "containerterminated", "containerbackoff", "terminated"), ContainerExits),
    (("probe",), RevisionProbeFails),
)
"""In this order: causes come before their consequences. After a missing tag, Container Apps tries again anonymously and
is refused in the same message; after a crash, probes fail."""
_SHOWN = 5


def explain(update: ContainerAppUpdate, seen: Observation) -> StartFailure:
    """Return the catalogue's failure for a revision that failed; values of variables are not shown."""
    told = [redacted(line, update.app.environment) for line in dict.fromkeys(_words(seen))]
    meaning, line = _meaning(told)
    others = [one for one in told if one != line][-_SHOWN:]
    tail = "".join(f"\n  {one}" for one in others)
    return meaning(app=update.app.title, reference=update.reference, line=line, tail=tail)


def _meaning(told: list[str]) -> tuple[type[ToldStartFailure], str]:
    for signs, meaning in _SIGNS:
        for line in told:
            if any(sign in line.lower() for sign in signs):
                return meaning, line
    return RevisionFailed, told[0] if told else "the revision failed"


def _words(seen: Observation) -> Iterator[str]:
    if seen.operation_failed:
        yield seen.operation_failed
    yield from seen.events
    yield from (one.details for one in seen.running if one.details)
    if isinstance(seen.revision, Seen) and seen.revision.value.phase:
        yield seen.revision.value.phase
