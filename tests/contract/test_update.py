"""Pointing the app at an image, over a real connection: what is sent, and what is read back."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from pytask.clock import Clock, Patience
from pytask.cloud.arm import Arm
from pytask.cloud.http import Door, new_transport, plain_sender, request
from pytask.errors.start import ImageNotSet, PropertyNotSet
from pytask.functionapp.proof import confirm_configuration
from pytask.functionapp.update import point_at
from pytask.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.rest import HttpRequest, HttpResponse

PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/app"


class Site:
    """The configuration of one site, as Resource Manager keeps it: what is not sent stays."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {"linuxFxVersion": "DOCKER|r/app:1", "alwaysOn": False, "appCommandLine": ""}
        self.kept: set[str] = set()
        """Properties that Azure does not let anybody change."""
        self.writes: list[tuple[str, dict[str, Any]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent = json.loads(self.rfile.read(length) or b"{}").get("properties", {})
                if self.command != "GET":
                    site.writes.append((f"{self.command} {self.path.partition('?')[0].rpartition('/')[2]}", sent))
                site.config.update({name: value for name, value in sent.items() if name not in site.kept})
                body = json.dumps({"properties": site.config}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PATCH = do_POST = do_GET  # noqa: N815 - the base class's naming

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def target(self) -> Target:
        """Give the app as a look ahead finds it now."""
        return Target(
            resource_id=PATH,
            name="app",
            slot="",
            resource_group="g",
            url="",
            fx_version=self.config["linuxFxVersion"],
            stopped=False,
            configuration=dict(self.config),
        )


@pytest.fixture
def site() -> Iterator[Site]:
    one = Site()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def arm(site: Site) -> Iterator[Arm]:
    transport = new_transport(Patience())
    send = plain_sender(transport)

    def sender(asked: HttpRequest, *, stream: bool) -> HttpResponse:
        body = json.loads(str(asked.content)) if asked.content else None
        return send(request(asked.method, site.url + asked.url, json=body), stream=stream)

    door = Door(sender=sender, clock=Clock(), patience=Patience(), say=lambda _: None)
    yield Arm(door=door, url=site.url, subscription="s")
    transport.close()


def test_only_what_differs_is_sent_and_all_of_it_with_the_image(site: Site, arm: Arm) -> None:
    beside = {"alwaysOn": True, "appCommandLine": ""}
    deployment = point_at(arm, site.target(), "r/app:2", "", instances=None, beside=beside)
    assert site.writes == [("PATCH web", {"linuxFxVersion": "DOCKER|r/app:2", "alwaysOn": True})]
    assert (deployment.changed, deployment.restarted) == (("alwaysOn",), False)
    confirm_configuration(arm, deployment)


def test_the_same_image_with_another_configuration_is_written_and_not_restarted_besides(site: Site, arm: Arm) -> None:
    deployment = point_at(arm, site.target(), "r/app:1", "", instances=None, beside={"alwaysOn": True})
    assert [what for what, _ in site.writes] == ["PATCH web"]
    assert not deployment.restarted


def test_the_same_image_with_the_same_configuration_is_restarted(site: Site, arm: Arm) -> None:
    deployment = point_at(arm, site.target(), "r/app:1", "", instances=None, beside={"alwaysOn": False})
    assert [what for what, _ in site.writes] == ["POST restart"]
    assert deployment.restarted


def test_a_property_that_azure_does_not_keep_is_told(site: Site, arm: Arm) -> None:
    site.kept.add("alwaysOn")
    beside = {"alwaysOn": True, "numberOfWorkers": 2}
    deployment = point_at(arm, site.target(), "r/app:2", "", instances=None, beside=beside)
    with pytest.raises(PropertyNotSet) as caught:
        confirm_configuration(arm, deployment)
    assert caught.value.names == "alwaysOn"
    site.config["linuxFxVersion"] = "DOCKER|of somebody else"
    with pytest.raises(ImageNotSet):
        confirm_configuration(arm, deployment)
