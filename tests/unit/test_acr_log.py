"""Reading the log of a run: a blob that grows, whose address expires, and whose end is in its metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytask.builders.acr.log import RunLog
from pytask.clock import Clock, Timeouts
from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors.azure import AzureFailing

if TYPE_CHECKING:
    from pytask.cloud.poll import Reading

FAILING = AzureFailing(doing="read the build's log", status=503, attempts=2, detail="busy")


@dataclass
class Blob:
    """The storage account with one blob, as an HTTP client."""

    content: bytes = b""
    metadata: dict[str, str] = field(default_factory=dict)
    status: int = 200
    """Of a HEAD."""
    knows_ranges: bool = True
    fails: bool = False
    asked: list[str] = field(default_factory=list)
    timeouts: Timeouts = field(default_factory=lambda: Timeouts(longest_poll=0.0))
    clock: Clock = field(default_factory=Clock)

    def send(self, call: Any) -> Any:  # noqa: ANN401 - as far as the reader uses both
        """Answer a HEAD, or a GET of a range."""
        self.asked.append(f"{call.request.method} {call.request.headers.get('Range', '')}".strip())
        assert "Authorization" not in call.request.headers
        if self.fails:
            raise FAILING
        if call.request.method == "HEAD":
            headers = {"Content-Length": str(len(self.content)), **self.metadata}
            return SimpleNamespace(status_code=self.status, headers=headers)
        first, last = call.request.headers["Range"].removeprefix("bytes=").split("-")
        if not self.knows_ranges:
            return SimpleNamespace(status_code=200, content=self.content)
        return SimpleNamespace(status_code=206, content=self.content[int(first) : int(last) + 1])


def reader(blob: Blob, *addresses: Reading[str]) -> tuple[RunLog, list[str]]:
    """Return a reader that is given addresses one after the other, and those that it has masked."""
    left, masked = list(addresses or [Seen("https://logs.blob.core.windows.net/1?sig=a")] * 9), list[str]()
    return RunLog(http=blob, ask_address=lambda: left.pop(0), mask=masked.append), masked  # type: ignore[arg-type]


def test_lines_are_shown_once_they_are_whole() -> None:
    blob = Blob(b"one\r\ntw")
    log, masked = reader(blob)
    assert log.read() == ["one"]
    blob.content += b"o\nthree"
    assert (log.read(), log.ended) == (["two"], "")
    blob.metadata = {"x-ms-meta-complete": "Successful"}
    assert (log.read(), log.rest(), log.ended) == ([], ["three"], "successful")
    assert masked == ["https://logs.blob.core.windows.net/1?sig=a"]


def test_a_character_that_arrives_in_two_parts_is_one() -> None:
    written = "größer\n".encode()
    blob = Blob(written[:3])
    log, _ = reader(blob)
    assert log.read() == []
    blob.content = written
    assert log.read() == ["größer"]


def test_a_long_log_is_read_in_parts_and_has_not_ended_before_the_last() -> None:
    blob = Blob(b"x" * 99 + b"\n" + b"line\n" * 1_000_000, {"x-ms-meta-complete": "failed"})
    log, _ = reader(blob)
    first = log.read()
    assert (log.ended, log.offset) == ("", 4 << 20)
    assert len(first) + len(log.read()) == 1_000_001
    assert log.ended == "failed"


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    log, _ = reader(Blob(b"x" * 1_000_000))
    assert max(map(len, log.read())) <= 64 << 10


def test_a_log_that_is_not_there_yet_has_no_lines() -> None:
    blob = Blob(status=404)
    log, _ = reader(blob)
    assert (log.read(), log.ended) == ([], "")
    blob.status, blob.content = 200, b"now\n"
    assert log.read() == ["now"]


def test_an_address_that_has_expired_is_asked_for_again() -> None:
    blob = Blob(b"one\n")
    log, masked = reader(blob, Seen("https://x/1"), Seen("https://x/2"))
    assert log.read() == ["one"]
    blob.status, blob.content = 403, b"one\ntwo\n"
    assert log.read() == []
    blob.status = 200
    assert log.read() == ["two"]
    assert masked == ["https://x/1", "https://x/2"]


def test_nothing_that_the_storage_or_azure_does_ends_the_reading() -> None:
    blob = Blob(b"one\n", fails=True)
    log, _ = reader(blob, NotYet("busy"), NotAllowed("no"), Seen("https://x/1"))
    assert [log.read(), log.read(), log.read()] == [[], [], []]
    blob.fails = False
    assert log.read() == ["one"]


def test_a_server_that_knows_no_ranges_repeats_no_line() -> None:
    blob = Blob(b"one\n", knows_ranges=False)
    log, _ = reader(blob)
    assert log.read() == ["one"]
    blob.content += b"two\n"
    assert log.read() == ["two"]
