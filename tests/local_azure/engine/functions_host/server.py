"""The host's HTTP side: the admin endpoints of the real host as far as the local Azure asks them, and the functions."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from azure.functions import HttpRequest, HttpResponse  # type: ignore[import-untyped]  # is in the image only

from .keys import opens
from .storage import storage_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .app import Function, FunctionApp

LOG = logging.getLogger("host")
VERSION = "4.0-stand-in"


class Server(ThreadingHTTPServer):
    """Serves a function app on all addresses, every request in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, app: FunctionApp) -> None:
        self.app = app
        self._started = time.monotonic()
        self._process = str(uuid4())
        self._storage_error = storage_error()
        super().__init__(("", port), Handler)

    @property
    def is_running(self) -> bool:
        """Whether functions can be called."""
        return not self._storage_error

    def status(self) -> dict[str, Any]:
        """Return what ``/admin/host/status`` answers; the up-time is in milliseconds.

        The names are those of HostStatus.cs in https://github.com/Azure/azure-functions-host.
        """
        errors = [self._storage_error] if self._storage_error else self.app.errors
        status: dict[str, Any] = {
            "id": os.environ.get("WEBSITE_SITE_NAME", socket.gethostname()),
            "state": "Running" if self.is_running else "Error",
            "version": VERSION,
            "versionDetails": f"{VERSION}, made for the local Azure, not Microsoft's host",
            "instanceId": self._process,
            "computerName": socket.gethostname(),
            "processUptime": int((time.monotonic() - self._started) * 1000),
        }
        return {**status, "errors": errors} if errors else status

    def functions(self) -> list[dict[str, Any]]:
        """Return what ``/admin/functions`` answers.

        The names are those of FunctionMetadataResponse.cs in https://github.com/Azure/azure-functions-host.
        """
        return [
            {
                "name": function.name,
                "href": f"/admin/functions/{function.name}",
                "invoke_url_template": self._invoke_url_template(function),
                "language": "python",
                "isDisabled": function.disabled,
                "config": function.configuration,
            }
            for function in self.app.functions
        ]

    def _invoke_url_template(self, function: Function) -> str | None:
        if function.trigger["type"] != "httpTrigger":
            return None
        host = os.environ.get("WEBSITE_HOSTNAME", "localhost")
        return f"https://{host}/{self.app.prefix}/{function.trigger.get('route', function.name)}".lower()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "functions-host-stand-in"
    server: Server

    def answer(self) -> None:
        """Answer one request, whatever its method."""
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path == "/":
            self._send(
                200, b"<h1>Your function app is up and running (stand-in host)</h1>", {"Content-Type": "text/html"}
            )
        elif path == "/admin/host/status":
            self._send_json(self.server.status())
        elif path == "/admin/functions":
            self._send_json(self.server.functions())
        elif not self.server.is_running:
            self._send(503, b"Function host is not running.", {"Content-Type": "text/plain; charset=utf-8"})
        elif found := self.server.app.find(self.command, path):
            self._run_if_allowed(*found, body)
        else:
            self._send(404, b"", {})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 (http.server's names)

    def _run_if_allowed(self, function: Function, route: Mapping[str, str], body: bytes) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        key = self.headers.get("x-functions-key") or query.get("code", "")
        if opens(key, function.name, str(function.trigger.get("authLevel", "function")).lower()):
            self._run(function, route, body)
        else:
            self._send(401, b"", {})

    def _run(self, function: Function, route: Mapping[str, str], body: bytes) -> None:
        request = HttpRequest(
            method=self.command,
            url=f"https://{self.headers.get('Host', 'localhost')}{self.path}",
            headers=dict(self.headers.items()),
            params=dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)),
            route_params=route,
            body=body,
        )
        LOG.info("Executing 'Functions.%s'", function.name)
        try:
            response = _response(function.call(request))
        except Exception:  # noqa: BLE001 (whatever the function's code raises is an answer 500, as on the real host)
            traceback.print_exc()
            self._send(500, b"", {})
            return
        headers = {"Content-Type": f"{response.mimetype}; charset={response.charset}", **response.headers}
        self._send(response.status_code, response.get_body(), headers)

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the platform pings often."""


def _response(answer: object) -> Any:  # noqa: ANN401 (azure.functions is known in the image only)
    return HttpResponse(answer) if isinstance(answer, str) else answer
