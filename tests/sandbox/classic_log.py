"""The platform's log in its classic form, e.g. `2026-11-23T12:27:31.201Z INFO  - Pulling image: …`.

Sources of the wording:
https://github.com/Azure/webapps-deploy/issues/454 (pull failures),
https://github.com/Azure/azure-functions-docker/issues/1053 (a function app's start, no answer to pings),
https://github.com/MicrosoftDocs/azure-docs/issues/119788 (`docker run` with `--expose`),
https://github.com/MicrosoftDocs/azure-docs/issues/87100 (exited),
https://github.com/Azure-Samples/ctfd-azure-paas/issues/13 (not started in time),
https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/ (user ids out of range).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, ClassVar

from .platform_log import Launch, PlatformLog, split_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_FOUND = ("not found", "pull access denied", "does not exist")


@dataclass(slots=True)
class ClassicLog(PlatformLog):
    """Lines with three digits of a second, a level and a dash; what the container printed has nine digits."""

    pulls_again_without_credentials: ClassVar[bool] = True
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The whole log, as ARM hands it out."""
        return "".join(line + "\n" for line in self.lines)

    def another(self, name: str) -> ClassicLog:
        """Return an empty log of the same dialect."""
        _ = name
        return type(self)()

    def container_said(self, lines: Sequence[str]) -> None:
        """Take over what a container printed, as it is: also lines that look like the platform's own."""
        self.lines += [f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}000Z {line}" for line in lines]

    def pulling(self, launch: Launch) -> None:
        """Say that a pull begins."""
        self._info(f"Pulling image: {launch.reference}")

    def pulled(self, launch: Launch, digest: str, *, seconds: float, fresh: bool) -> None:
        """Say what a pull brought, by digest."""
        repository, tag = split_reference(launch.reference)
        status = "Downloaded newer image for" if fresh else "Image is up to date for"
        self._info(f"{tag} Pulling from {repository.partition('/')[2]}")
        self._info(f" Digest: {digest}")
        self._info(f" Status: {status} {launch.reference}")
        self._info(f"Pull Image successful, Time taken: {int(seconds)} Seconds")

    def pull_refused(self, launch: Launch, text: str) -> None:  # noqa: ARG002 - the other dialect names the image
        """Give the engine's error in the words of Docker's API."""
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

    def starting(self, launch: Launch, digest: str) -> None:
        """Give the `docker run` line, which names the digest."""
        variables = "".join(f"-e {name}={value} " for name, value in launch.shown.items())
        image = f"{split_reference(launch.reference)[0]}@{digest}"
        self._info("Starting container for site")
        self._info(f"docker run -d --expose={launch.port} --name {launch.container} {variables}{image}")

    def warming_up(self, launch: Launch) -> None:
        """Say that the first request is on its way."""
        self._info(f"Initiating warmup request to container {launch.container} for site {launch.site}")

    def ready(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container answers and gets the traffic."""
        self._info(
            f"Waiting for response to warmup request for container {launch.container}. Elapsed time = {seconds:.7f} sec"
        )
        self._info(
            f"Container {launch.container} for site {launch.site} initialized successfully "
            "and is ready to serve requests.",
        )

    def exited(self, launch: Launch, *, code: int, seconds: float) -> None:
        """Say that the container ended before it answered; the classic form has no exit code."""
        _ = (code, seconds)
        self._error(f"Container {launch.container} for site {launch.site} has exited, failing site start")

    def silent(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container ran but did not answer in time."""
        self._error(
            f"Container {launch.container} for site {launch.site} did not start within expected time limit. "
            f"Elapsed time = {seconds:.7f} sec",
        )
        self._error(
            f"Container {launch.container} didn't respond to HTTP pings on port: {launch.port}, failing site start. "
            "See container logs for debugging.",
        )

    def could_not_run(self, launch: Launch, text: str) -> None:
        """Give the engine's refusal to run the container at all."""
        self._error(f"Start container failed with System.AggregateException, {text}")
        self._error(f"Container {launch.container} for site {launch.site} has exited, failing site start")

    def interrupted(self, launch: Launch) -> None:
        """Say nothing."""

    def crashed(self, launch: Launch, code: int) -> None:
        """Say that a container that had served ended."""
        self._error(f"Container {launch.container} for site {launch.site} has exited with code {code}, restarting")

    def stopped(self, launch: Launch) -> None:
        """Say that a container was ended."""
        self._info(f"Stopping container for site {launch.site}")

    def did_not_start(self, launch: Launch, *, last: bool) -> None:
        """Say that the start is over, without success."""
        _ = last
        self._info(f"Stopping site {launch.site} because it failed during startup.")

    def _info(self, text: str) -> None:
        self._line("INFO ", text)

    def _error(self, text: str) -> None:
        self._line("ERROR", text)

    def _line(self, level: str, text: str) -> None:
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.lines.append(f"{moment} {level} - {text}")


@dataclass(slots=True)
class ClassicRawLog(ClassicLog):
    """The same, but with nothing before what the container printed: it can print whole lines of the platform's form."""

    def container_said(self, lines: Sequence[str]) -> None:
        """Take over what a container printed, letter by letter."""
        self.lines += lines
