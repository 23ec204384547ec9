"""The task's program in a process of its own, with every answer recorded, or with the answers of a recording.

`python -m tests.acceptance.child FOLDER`: FOLDER/child.json says how.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

import pytask.edge
from pytask.builders.builder import PushResult
from pytask.clock import Clock, Timeouts
from pytask.job import Job
from pytask.targets.container_app import update as _container_app
from tests.acceptance.recording import MACHINE_IDENTITY, Exchange, exchange_of, key_of, read, write
from tests.faults.child import StoreBuilder, StoreImage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from requests import PreparedRequest, Response

    from pytask.errors import TaskFailure
    from pytask.model import RegistryLogin

NOT_RECORDED = 501
_AT_ONCE = timedelta(seconds=1)
_REVISION = re.compile(r"--d([0-9a-f]{9})\b")
"""The name of a revision, which the program invents."""


class Recorder:
    """Sends requests as ever, and keeps what they are answered."""

    def __init__(self, file: Path, *, signed_in_by_az: bool) -> None:
        self._file, self._by_az, self._lock = file, signed_in_by_az, threading.Lock()
        self._send = HTTPAdapter.send
        self._exchanges: list[Exchange] = []

    def send(self, adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:  # noqa: ANN401 - requests' own
        """Send one request, and record its answer as soon as it is there."""
        asked = datetime.now(timezone.utc)
        if self._by_az and urlsplit(request.url or "").path == MACHINE_IDENTITY:
            response = _response(adapter, request, 200, {"Content-Type": "application/json"}, _token_of_az(request))
        else:
            response = self._send(adapter, request, **options)
        raw: Any = response.raw
        body = raw.read(decode_content=True)
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-encoding"}
        self._keep(request, asked, response.status_code, headers, body)
        return _response(adapter, request, response.status_code, headers, body)

    def _keep(
        self, request: PreparedRequest, asked: datetime, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        found = exchange_of(
            asked=asked,
            at=datetime.now(timezone.utc),
            method=request.method or "",
            url=request.url or "",
            status=status,
            headers=headers,
            body=body,
        )
        with self._lock:
            self._exchanges.append(found)
            write(self._file, self._exchanges)


@dataclass(slots=True)
class Replay:
    """Answers as a recording does: each request gets the next answer to it, the last one again and again."""

    answers: dict[str, list[Exchange]]
    asked: tuple[datetime, ...]
    """When each request of the recording was sent, in order."""
    now: datetime
    missing: Path
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, adapter: HTTPAdapter, request: PreparedRequest, **_: Any) -> Response:  # noqa: ANN401 - requests' own
        """Return the next answer, and let the time be that of the recording."""
        with self.lock:
            found = self._next(key_of(request.method or "", request.url or ""))
        if found is None:
            return _response(adapter, request, NOT_RECORDED, {}, b"not recorded")
        return _response(adapter, request, found.status, dict(found.headers), found.body)

    def _next(self, key: str) -> Exchange | None:
        left = self.answers.get(key)
        if not left:
            with self.missing.open("a", encoding="utf-8") as file:
                file.write(f"{key}\n")
            return None
        found = left.pop(0) if len(left) > 1 else left[0]
        self.now = max(self.now, found.time)
        # What the program did at once after this answer, it did at a time between this and the next request.
        following = next((one for one in self.asked if one > found.time), self.now)
        if following - found.time < _AT_ONCE:
            self.now = max(self.now, following)
        return found


@dataclass(frozen=True, slots=True)
class ReplayClock(Clock):
    """The time of a recording: it goes on with each answer, and with each wait, which takes none."""

    replay: Replay | None = None

    def monotonic(self) -> float:
        """Return the recording's seconds."""
        return self.now().timestamp()

    def now(self) -> datetime:
        """Return the recording's time."""
        assert self.replay
        return self.replay.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        assert self.replay
        self.confirm_not_cancelled()
        with self.replay.lock:
            self.replay.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class RecordedImage(StoreImage):
    """An image that is not pushed: the recording tells the digest."""

    digest: str = ""

    def push(
        self,
        references: Sequence[str],
        *,
        login: Callable[[bool], RegistryLogin | None],
        blocked: Callable[[], TaskFailure | None],
    ) -> PushResult:
        """Return the digest, once the registry has given a login."""
        del blocked, references
        login(False)  # noqa: FBT003 - no fresh one
        return PushResult(digest=self.digest, layers=1, new_layers=1, bytes_sent=len(self.file))


@dataclass(frozen=True)
class RecordedBuilder(StoreBuilder):
    """A `Builder` of images that are in a recording."""

    digest: str = ""

    def build(self, *given: Any, **named: Any) -> RecordedImage:  # noqa: ANN401 - those of `StoreBuilder`
        """Return the image."""
        built = super().build(*given, **named)
        return RecordedImage(built.stores, built.names, built.file, digest=self.digest)


def main(folder: Path) -> int:
    """Run the program once, and return its exit code."""
    how = json.loads((folder / "child.json").read_text(encoding="utf-8"))
    edge: Any = pytask.edge
    if "replays" in how:
        _replay(folder, how, edge)
    else:
        recorder = Recorder(folder / "exchanges.jsonl", signed_in_by_az=how["signed_in_by_az"])
        _answer_by(recorder)
        if stores := how.get("stores"):
            edge.Job = partial(Job, find_builder=lambda _: StoreBuilder(stores))
    return int(edge.main(Timeouts(**how.get("limits", {}))))


def _replay(folder: Path, how: dict[str, Any], edge: Any) -> None:  # noqa: ANN401 - the module of the process edge
    exchanges = read(Path(how["replays"]))
    answers: dict[str, list[Exchange]] = {}
    for one in exchanges:
        answers.setdefault(one.key, []).append(one)
    began = min((one.time for one in exchanges), default=datetime.now(timezone.utc))
    asked = tuple(sorted(datetime.fromisoformat(one.asked) for one in exchanges))
    replay = Replay(answers=answers, asked=asked, now=began, missing=folder / "not-recorded")
    _answer_by(replay)
    revisions = iter(dict.fromkeys(found[1] for one in exchanges if (found := _REVISION.search(one.url))))
    container_app: Any = _container_app
    container_app.uuid4 = lambda: SimpleNamespace(hex=next(revisions, "0" * 9))
    edge.Clock = partial(ReplayClock, replay=replay)
    builder = RecordedBuilder({}, digest=how["digest"])
    edge.Job = partial(Job, find_builder=lambda _: builder)


def _answer_by(one: Recorder | Replay) -> None:
    """Have every client that sends through `requests` answered by one of these, for as long as this process lives."""
    adapters: Any = HTTPAdapter

    def send(adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:  # noqa: ANN401 - requests' own
        return one.send(adapter, request, **options)

    adapters.send = send


def _token_of_az(request: PreparedRequest) -> bytes:
    """Return what the machine's identity endpoint would answer, with a token that `az` has."""
    [resource] = parse_qs(urlsplit(request.url or "").query)["resource"]
    command = ["az", "account", "get-access-token", "--resource", resource, "--output", "json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    answer = {"access_token": told["accessToken"], "expires_on": str(told["expires_on"]), "resource": resource}
    return json.dumps({**answer, "expires_in": "3599", "token_type": "Bearer"}).encode()


def _response(
    adapter: HTTPAdapter, request: PreparedRequest, status: int, headers: dict[str, str], body: bytes
) -> Response:
    # The body is whole and decoded here, so that its former length says nothing.
    dropped = {"transfer-encoding"} | (set() if request.method == "HEAD" else {"content-length"})
    raw = HTTPResponse(
        body=BytesIO(b"" if request.method == "HEAD" else body),
        headers={name: value for name, value in headers.items() if name.lower() not in dropped},
        status=status,
        preload_content=False,
        decode_content=False,
        request_method=request.method,
    )
    return adapter.build_response(request, raw)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
