"""The platform's log in the form of 2025: `State: …, Action: …` lines, and no level, dash or digest.

Platform and container lines look alike here: seven digits of a second, then the text.
Source of the wording: logs that users published of apps on this platform, e.g.
https://yeongseon.github.io/azure-app-service-practical-guide/troubleshooting/playbooks/app-startup-failures/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, ClassVar

from .platform_log import Launch, PlatformLog

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEVER = "01/01/0001 00:00:00"
_REFUSED = ("unauthorized", "denied", "forbidden")


@dataclass(slots=True)
class Log2025(PlatformLog):
    """The newer dialect. The last error stays in every later state line, also when the app runs again."""

    pulls_again_without_credentials: ClassVar[bool] = False
    lines: list[str] = field(default_factory=list)
    _last_error: str = ""
    _last_error_details: str = ""
    _last_error_at: str = _NEVER

    @property
    def text(self) -> str:
        """The whole log, as ARM hands it out."""
        return "".join(line + "\n" for line in self.lines)

    def another(self, name: str) -> Log2025:
        """Return an empty log of the same dialect."""
        _ = name
        return Log2025()

    def container_said(self, lines: Sequence[str]) -> None:
        """Take over what a container printed, as it is: nothing tells it from the platform's own lines."""
        for line in lines:
            self._line(line)

    def pulling(self, launch: Launch) -> None:
        """Say that a pull begins."""
        self._state("Starting", "StartingSiteContainers", "")
        self._line("Container start method called.")
        self._state("Starting", "PullingImage", f"Pulling image {launch.reference} for {launch.site}.")
        self._line("Establishing network.")
        self._line(f"Pulling image: {_without_registry(launch.reference)}.")

    def pulled(self, launch: Launch, digest: str, *, seconds: float, fresh: bool) -> None:
        """Say what was pulled; this form names no digest."""
        _ = (digest, seconds, fresh)
        self._line(f"Image {_without_registry(launch.reference)} is pulled from registry {_registry(launch.reference)}")

    def pull_refused(self, launch: Launch, text: str) -> None:
        """Name the kind of the refusal and give its text."""
        refused = any(sign in text.lower() for sign in _REFUSED)
        advice = "Image pull failed with forbidden or unauthorized. Check registry credentials. " if refused else ""
        details = f"Failed to pull image: {launch.reference}. {advice}{text}".strip()
        self._line(details)
        self._fail("ImagePullUnauthorizedFailure" if refused else "ImagePullFailure", details)
        self._state("Stopping", "StoppingSite", "", level="ERROR")

    def defaulting_to_local_copy(self, *, present: bool) -> None:
        """Say nothing: this platform does not make do with a copy."""

    def starting(self, launch: Launch, digest: str) -> None:
        """Say which image the container is made of, by the reference that is configured."""
        _ = digest
        site, reference = launch.site, launch.reference
        self._line("Container is starting.")
        self._state("Starting", "MountingVolumes", f"Mounting volumes for {site}.")
        self._line("Establishing user namespace if not established already.")
        self._line("Mounting volumes.")
        done = f"Finished pulling container image and mounting volumes for {site}. "
        rest = "Allocatinng the rest of the container resources to finish container creation."
        self._state("Starting", "CreatingContainer", done + rest)
        self._line("Creating container.")
        self._line(
            f"Creating container with image: {_without_registry(reference)} from registry: {_registry(reference)} "
            f"and fully qualified image name: {reference}",
        )
        self._line(f"Starting container: {_own_name(launch)}.")

    def warming_up(self, launch: Launch) -> None:
        """Say that the container runs and is asked for a first answer."""
        running = f"Container {launch.site} successfully created and is running."
        self._line("Starting watchers and probes.")
        self._line("Container is running.")
        self._state("Starting", "CreatingContainer", running)
        self._state("Starting", "InitiatingSiteWarmUpProbe", running)
        pinging = "Pinging warmup path to ensure container is ready to receive requests."
        self._state("Starting", "WaitingForSiteWarmUpProbeSuccess", pinging)

    def ready(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container answers and gets the traffic."""
        _ = launch
        probed = f"Site startup probe succeeded after {seconds:.7f} seconds."
        self._line(probed)
        self._state("Starting", "WarmUpProbeSucceeded", probed)
        self._line("Site started.")
        started = f"Site started at {datetime.now(timezone.utc):%m/%d/%Y %H:%M:%S} (UTC)"
        self._state("Started", "None", started)

    def exited(self, launch: Launch, *, code: int, seconds: float) -> None:
        """Say that the container ended before it answered, and with what exit code."""
        self._line("Container is terminating. Grace period: 5 seconds.")
        self._line(f"Container has finished running with exit code: {code}.")
        self._line(f"Site container: {launch.site} terminated during site startup.")
        self._probe_failed(seconds)

    def silent(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container ran but did not answer in time."""
        _ = launch
        self._line(f"Container did not start within expected time limit of {seconds:g}s.")
        self._probe_failed(seconds)

    def could_not_run(self, launch: Launch, text: str) -> None:
        """Give the engine's refusal to run the container at all."""
        self._line(f"Failed to start container {launch.site}: {text}")
        self._fail("ContainerStartFailure", text)
        self._state("Stopping", "CancellingStartup", "", level="ERROR")

    def interrupted(self, launch: Launch) -> None:
        """Say nothing."""

    def crashed(self, launch: Launch, code: int) -> None:
        """Say that a container that had served ended."""
        self._line(f"Container has finished running with exit code: {code}.")
        self._fail("NoResponse", f"Site container: {launch.site} terminated.")
        self._state("Stopping", "StoppingSiteContainers", "", level="ERROR")

    def stopped(self, launch: Launch) -> None:
        """Say that a container was ended."""
        self._state("Stopping", "StoppingSite", "")
        self._line("Container is terminating. Grace period: 5 seconds.")
        self._line(f"Stopping container: {_own_name(launch)}.")
        self._line(f"Site: {launch.site} stopped.")

    def did_not_start(self, launch: Launch, *, last: bool) -> None:
        """Say that the start is over, without success."""
        _ = last
        self._line("Failed to start site. Revert by stopping site.")
        self._line(f"Site: {launch.site} stopped.")

    def _probe_failed(self, seconds: float) -> None:
        text = f"Site startup probe failed after {seconds:.7f} seconds."
        self._line(text)
        self._fail("ContainerTimeout", text)
        self._state("Stopping", "CancellingStartup", "", level="ERROR")

    def _fail(self, error: str, details: str) -> None:
        self._last_error, self._last_error_details = error, details
        self._last_error_at = f"{datetime.now(timezone.utc):%m/%d/%Y %H:%M:%S}"

    def _state(self, state: str, action: str, details: str, *, level: str = "INFO") -> None:
        self._line(
            f"State: {state}, Action: {action}, LastError: {self._last_error}, "
            f"LastErrorTimestamp: {self._last_error_at}, LastErrorDetails: {self._last_error_details}, "
            f"Details: {details}, DetailsLevel: {level}",
        )

    def _line(self, text: str) -> None:
        self.lines.append(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}0Z {text}")


def _registry(reference: str) -> str:
    return reference.partition("/")[0]


def _without_registry(reference: str) -> str:
    return reference.partition("/")[2]


def _own_name(launch: Launch) -> str:
    return f"{launch.container.rpartition('_')[2]}_{launch.site}"
