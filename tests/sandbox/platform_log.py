"""The log App Service keeps of a site's container: its own lines and, in between, what the container printed.

The classic form, e.g. `2026-11-23T12:27:31.201Z INFO  - Pulling image: …`. Sources of the wording:
https://github.com/Azure/webapps-deploy/issues/454 (pull failures),
https://github.com/Azure/azure-functions-docker/issues/1053 (a function app's start, no answer to pings),
https://github.com/MicrosoftDocs/azure-docs/issues/119788 (`docker run` with `--expose`),
https://github.com/MicrosoftDocs/azure-docs/issues/87100 (exited),
https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/ (user ids out of range).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOT_FOUND = ("not found", "pull access denied", "does not exist")


@dataclass(slots=True)
class PlatformLog:
    """The lines of one site, oldest first."""

    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The whole log, as ARM hands it out."""
        return "".join(line + "\n" for line in self.lines)

    def container_said(self, lines: Iterable[str]) -> None:
        """Take over what a container printed; nine digits of a second, unlike the platform's own three."""
        self.lines += [f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}000Z {line}" for line in lines]

    def pulling(self, reference: str) -> None:
        """Say that a pull begins."""
        self._info(f"Pulling image: {reference}")

    def pulled(self, reference: str, digest: str, *, seconds: float, fresh: bool) -> None:
        """Say what a pull brought, by digest; `fresh` where it was not on the host before."""
        repository, tag = split_reference(reference)
        status = "Downloaded newer image for" if fresh else "Image is up to date for"
        self._info(f"{tag} Pulling from {repository.partition('/')[2]}")
        self._info(f" Digest: {digest}")
        self._info(f" Status: {status} {reference}")
        self._info(f"Pull Image successful, Time taken: {int(seconds)} Seconds")

    def pull_refused(self, text: str) -> None:
        """Give the engine's error as the platform words it."""
        if "failed to register layer" in text:
            self._error(f"{text}Err: 0, Message: {text}")
            return
        status = "NotFound" if any(sign in text for sign in _NOT_FOUND) else "InternalServerError"
        message = json.dumps({"message": text}, separators=(",", ":"))
        self._error(f"DockerApiException: Docker API responded with status code={status}, response={message}")
        self.lines.append("")

    def defaulting_to_local_copy(self, *, present: bool) -> None:
        """Say that every attempt to pull failed, and whether that ends the start."""
        self._line("WARN ", "Image pull failed. Defaulting to local copy if present.")
        if not present:
            self._error(
                "Image pull failed: Verify docker image configuration and credentials (if using private repository)",
            )

    def starting(self, *, container: str, image: str, port: int, shown: Mapping[str, str]) -> None:
        """Say how the container is run; `shown` is what of its environment the line may show."""
        variables = "".join(f"-e {name}={value} " for name, value in shown.items())
        self._info("Starting container for site")
        self._info(f"docker run -d --expose={port} --name {container} {variables}{image}")

    def warming_up(self, *, container: str, site: str) -> None:
        """Say that the first request is on its way."""
        self._info(f"Initiating warmup request to container {container} for site {site}")

    def ready(self, *, container: str, site: str) -> None:
        """Say that the container answers and gets the traffic."""
        self._info(
            f"Container {container} for site {site} initialized successfully and is ready to serve requests.",
        )

    def exited(self, *, container: str, site: str) -> None:
        """Say that the container ended before it answered."""
        self._error(f"Container {container} for site {site} has exited, failing site start")

    def silent(self, *, container: str, site: str, port: int, seconds: float) -> None:
        """Say that the container ran but did not answer in time (seconds of the platform)."""
        self._error(
            f"Container {container} for site {site} did not start within expected time limit. "
            f"Elapsed time = {seconds:.7f} sec",
        )
        self._error(
            f"Container {container} didn't respond to HTTP pings on port: {port}, failing site start. "
            "See container logs for debugging.",
        )

    def could_not_run(self, *, container: str, site: str, text: str) -> None:
        """Give the engine's refusal to run the container at all."""
        self._error(f"Start container failed with System.AggregateException, {text}")
        self._error(f"Container {container} for site {site} has exited, failing site start")

    def did_not_start(self, site: str) -> None:
        """Say that the start is over, without success."""
        self._info(f"Stopping site {site} because it failed during startup.")

    def _info(self, text: str) -> None:
        self._line("INFO ", text)

    def _error(self, text: str) -> None:
        self._line("ERROR", text)

    def _line(self, level: str, text: str) -> None:
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.lines.append(f"{moment} {level} - {text}")


def split_reference(reference: str) -> tuple[str, str]:
    """Give repository (with host) and tag or digest of an image reference; `latest` where it has neither.

    Source: https://pkg.go.dev/github.com/distribution/reference#pkg-overview
    """
    repository, at, digest = reference.partition("@")
    head, colon, tag = repository.rpartition(":")
    if colon and "/" not in tag:
        return head, digest or tag
    return repository, digest if at else "latest"
