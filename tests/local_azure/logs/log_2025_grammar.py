"""What the platform writes into its log in the form of 2025, step by step. Data only.

Taken from published logs, in the order in which they have the lines:
https://github.com/yeongseon/azure-app-service-practical-guide (labs, `kql-platform-*.json`): starts with and without a
line for the pull, exit codes, no answer, a site that is blocked, Kudu in parallel, old containers stopped late;
https://github.com/Azure/webapps-deploy/issues/455 (a pull that failed says no more than that);
https://github.com/Azure/azure-search-vector-samples/issues/326 (a Function App that does not answer).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """A line `State: …`, which repeats the last error of the site."""

    state: str
    action: str
    details: str = ""
    level: str = "INFO"


Line = str | State
"""A line, with `{facts}`."""

_TERMINATED = (
    "Container spec TerminationMessagePolicy  path ",
    "Container is terminated. Total time elapsed: {elapsed} ms.",
)
_GIVEN_UP = "Site container: {name} terminated during site startup."
_CANCELLING = State("Stopping", "CancellingStartup", f"{_GIVEN_UP} Cancelling site startup.", "ERR")
_PINGING = "Pinging warmup path to ensure container is ready to receive requests."
_RUNNING = "Container {name} successfully created and is running."
_FINISHED = (
    "Finished pulling container image and mounting volumes for {name}. "
    "Allocatinng the rest of the container resources to finish container creation."
)

PULLING: tuple[Line, ...] = (
    State("Starting", "EstablishingSiteNetworks"),
    State("Starting", "StartingSiteContainers"),
    "Container start method called.",
    State("Starting", "PullingImage", "Pulling image {image} for {name}."),
    "Establishing network.",
    "Pulling image: {image}.",
)
PULLED: tuple[Line, ...] = ("Image {image} is pulled from registry {registry}",)
"""Missing where the machine has that very image already."""
CREATING: tuple[Line, ...] = (
    "Container is starting.",
    State("Starting", "MountingVolumes", "Mounting volumes for {name}."),
    "Establishing user namespace if not established already.",
    "Establishing network if not established already.",
    "Mounting volumes.",
    "Nested mountpoint ",
    "Nested mountpoint volatile/logs",
    "Nested mountpoint ",
    State("Starting", "CreatingContainer", _FINISHED),
    "Creating container.",
    "Creating pipes for streaming container io.",
    "Creating stdout named pipe at /podr/container/pipe/{hash}_{name}/stdout_{pipe}.",
    "Successfully removed non-blocking flag from /podr/container/pipe/{hash}_{name}/stderr_{pipe}.",
    "Creating container with image: {image} from registry: {registry} and fully qualified image name: {full}",
)
RUNNING: tuple[Line, ...] = (
    "Starting container: {hash}_{name}.",
    "Starting watchers and probes.",
    "Starting metrics collection.",
    "Container is running.",
    State("Starting", "CreatingContainer", _RUNNING),
    "Container start method finished after {elapsed} ms.",
    State("Starting", "InitiatingSiteWarmUpProbe", _RUNNING),
    State("Starting", "WaitingForSiteWarmUpProbeSuccess", _PINGING),
)
READY: tuple[Line, ...] = (
    "Site startup probe succeeded after {seconds:.7f} seconds.",
    State("Starting", "WarmUpProbeSucceeded", "Site startup probe succeeded after {seconds:.7f} seconds."),
    "Site is running with deployment version: 00000000-0000-0000-0000-000000000000",
    "Site started.",
    State("Started", "None", "Site started at {moment} (UTC)"),
)
EXITED: tuple[Line, ...] = (
    "Container has finished running with exit code: {code}.",
    "Container is terminating. Grace period: 5 seconds.",
    "Stop and delete container. Retry count = 0",
    "Stopping container: {hash}_{name}.",
    "Deleting container: {hash}_{name}. Retry count = 0",
    *_TERMINATED,
    _GIVEN_UP,
    _CANCELLING,
    "Site startup probe failed after {seconds:.7f} seconds.",
)
SILENT: tuple[Line, ...] = ("Site startup probe failed after {seconds:.7f} seconds.",)
KUDU_REVERTED: tuple[Line, ...] = (
    "Failed to start kudu. Revert by stopping kudu.",
    "Container is terminating. Grace period: 0 seconds.",
    "Stop and delete container. Retry count = 0",
    "Stopping container: {kudu}.",
)
AFTER_SILENCE: tuple[Line, ...] = (
    State("Starting", "WaitingForSiteWarmUpProbeSuccess", _PINGING, "ERR"),
    "Container is terminating. Grace period: 5 seconds.",
    "Stop and delete container. Retry count = 0",
    "Stopping container: {hash}_{name}.",
    "Deleting container: {hash}_{name}. Retry count = 0",
    *_TERMINATED,
    _GIVEN_UP,
)
"""The platform's own stop of a container that did not answer, which reads like one that ended by itself."""
PULL_FAILED: tuple[Line, ...] = (
    "Container pull image failed with reason: ImagePullFailure. Revert by terminate.",
    "Container is terminating. Grace period: 5 seconds.",
    *_TERMINATED,
    _GIVEN_UP,
)
NOT_CREATED: tuple[Line, ...] = (
    "Container start up failed with reason: ContainerCreateFailure. Revert by terminate.",
    "Container is terminating. Grace period: 5 seconds.",
    *_TERMINATED,
    _GIVEN_UP,
)
"""Inferred: the words of a volume that cannot be mounted, with the reason that other hosts of containers give."""
PULL_INTERRUPTED: tuple[Line, ...] = (
    "Container pull image interrupted. Revert by terminate.",
    "Container is terminating. Grace period: 5 seconds.",
    *_TERMINATED,
    _GIVEN_UP,
)
START_INTERRUPTED: tuple[Line, ...] = ("Container start up interrupted. Revert by terminate.", *PULL_INTERRUPTED[1:])
DID_NOT_START: tuple[Line, ...] = (
    _CANCELLING,
    "Failed to start site. Revert by stopping site.",
    State("Stopping", "StoppingSite", f"{_GIVEN_UP} Cancelling site startup.", "ERR"),
    State("Stopping", "StoppingSiteContainers", f"{_GIVEN_UP} Cancelling site startup.", "ERR"),
    "Site: {site} stopped.",
)
_BLOCKED = (
    "Site is blocked due to multiple, consecutive cold start failures. Site scheduled to be unblocked at {unblocked}"
)
BLOCKED: tuple[Line, ...] = (
    State("Stopping", "StoppingSiteNetworks", f"{_GIVEN_UP} Cancelling site startup.", "ERR"),
    "Site: {site} will be blocked for 2 minutes till {unblocked}",
    State("Blocked", "StoppingSiteNetworks", "Site: {site} will be blocked for 2 minutes till {unblocked}", "WARN"),
    State("Stopped", "None", "Site stopped at {moment} (UTC)", "WARN"),
    State("Blocked", "None", _BLOCKED, "WARN"),
    "Start site prohibitted because the site is being blocked.",
)
STOPPED: tuple[Line, ...] = (
    State("Stopping", "StoppingSite", "Site started at {began} (UTC)"),
    State("Stopping", "StoppingSiteContainers", "Site started at {began} (UTC)"),
    "Container is terminating. Grace period: 5 seconds.",
    "Stop and delete container. Retry count = 0",
    "Stopping container: {hash}_{name}.",
    "Deleting container: {hash}_{name}. Retry count = 0",
    *_TERMINATED,
    "Site: {site} stopped.",
)
KUDU_STOPPED: tuple[Line, ...] = (
    "Container is terminating. Grace period: 0 seconds.",
    "Stop and delete container. Retry count = 0",
    "Stopping container: {kudu}.",
    "Deleting container: {kudu}. Retry count = 0",
    *_TERMINATED,
    "Kudu: {site} stopped.",
)
CRASHED: tuple[Line, ...] = (
    "Container has finished running with exit code: {code}.",
    "Container is terminating. Grace period: 5 seconds.",
    "Stop and delete container. Retry count = 0",
    "Stopping container: {hash}_{name}.",
    "Deleting container: {hash}_{name}. Retry count = 0",
    *_TERMINATED,
    State("Stopping", "StoppingSiteContainers", "Site started at {began} (UTC)", "ERR"),
)

CONTAINER_TIMEOUT = (
    "Container did not start within expected time limit of {limit:g}s. "
    "Please inspect your container logs for more details."
)
PULL_REFUSED = (
    "Failed to pull image: {image}. Image pull failed with forbidden or unauthorized. Check registry credentials."
)
"""In published excerpts it stands in `LastErrorDetails` only; the registry's own words stand nowhere."""
PULL_FAILED_DETAILS = "Failed to pull image: {image}."

KUDU = ("appsvc/kudulite:noble_20260323.3.tuxprod", ("mcr.microsoft.com", "10.0.0.4:13209"))
"""Its image, and the registries it is pulled from: Microsoft's, or a mirror beside the machines."""
