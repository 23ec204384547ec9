"""Lines of App Service about a start in its dialects, and what the program reads from them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pytask.targets.site.platform_log import Attempt, FailureKind, PlatformLog, read_platform_log

NEW, OLD = "sha256:" + "1" * 64, "sha256:" + "0" * 64
REFERENCE = "contoso.azurecr.io/hello:2"
SINCE = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
APP = "hello_0_9a00cf51"
READY = "initialized successfully and is ready to serve requests."


def classic(second: float, text: str, level: str = "INFO ") -> str:
    return f"{SINCE + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z {level} - {text}\n"


def of_2025(second: float, text: str) -> str:
    return f"{SINCE + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".") + f"Z {text}\n"


def said(second: float, text: str) -> str:
    """Return a line of the container as it stands beside classic lines, with nine digits of a second."""
    return f"{SINCE + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}000Z {text}\n"


def docker_run(second: float, image: str, name: str = APP) -> str:
    return classic(second, f"docker run -d --expose=80 --name {name} -e WEBSITE_SITE_NAME=hello {image}  ")


def state(second: float, action: str, *, error: str = "", at: str = "01/01/0001 00:00:00", details: str = "") -> str:
    told = f"LastError: {error}, LastErrorTimestamp: {at}, LastErrorDetails: , Details: {details}, DetailsLevel: INFO"
    return of_2025(second, f"State: Starting, Action: {action}, {told}")


PULLED = (
    classic(1, f"Pulling image: {REFERENCE}")
    + classic(1.1, "2 Pulling from hello")
    + classic(2, f" Digest: {NEW}")
    + classic(2.1, f" Status: Downloaded newer image for {REFERENCE}")
    + classic(2.2, "Pull Image successful, Time taken: 1 Seconds")
)
GOOD = PULLED + docker_run(3, REFERENCE) + classic(4, f"Container {APP} for site hello {READY}")
RUNS_2025 = (
    state(1, "PullingImage", details=f"Pulling image {REFERENCE} for hello.")
    + of_2025(1.2, f"Pulling image: {REFERENCE}.")
    + of_2025(2, f"Image {REFERENCE} is pulled from registry contoso.azurecr.io")
    + of_2025(
        3,
        f"Creating container with image: {REFERENCE} from registry: contoso.azurecr.io and fully qualified image "
        f"name: {REFERENCE}",
    )
    + of_2025(3.5, "Starting container: 0e9d12767434_hello.")
)
GOOD_2025 = RUNS_2025 + of_2025(9, "Site startup probe succeeded after 5.5 seconds.") + of_2025(9.5, "Site started.")
KUDU_2025 = (
    of_2025(1.1, "Pulling image: appsvc/kudulite:noble_20260323.3.tuxprod.")
    + of_2025(
        1.6,
        "Creating container with image: appsvc/kudulite:noble from registry: 10.0.0.4:13209 and fully qualified image "
        "name: 10.0.0.4:13209/appsvc/kudulite:noble",
    )
    + of_2025(3.2, "Starting container: 390b5ad2efb6_hello_kudu.")
)


def read(text: str, *, since: datetime = SINCE, site: str = "", reference: str = REFERENCE) -> PlatformLog:
    return read_platform_log(text, reference=reference, since=since, site=site)


def latest(text: str, *, since: datetime = SINCE, site: str = "") -> Attempt:
    attempt = read(text, since=since, site=site).latest()
    assert attempt
    return attempt


def kind(text: str) -> FailureKind | None:
    failure = latest(text).failure
    return failure.kind if failure else None


EXIT_2025 = (
    of_2025(6, "Container has finished running with exit code: 3.")
    + of_2025(6.1, "Container is terminating. Grace period: 5 seconds.")
    + of_2025(6.2, "Stopping container: 0e9d12767434_hello.")
    + of_2025(6.5, "Site container: hello terminated during site startup.")
    + of_2025(7, "Site startup probe failed after 3.4 seconds.")
)
