"""The platform's log in its classic form, as published logs have it. The words are in `classic_grammar`.

A line is `2026-11-23T12:27:31.201Z INFO  - Pulling image: …`. An app with a managed identity brings `…_msiProxy`, one
with Authentication `…_middleware`: each is run, warmed up and ready by itself, whatever becomes of the app.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, ClassVar

from tests.local_azure.logs import classic_grammar as words
from tests.local_azure.logs.log_lines import LogClock, LogLines
from tests.local_azure.logs.platform_log import Launch, PlatformLog, split_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NOT_FOUND = ("not found", "pull access denied", "does not exist")
_KUDU = 0.3
_KUDU_LATER = 6.0
_RECYCLES = 0.5
_WITHOUT_STAMP = "|"


class ClassicLog(PlatformLog):
    """Three digits of a second, a level and a dash; by `name` some of it varies, the same each time.

    What the container printed has nine digits; `raw` has nothing before it, so that whole lines can be forged.
    """

    pulls_again_without_credentials: ClassVar[bool] = True

    def __init__(
        self, *, name: str = "", second: float = 0.05, raw: bool = False, clock: LogClock | None = None
    ) -> None:
        self._mood = Random(f"classic {name}")  # noqa: S311 - no secret hangs on it
        self._second, self._raw, self._clock = second, raw, clock or LogClock()
        newline, begin = self._mood.choice([("\n", ""), ("\n", ""), ("\r\n", ""), ("\n", "\ufeff")])
        self._lines = LogLines(lambda _: "", second, self._clock, newline=newline, begin=begin)
        self._publishes_port = self._mood.random() < _KUDU

    @property
    def text(self) -> str:
        """The whole log, as ARM hands it out."""
        return self._lines.text

    def another(self, name: str) -> ClassicLog:
        """Return an empty log of the same dialect."""
        return ClassicLog(name=name, second=self._second, raw=self._raw, clock=self._clock)

    def container_said(self, lines: Sequence[str]) -> None:
        """Take over what a container printed, as it is: also lines that look like the platform's own."""
        before = "" if self._raw else f"{self._clock.now():%Y-%m-%dT%H:%M:%S.%f}000Z "
        self._lines.add(f"{before}{line}" for line in lines)

    def pulling(self, launch: Launch) -> None:
        """Say that a pull begins, or only that the container is started again."""
        recycles = launch.known and self._mood.random() < _RECYCLES
        self._tell(words.RECYCLING if recycles else words.PULLING, image=launch.reference)

    def pulled(self, launch: Launch, digest: str, *, seconds: float, fresh: bool) -> None:
        """Say what a pull brought, by digest."""
        repository, tag = split_reference(launch.reference)
        self._tell(*words.PULLED, tag=tag, path=repository.partition("/")[2])
        self._tell(*(words.LAYERS if fresh else ()), layer=self._mood.randbytes(6).hex())
        status = words.NEW if fresh else words.SAME
        self._tell(*words.PULLED_AT_LAST, digest=digest, status=status, image=launch.reference)
        self._tell(self._mood.choice(words.TIME_TAKEN), whole=int(seconds))

    def pull_refused(self, launch: Launch, text: str) -> None:  # noqa: ARG002 - the other dialect names the image
        """Return the engine's error in the words of Docker's API."""
        if "failed to register layer" in text:
            self._tell(words.LAYER_REFUSED, text=text)
            return
        status = "NotFound" if any(sign in text for sign in _NOT_FOUND) else "InternalServerError"
        self._tell(words.PULL_REFUSED, "", status=status, response=_message(text))

    def defaulting_to_local_copy(self, *, present: bool) -> None:
        """Say that every attempt to pull failed, and whether that ends the start."""
        self._tell(words.LOCAL_COPY, *(() if present else (words.NO_LOCAL_COPY,)))

    def starting(self, launch: Launch, digest: str) -> None:
        """Return the `docker run` line, which names the image as it is configured, and those of the sidecars."""
        _ = digest
        self._run(launch, launch.container, launch.reference + "".join(f" {word}" for word in launch.command))
        if launch.login:
            self._pull_middleware()
        for suffix in _sidecars(launch):
            image, _, arguments = words.SIDECARS[suffix]
            self._run(launch, f"{launch.container}_{suffix}", image + arguments)
            self._tell(*words.NOT_LOGGED)

    def warming_up(self, launch: Launch) -> None:
        """Say that the first requests are on their way; msiProxy's comes before the app's."""
        if launch.identity:
            self._sidecar_is_ready(launch, "msiProxy")
        self._tell(words.WARMING_UP, container=launch.container, site=launch.site)

    def ready(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container answers and gets the traffic; then so does the middleware."""
        facts = {"container": launch.container, "site": launch.site, "seconds": seconds}
        self._tell(words.WAITING, words.READY, **facts)
        self._middleware_is_ready(launch)

    def exited(self, launch: Launch, *, code: int, seconds: float) -> None:
        """Say that the container ended before it answered; the classic form has no exit code."""
        _ = (code, seconds)
        self._failed(launch, words.EXITED)

    def silent(self, launch: Launch, *, seconds: float) -> None:
        """Say that the container ran but did not answer in time."""
        self._failed(launch, words.SILENT, seconds=seconds)

    def could_not_run(self, launch: Launch, text: str) -> None:
        """Return the engine's refusal to run the container at all."""
        self._tell(*words.NOT_CREATED, container=launch.container, response=_message(text))

    def interrupted(self, launch: Launch) -> None:
        """Say nothing: this platform begins again without a word."""

    def crashed(self, launch: Launch, code: int) -> None:
        """Say that a container that had served ended."""
        self._tell(words.CRASHED, container=launch.container, site=launch.site, code=code)

    def stopped(self, launch: Launch) -> None:
        """Say nothing of the container; a Kudu may be ended with it."""
        if self._mood.random() < _KUDU:
            self._end_kudu(launch)

    def did_not_start(self, launch: Launch, *, last: bool) -> None:
        """Say that the start is over, without success."""
        _ = last
        self._tell(words.FAILED, site=launch.site)
        self._end_kudu(launch)

    def _failed(self, launch: Launch, why: str, **facts: object) -> None:
        """Say why; the middleware is warmed up all the same, and what follows from it is said last."""
        self._tell(why, container=launch.container, site=launch.site, **facts)
        self._middleware_is_ready(launch)
        self._tell(words.NO_ANSWER, container=launch.container, number=launch.port)

    def _middleware_is_ready(self, launch: Launch) -> None:
        if launch.login:
            self._sidecar_is_ready(launch, "middleware")

    def _sidecar_is_ready(self, launch: Launch, suffix: str) -> None:
        self._tell(words.WARMING_UP, words.READY, container=f"{launch.container}_{suffix}", site=launch.site)

    def _pull_middleware(self) -> None:
        image = words.SIDECARS["middleware"][0]
        repository, tag = split_reference(image)
        facts = {"image": image, "tag": tag, "path": repository.partition("/")[2], "digest": words.MIDDLEWARE_DIGEST}
        steps = (words.PULLING, *words.PULLED, *words.PULLED_AT_LAST, words.TIME_TAKEN[0])
        self._tell(*steps, status=words.SAME, whole=1, **facts)

    def _run(self, launch: Launch, container: str, run: str) -> None:
        suffix = container.removeprefix(launch.container).removeprefix("_")
        inside = words.SIDECARS[suffix][1] if suffix else launch.port
        outside = self._mood.randrange(4000, 10_000)
        port = f"-p {outside}:{inside}" if self._publishes_port else f"--expose={inside}"
        more = {"HTTP_LOGGING_ENABLED": "1", "WEBSITE_USE_DIAGNOSTIC_SERVER": "False"}
        named = {"DOCKER_CUSTOM_IMAGE_NAME": launch.reference} if self._publishes_port else {}
        variables = "".join(f"-e {name}={value} " for name, value in {**named, **launch.shown, **more}.items())
        self._tell(*words.STARTING, port=port, container=container, variables=variables, run=run)

    def _end_kudu(self, launch: Launch) -> None:
        if self._mood.random() < _KUDU:
            facts = {"site": launch.site, "hash": self._mood.randbytes(4).hex()}
            lines = [f"{self._moment(digits=7)}Z {line.format(**facts)}" for line in words.KUDU_STOPPED]
            self._lines.tell_later(_KUDU_LATER, lines)

    def _tell(self, *lines: str, **facts: object) -> None:
        self._lines.add(self._stamped(lines, facts))

    def _stamped(self, lines: Iterable[str], facts: dict[str, object]) -> Iterable[str]:
        for line in lines:
            level, _, text = line.format(**facts).partition(" ")
            if line.startswith(_WITHOUT_STAMP) or not line:
                yield line.format(**facts).removeprefix(_WITHOUT_STAMP)
            else:
                yield f"{self._moment(digits=3)}Z {level:<5} - {text}"

    def _moment(self, *, digits: int) -> str:
        now = self._clock.now()
        return f"{now:%Y-%m-%dT%H:%M:%S}.{f'{now:%f}0'[:digits]}"


def _message(text: str) -> str:
    return json.dumps({"message": text}, separators=(",", ":"))


def _sidecars(launch: Launch) -> Sequence[str]:
    present = {"middleware": launch.login, "msiProxy": launch.identity}
    return [suffix for suffix, is_there in present.items() if is_there]
