"""The grammar of the platform's lines without a level, such as `State: …`, `Pulling image: …` and `Site started`.

The container's lines have the same timestamps: only complete sentences that the platform is known to write count as
its own.
"""

from __future__ import annotations

import re

from pytask.targets.site.platform_log.attempt import FailureKind
from pytask.targets.site.platform_log.causes import cause_of_pull, cause_of_start
from pytask.targets.site.platform_log.statement import NOTHING, Statement, What

_IDLE = (
    "Container start method called.",
    "Container start method finished after ",
    "Container is starting.",
    "Container is running.",
    "Container is terminated.",
    "Container spec TerminationMessagePolicy",
    "Container start up interrupted",
    "Establishing network",
    "Establishing user namespace if not established",
    "Mounting volumes.",
    "Nested mountpoint",
    "Creating container.",
    "Creating pipes for streaming container io.",
    "Creating stdout named pipe at",
    "Creating stderr named pipe at",
    "Successfully created std",
    "Opening named pipe ",
    "Successfully opened named pipe",
    "Successfully removed non-blocking flag",
    "Starting watchers and probes.",
    "Starting metrics collection.",
    "Site is running with ",
    "Site: ",
    "Kudu: ",
    "Stop and delete container.",
    "Deleting container: ",
    "Failed to start kudu. ",
    "Start site prohibitted because the site is being blocked",
)
OPENINGS = (
    *(re.escape(one) for one in _IDLE),
    "State: ",
    r"Pulling image: |Image [^\n]*? is pulled from registry |Creating container with image: ",
    r"Starting container: |Stopping container: |Site startup probe |Site started\.",
    r"Container has finished running with exit code: |Container is terminating\. |Site container: ",
    r"No listening ports were detected|Failed to start |Container [^\n]*? failed with |Container pull image ",
    r"Failed to pull image: |Volume: ",
)
"""Patterns of which one fits the beginning of every statement, to rule out most lines of a container at no cost."""
_ERRORS = {
    "ContainerTimeout": FailureKind.SILENT,
    "ContainerStartupFailure": FailureKind.EXITED,
    "ContainerCreateFailure": FailureKind.START_FAILED,
    "BYOSFailure": FailureKind.STORAGE_MOUNT,
    "ImagePullUnauthorizedFailure": FailureKind.PULL_UNAUTHORIZED,
    "ImagePullNotFoundFailure": FailureKind.PULL_NOT_FOUND,
    "ImagePullFailure": FailureKind.PULL_FAILED,
}
_LONGEST_NUMBER = 12
_USERS_MOUNT = "BYOS"
_BEGINS = frozenset({"EstablishingSiteNetworks", "StartingSiteContainers", "PullingImage"})


def read_2025(text: str) -> Statement | None:
    """Return the statement of a line without a level; None when it is the container's."""
    if text.startswith("State: "):
        return _state(text)
    for read in (_of_image, _of_container, _of_ending, _of_failure):
        if statement := read(text):
            return statement
    return NOTHING if text.startswith(_IDLE) else None


def _of_image(text: str) -> Statement | None:
    if text.startswith("Pulling image: "):
        return Statement(what=What.PULL, step="pull", image=_word(text, "Pulling image: ").removesuffix("."))
    if text.startswith("Image ") and " is pulled from registry " in text:
        return Statement(what=What.PULLED, image=_word(text, "Image "))
    if text.startswith("Creating container with image: "):
        image = _after(text, " fully qualified image name: ") or _word(text, "Creating container with image: ")
        return Statement(what=What.CREATE, image=image.removesuffix("."))
    return None


def _of_container(text: str) -> Statement | None:
    if text.startswith("Starting container: "):
        return Statement(what=What.NAME, container=_word(text, "Starting container: ").removesuffix("."))
    if text.startswith("Stopping container: "):
        return Statement(what=What.STOP, container=_word(text, "Stopping container: ").removesuffix("."))
    if text.startswith("Site startup probe succeeded after "):
        return Statement(what=What.READY, step="probe", seconds=_seconds(text))
    if text == "Site started.":
        return Statement(what=What.READY, step="started")
    return None


def _of_ending(text: str) -> Statement | None:
    if text.startswith("Container has finished running with exit code: "):
        return Statement(what=What.EXIT, kind=FailureKind.EXITED)
    if text.startswith("Container is terminating. "):
        return Statement(what=What.TERMINATE, of_kudu="Grace period: 0 " in text)
    if text.startswith("Site container: ") and " terminated during site startup" in text:
        name = _word(text, "Site container: ")
        return Statement(what=What.FAIL, container=name, site=name, kind=FailureKind.START_FAILED, weak=True)
    if text.startswith("Failed to start site. "):
        return Statement(what=What.END)
    return None


def _of_failure(text: str) -> Statement | None:
    if text.startswith("Site startup probe failed after "):
        return Statement(what=What.FAIL, kind=FailureKind.SILENT, seconds=_seconds(text))
    if text.startswith("No listening ports were detected"):
        return Statement(what=What.FAIL, kind=FailureKind.SILENT, weak=True)
    if text.startswith("Failed to start container ") or (text.startswith("Container ") and " failed with " in text):
        pull = text.startswith("Container pull image failed")
        return _pull_failed(text) if pull else Statement(what=What.FAIL, kind=cause_of_start(text))
    if text.startswith(("Container pull image interrupted", "Failed to pull image: ")):
        return _pull_failed(text)
    return _of_volume(text)


def _pull_failed(text: str) -> Statement:
    said = "Failed to pull image: "
    image = _word(text, said) if text.startswith(said) else ""
    return Statement(what=What.FAIL, of_pull=True, kind=cause_of_pull(text), image=image)


def _of_volume(text: str) -> Statement | None:
    if not text.startswith("Volume: ") or " cannot be mounted at " not in text:
        return None
    users = _word(text, "Volume: ").startswith(_USERS_MOUNT)
    kind = FailureKind.STORAGE_MOUNT if users else FailureKind.START_FAILED
    return Statement(what=What.FAIL, container=_after(text, "during container: "), kind=kind)


def _state(text: str) -> Statement:
    """Return the statement of a line `State: …`, with its last error, which it repeats long after that error."""
    action, details = _field(text, "Action: "), text.rpartition(", Details: ")[2]
    error = _field(text, "LastError: ")
    kind = _ERRORS.get(error)
    what, image, site = What.NOTHING, "", ""
    if text.startswith("State: Started, "):
        what, action = What.READY, "state"
    elif text.startswith("State: Starting, ") and action in _BEGINS:
        what = What.BEGIN
    if action == "PullingImage":
        image, _, site = details.removeprefix("Pulling image ").partition(" for ")
    return Statement(
        what=what,
        step=action,
        image=image.strip() if site else "",
        site=site.partition(".,")[0].strip(),
        kind=kind,
        of_pull=error.startswith("ImagePull"),
        dated=_field(text, "LastErrorTimestamp: ") if kind else "",
        details=f"{error}: {text.partition('LastErrorDetails: ')[2].partition(', Details: ')[0]}",
    )


def _seconds(text: str) -> float | None:
    """Return the seconds in `… after 12.4412323 seconds.`; None when there are none."""
    try:
        return float(_after(text, " after ").removesuffix("s")[:_LONGEST_NUMBER])
    except ValueError:
        return None


def _field(text: str, name: str) -> str:
    return text.partition(name)[2].partition(",")[0]


def _word(text: str, said: str) -> str:
    """Return the word after a text's prefix."""
    return text[len(said) :].partition(" ")[0]


def _after(text: str, said: str) -> str:
    """Return the word after `said` in a text; empty when it is not there."""
    return text.partition(said)[2].partition(" ")[0]
