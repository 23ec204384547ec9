"""Turning a failed attempt to start the app into a failure of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.start import (
    ContainerExits,
    ContainerSilent,
    ContainerStartFailed,
    PullFailed,
    PullFirewall,
    PullInterrupted,
    PullNetwork,
    PullNotFound,
    PullUnauthorized,
    ReferenceInvalid,
    StorageBroken,
    UserIdOutOfRange,
    WrongArchitecture,
)
from pytask.targets.redaction import redacted
from pytask.targets.site.platform_log import FailureKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.errors.start import StartFailure, ToldStartFailure
    from pytask.targets.site.platform_log import Attempt, Failure

_MEANINGS: dict[FailureKind, type[ToldStartFailure]] = {
    FailureKind.PULL_UNAUTHORIZED: PullUnauthorized,
    FailureKind.PULL_NOT_FOUND: PullNotFound,
    FailureKind.PULL_FIREWALL: PullFirewall,
    FailureKind.PULL_NETWORK: PullNetwork,
    FailureKind.PULL_INTERRUPTED: PullInterrupted,
    FailureKind.PULL_FAILED: PullFailed,
    FailureKind.REFERENCE_INVALID: ReferenceInvalid,
    FailureKind.USER_ID: UserIdOutOfRange,
    FailureKind.ARCHITECTURE: WrongArchitecture,
    FailureKind.EXITED: ContainerExits,
    FailureKind.SILENT: ContainerSilent,
    FailureKind.START_FAILED: ContainerStartFailed,
}
# Signs of a later line about the same failure that says more.
_TELLING = {
    FailureKind.SILENT: (" on port: ", "No listening ports"),
    FailureKind.STORAGE_MOUNT: ("BYOSFailure: ",),
}
_PLATFORM = "the app's platform log"


def explain(attempt: Attempt, *, app: str, reference: str, settings: Mapping[str, str] | None) -> StartFailure:
    """Return the catalogue's failure for an attempt that failed or whose pull failed, with the platform's own words.

    Values of `settings`, and anything that looks like a secret, are not shown.

    Raises:
        ValueError: when neither the attempt nor its pull has failed.
    """
    failure = attempt.failure or attempt.pull_failure
    if failure is None:
        raise ValueError("nothing to explain: the attempt has not failed")
    line = redacted(_line(failure), settings)
    if failure.kind is FailureKind.STORAGE_MOUNT:
        return StorageBroken(app=app, reference=reference, errors=line, source=_PLATFORM)
    output = () if failure.of_pull else attempt.output
    meaning = WrongArchitecture if any(map(_cannot_be_run, output)) else _MEANINGS[failure.kind]
    return meaning(app=app, reference=reference, line=line, tail=redacted(_tail(output), settings))


def _line(failure: Failure) -> str:
    """Return the platform's line: the first one, or a later one about the same failure that says more."""
    telling = _TELLING.get(failure.kind, ())
    more = (line for words in telling for line in failure.consequences if words in line)
    return next(more, failure.line)


def _tail(output: tuple[str, ...]) -> str:
    lines = "".join(f"\n  {line}" for line in output)
    return f"\nthe container's last lines:{lines}" if lines else ""


def _cannot_be_run(line: str) -> bool:
    """Tell whether a line of the container's output is the engine's, saying that it cannot run the program.

    An example: `exec /start.sh: exec format error`.
    """
    if line.startswith("exec /") and ": no such file" in line:
        return True
    return "exec format error" in line or "exec user process" in line
