"""A Docker engine that answers as a test says, on a unix socket: with errors, with half an answer, or not at all."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, TypeAlias

from pytask.builders.docker.engine import Engine, open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

VERSION = {"Version": "28.2.2", "ApiVersion": "1.44", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}
IMAGE = {"Id": "sha256:" + "a" * 64, "Os": "linux", "Architecture": "amd64", "Size": 1}
DIGEST = "sha256:" + "b" * 64
REFERS = {"status": "The push refers to repository [contoso.azurecr.io/shop]"}
PUSHING = {"status": "Pushing", "id": "5f70bf18a086", "progressDetail": {"current": 512, "total": 1024}}
PUSHED = {"status": "Pushed", "id": "5f70bf18a086", "progressDetail": {}}
DONE = {"status": f"7: digest: {DIGEST} size: 527"}

Answer: TypeAlias = "Callable[[BaseHTTPRequestHandler], None]"


def whole(body: object, status: int = 200) -> Answer:
    """Return an answer with a body in JSON."""
    return text(json.dumps(body), status)


def text(body: str, status: int = 200) -> Answer:
    """Return an answer with any body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())

    return answer


def refused(status: int, message: str) -> Answer:
    """Return an error as the engine tells one: https://docs.docker.com/reference/api/engine/version/v1.44/#section/Errors."""
    return whole({"message": message}, status)


def stream(*events: object, cut: bool = False) -> Answer:
    """Return an answer that comes event by event; with `cut` the connection ends in the middle of the last one."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for number, event in enumerate(events, start=1):
            body = event if isinstance(event, bytes) else (json.dumps(event) + "\r\n").encode()
            if cut and number == len(events):
                handler.wfile.write(b"%x\r\n%s" % (len(body), body[: len(body) // 2]))
                return gone(handler)
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
        handler.wfile.write(b"0\r\n\r\n")
        return None

    return answer


def bytes_of(sent: bytes) -> Answer:
    """Return an answer of these bytes, after which the connection is closed."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(sent)
        gone(handler)

    return answer


def gone(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without another word."""
    handler.close_connection = True


TAGGED: Answer = text("", 201)
PUSH: Answer = stream(REFERS, PUSHING, PUSHED, DONE)
SAVED: Answer = stream(b"a" * 5_000, b"b" * 5_000)


@dataclass
class ScriptedEngine:
    """Answers by kind of call; a list is used up one by one, and its last answer stays."""

    url: str
    answers: dict[str, list[Answer]]
    asked: list[str] = field(default_factory=list)
    """The kinds of calls, in order."""
    opened: list[Engine] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one call."""
        kind = _kind(handler.path)
        handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if kind in self.answers:
            self.asked.append(kind)
            left = self.answers[kind]
            (left.pop(0) if len(left) > 1 else left[0])(handler)
        else:
            whole(VERSION)(handler)

    def open(self) -> Engine:
        """Return the product's way to this engine."""
        self.opened.append(open_engine({"DOCKER_HOST": self.url}))
        return self.opened[-1]


def _kind(path: str) -> str:
    """Return `inspect`, `tag`, `push` or `save`; empty for a question about the engine itself."""
    last = path.partition("?")[0].rpartition("/")[2]
    return {"json": "inspect", "tag": "tag", "push": "push", "get": "save"}.get(last, "")


@contextmanager
def a_scripted_engine(folder: Path, **answers: Answer | Sequence[Answer]) -> Iterator[ScriptedEngine]:
    """Yield an engine that works, except for the calls that have other answers: `inspect`, `tag`, `push`, `save`."""
    folder.mkdir(exist_ok=True)
    path = folder / "docker.sock"
    usual: dict[str, Answer | Sequence[Answer]] = {"inspect": whole(IMAGE), "tag": TAGGED, "push": PUSH, "save": SAVED}
    given = {kind: list(one) if isinstance(one, list | tuple) else [one] for kind, one in {**usual, **answers}.items()}
    engine = ScriptedEngine(f"unix://{path}", given)  # type: ignore[arg-type] # lists of answers

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            engine.answer(self)

        do_POST = do_GET  # noqa: N815 - the base class's naming

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            del format, args

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield engine
        finally:
            for one in engine.opened:
                one.api.close()
            server.shutdown()
