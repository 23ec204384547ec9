"""Lines of the platform's log as published logs have them, at seconds after the update."""

from __future__ import annotations

from datetime import timedelta

from tests.scripted import BEGAN, OURS, REFERENCE


def classic(at: float, text: str, level: str = "INFO ") -> str:
    """Return a line in the classic dialect."""
    moment = BEGAN + timedelta(seconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z {level} - {text}\n"


def of_2025(at: float, text: str) -> str:
    """Return a line in the dialect of 2025."""
    return f"{BEGAN + timedelta(seconds=at):%Y-%m-%dT%H:%M:%S.%f}1Z {text}\n"


def classic_start(at: float = 1, *, digest: str = str(OURS), by: str = REFERENCE, ready: float | None = 4) -> str:
    """Return a start in the classic dialect, with the sidecar of an app that has an identity around it."""
    lines = [
        classic(at, f"Pulling image: {REFERENCE}"),
        classic(at + 0.5, "7 Pulling from shop"),
        classic(at + 1, f" Digest: {digest}"),
        classic(at + 1, f" Status: Downloaded newer image for {REFERENCE}"),
        classic(at + 1.1, "Pull Image successful, Time taken: 1 Seconds"),
        classic(at + 1.2, "Starting container for site"),
        classic(at + 1.3, f"docker run -d --expose=80 --name shop_1_0a1b2c3d -e WEBSITES_PORT=80 {by}"),
        classic(
            at + 1.4,
            "Container shop_1_0a1b2c3d_msiProxy for site shop initialized successfully and is ready to serve requests.",
        ),
        classic(at + 1.5, "Initiating warmup request to container shop_1_0a1b2c3d for site shop"),
    ]
    if ready is not None:
        lines.append(
            classic(
                ready,
                "Container shop_1_0a1b2c3d for site shop initialized successfully and is ready to serve requests.",
            )
        )
    return "".join(lines)


def start_that(what: str, at: float, *, digest: str = str(OURS)) -> str:
    """Return a start after an update: one that `runs`, `crashes`, `is refused` or `never gets ready`.

    Sources: https://github.com/Azure/webapps-deploy/issues/454 (the pull) and
    https://learn.microsoft.com/troubleshoot/azure/app-service/faqs-app-service-linux (the silence)
    """
    if what == "is refused":
        answer = '{"message":"unauthorized: authentication required"}'
        return (
            classic(at + 1, f"Pulling image: {REFERENCE}")
            + classic(
                at + 2,
                f"DockerApiException: Docker API responded with status code=Unauthorized, response={answer}",
                "ERROR",
            )
            + classic(
                at + 3,
                "Image pull failed: Verify docker image configuration and credentials (if using private repository)",
                "ERROR",
            )
        )
    start = classic_start(at=at + 1, digest=digest, ready=at + 4 if what == "runs" else None)
    exits = "Container shop_1_0a1b2c3d for site shop has exited, failing site start"
    silent = "Container shop_1_0a1b2c3d didn't respond to HTTP pings on port: 80, failing site start."
    ends = {"crashes": classic(at + 6, exits, "ERROR"), "never gets ready": classic(at + 60, silent, "ERROR")}
    return start + ends.get(what, "")


def start_of_2025(at: float = 1, *, pulled: bool = True, reference: str = REFERENCE, ready: float | None = 4) -> str:
    """Return a start in the dialect of 2025; without a pull the platform uses the copy that it has."""
    registry = reference.partition("/")[0]
    lines = [
        of_2025(at, "Container start method called."),
        of_2025(at + 0.1, f"Pulling image: {reference}."),
        *([of_2025(at + 0.8, f"Image {reference} is pulled from registry {registry}")] if pulled else []),
        of_2025(at + 1, "Creating container."),
        of_2025(
            at + 1.1,
            f"Creating container with image: {reference} from registry: {registry} "
            f"and fully qualified image name: {reference}",
        ),
        of_2025(at + 1.3, "Starting container: 36787a59fee3_shop."),
        of_2025(at + 1.4, "Container is running."),
    ]
    if ready is not None:
        lines += [
            of_2025(ready - 0.1, "Site startup probe succeeded after 2.4 seconds."),
            of_2025(ready, "Site started."),
        ]
    return "".join(lines)


def until(log: str, seconds: float) -> str:
    """Return what a log holds so many seconds after the update."""
    moment = f"{BEGAN + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%f}"
    return "".join(f"{line}\n" for line in log.splitlines() if line[:23] <= moment[:23])
