"""One site as Resource Manager keeps it, behind a real connection; others may write between the calls."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from pytask.clock import Timeouts
from pytask.cloud.arm import Arm
from pytask.cloud.http import request
from tests.contract.http_clients import an_http_client
from tests.scripted import found_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.core.rest import HttpRequest, HttpResponse

    from pytask.targets.site.site import Site as FoundSite


PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/app"
TIMEOUTS = Timeouts(http_attempts=4, http_first_wait=0.01, http_longest_wait=0.02)


class Site:
    """The state of one site: its configuration is merged, its settings are replaced, as Azure does."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {"linuxFxVersion": "DOCKER|r/app:1", "alwaysOn": False, "appCommandLine": ""}
        self.settings: dict[str, str] = {
            "AzureWebJobsStorage": "secret",
            "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
        }
        self.slot_names: dict[str, Any] = {"appSettingNames": None, "connectionStringNames": ["Db"]}
        self.keeps: set[str] = set()
        """Properties that Azure does not let anybody change."""
        self.calls: list[str] = []
        """Each as its method and the last part of its path."""
        self.paths: list[str] = []
        """Their whole paths."""
        self.sent: list[dict[str, Any]] = []
        self.before: defaultdict[str, deque[Callable[[], object]]] = defaultdict(deque)
        """By call: what somebody else does before it is answered, one for each time."""
        self.after: defaultdict[str, deque[Callable[[], object]]] = defaultdict(deque)
        """The same, once it is answered."""
        self.refusals: defaultdict[str, deque[int]] = defaultdict(deque)
        """By call: statuses that are answered instead."""
        self.says: bytes | None = None
        """What is answered instead of what there is."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            do_PATCH = do_POST = do_PUT = do_GET  # noqa: N815 - the base class's naming

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def writes(self) -> list[str]:
        """The calls that change something."""
        return [call for call in self.calls if not call.startswith("GET") and call != "POST list"]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one call."""
        call = f"{handler.command} {handler.path.partition('?')[0].rpartition('/')[2]}"
        self.calls.append(call)
        self.paths.append(handler.path)
        sent = json.loads(handler.rfile.read(int(handler.headers.get("Content-Length") or 0)) or b"{}")
        status = self.refusals[call].popleft() if self.refusals[call] else 200
        _next(self.before[call])
        body = {"properties": self._answered(call, sent.get("properties", {}))} if status == 200 else {}
        _next(self.after[call])
        told = json.dumps(body).encode() if self.says is None else self.says
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(told)))
        handler.end_headers()
        handler.wfile.write(told)

    def _answered(self, call: str, sent: dict[str, Any]) -> dict[str, Any]:
        if sent:
            self.sent.append(sent)
        if call.endswith("slotConfigNames"):
            self.slot_names = sent or self.slot_names
            return self.slot_names
        if call in {"POST list", "PUT appsettings"}:
            self.settings = dict(sent) if call.startswith("PUT") else self.settings
            return self.settings
        self.config.update({name: value for name, value in sent.items() if name not in self.keeps})
        return self.config

    def found(self, *, slot: str = "") -> FoundSite:
        """Return the app, or a slot of it, as a preflight finds it now."""
        return found_site(
            resource_id=f"{PATH}/slots/{slot}" if slot else PATH,
            name="app",
            slot=slot,
            url="",
            fx_version=self.config["linuxFxVersion"],
            configuration=dict(self.config),
        )


@contextmanager
def a_site() -> Iterator[tuple[Site, Arm]]:
    """Return a site, and the way to it."""
    site, http = Site(), an_http_client(TIMEOUTS)

    def sender(asked: HttpRequest, **options: object) -> HttpResponse:
        body = json.loads(str(asked.content)) if asked.content else None
        return http.sender(request(asked.method, site.url + asked.url, json=body), **options)

    yield site, Arm(http=replace(http, sender=sender), url=site.url, subscription="s")
    http.transport.close()
    site.server.shutdown()
    site.server.server_close()


def _next(acts: deque[Callable[[], object]]) -> None:
    if acts:
        acts.popleft()()
