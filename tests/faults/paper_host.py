"""A host of containers without containers: what it starts is a Functions host of a few lines in the test's process."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.app_service.container_host import PullFailed, RunningContainer
from tests.local_azure.logs.platform_log import split_reference
from tests.local_azure.state.function_keys import FunctionKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FUNCTION = "HttpTriggerSample"
"""As in the example."""
FAILS = "NO_ANSWER"
"""A setting with which the function has no answer."""
AN_HOUR = 3600.0
_STARTS_AFTER = 5.0
_REFUSED = (
    'Head "https://{host}/v2/{path}/manifests/{tag}": unauthorized: authentication required, '
    "visit https://aka.ms/acr/authorization for more information."
)


@dataclass(kw_only=True)
class _Container:
    runner: web.AppRunner | None
    exit_code: int | None
    image: str


@dataclass(kw_only=True)
class PaperHost:
    """What `ContainerHost` is for everybody who asks it."""

    digest_of: Callable[[str, str, str], str | None]
    """Returns what a tag or digest of a repository at a host stands for."""
    lets_pull: Callable[[str, str, str | None, str | None], bool]
    """Says whether a host lets someone pull a repository, by user name and password."""
    crashes: Callable[[str], bool] = lambda _digest: False
    """Says whether the container of an image exits at once."""
    age: float = 0.0
    """How long (seconds) the next containers say that they have been running."""
    _containers: dict[str, _Container] = field(default_factory=dict)
    _local: dict[str, str] = field(default_factory=dict)

    async def pull(self, reference: str, *, username: str | None, password: str | None) -> str:
        """Return the image's digest; raises PullFailed."""
        repository, name = split_reference(reference)
        host, _, path = repository.partition("/")
        if not self.lets_pull(host, path, username, password):
            raise PullFailed(_REFUSED.format(host=host, path=path, tag=name))
        digest = self.digest_of(host, path, name)
        if digest is None:
            raise PullFailed(f"manifest for {reference} not found: manifest unknown")
        self._local[reference] = digest
        return digest

    async def local_digest(self, reference: str) -> str | None:
        """Return the digest of what was pulled."""
        return self._local.get(reference)

    async def run(
        self,
        *,
        image: str,
        name: str,
        environment: Mapping[str, str],
        port: int,
        binds: Sequence[str] = (),
        command: Sequence[str] = (),
    ) -> RunningContainer:
        """Start a Functions host on a free port, unless the image's exits at once."""
        del port, binds, command
        digest = image.partition("@")[2]
        if self.crashes(digest):
            self._containers[name] = _Container(runner=None, exit_code=1, image=digest)
            return RunningContainer(id=name, name=name, port=9)  # discard, where nobody listens
        runner = web.AppRunner(_host(environment, self.age), access_log=None, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._containers[name] = _Container(runner=runner, exit_code=None, image=digest)
        return RunningContainer(id=name, name=name, port=runner.addresses[0][1])

    def image_of(self, container: str) -> str:
        """Return the digest that a container runs."""
        return self._containers[container].image

    async def exit_code(self, container: str) -> int | None:
        """Return what the container ended with."""
        found = self._containers.get(container)
        return found.exit_code if found else 137

    async def logs(self, container: str, *, tail: int = 100) -> str:
        """Return what the container printed."""
        del tail
        found = self._containers.get(container)
        return "ModuleNotFoundError: No module named 'requests'\n" if found and found.exit_code else ""

    async def stop(self, container: str, *, seconds: int = 5) -> None:
        """End it."""
        del seconds
        found = self._containers.get(container)
        if found and found.runner:
            await found.runner.cleanup()
            found.runner, found.exit_code = None, 137

    async def remove(self, container: str) -> None:
        """End it, and forget it."""
        await self.stop(container)
        self._containers.pop(container, None)

    async def close(self) -> None:
        """End everything."""
        for container in list(self._containers):
            await self.remove(container)


def _host(environment: Mapping[str, str], age: float) -> web.Application:
    """Return the web application of a Functions host with one function; see `engine/functions_host` for the sources."""
    # A process begins long after it was asked for; this one only says so, so that a busy machine sees that it is new.
    began, process = time.monotonic() - age + (0.0 if age else _STARTS_AFTER), secrets.token_hex(8)
    url = f"https://{environment.get('WEBSITE_HOSTNAME', 'localhost')}/api/{FUNCTION}".lower()
    keys = FunctionKeys(environment.get("SANDBOX_KEY_SEED", ""))
    trigger = {"type": "httpTrigger", "direction": "in", "name": "req", "methods": ["get"], "authLevel": "function"}

    async def status(_: web.Request) -> web.Response:
        uptime = max(0, int((time.monotonic() - began) * 1000))
        told = {
            "id": "shop",
            "state": "Running",
            "version": "4.0-paper",
            "instanceId": process,
            "processUptime": uptime,
        }
        return web.json_response(told)

    async def functions(_: web.Request) -> web.Response:
        config = {"bindings": [trigger]}
        told = {"name": FUNCTION, "invoke_url_template": url, "language": "python", "isDisabled": False}
        return web.json_response([{**told, "config": config}])

    async def hello(request: web.Request) -> web.Response:
        key = request.headers.get("x-functions-key")
        if request.path.endswith(FUNCTION) and key not in {keys.of(FUNCTION), keys.host, keys.master}:
            return web.Response(status=401)
        if environment.get(FAILS) == "yes":
            return web.Response(status=500)
        greeting = environment.get("GREETING", "Hello")
        return web.Response(text=f"{greeting}, {request.query.get('name', 'stranger')}. This is the function.")

    application = web.Application()
    application.router.add_get("/admin/host/status", status)
    application.router.add_get("/admin/functions", functions)
    application.router.add_get(f"/api/{FUNCTION}", hello)
    application.router.add_get("/{path:.*}", hello)
    return application
