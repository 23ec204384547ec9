"""The stand-in for Microsoft's base image runs function apps, and says what it is."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.local_azure.app_service.container_host import ContainerHost
from tests.local_azure.engine.base_image import base_image_storage
from tests.local_azure.engine.functions_host.app import FunctionApp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.local_azure.engine.engine import Engine
    from tests.local_azure.registries.registry import Registry

EXAMPLE = Path(__file__).parents[2] / "examples/hello-function"


class App:
    """A function app that runs in a container of the base image."""

    def __init__(self, session: aiohttp.ClientSession, host: ContainerHost, container: str) -> None:
        self.host = host
        self.container = container
        self._session = session

    async def call(self, path: str, body: object = None) -> tuple[int, str]:
        """Return status and text that the app answers; waits until it listens."""
        deadline = time.monotonic() + 10
        while True:
            try:
                async with self._session.request("GET" if body is None else "POST", path, json=body) as answer:
                    return answer.status, await answer.text()
            except aiohttp.ClientConnectionError:  # noqa: PERF203 (waiting is what the loop does)
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)

    async def json(self, path: str) -> Any:  # noqa: ANN401 (the tests know what it is)
        """Return what the app answers as JSON."""
        return json.loads((await self.call(path))[1])


def run(engine: Engine, registry: Registry, code: Path, work: Callable[[App], Awaitable[None]]) -> None:
    image = f"{registry.url.removeprefix('http://')}/azure-functions/python:4-python3.11"

    async def whole() -> None:
        host = ContainerHost(engine.socket)
        try:
            await host.pull(image, username=None, password=None)
            binds = [f"{code}:/home/site/wwwroot:ro"]
            container = await host.run(image=image, name="app", environment={}, port=80, binds=binds)
            async with aiohttp.ClientSession(f"http://127.0.0.1:{container.port}") as session:
                await work(App(session, host, container.id))
        finally:
            await host.remove("app")
            await host.close()

    asyncio.run(whole())


@pytest.fixture
def code(folder: Path) -> Path:
    """Return a copy of the example that all users may read."""
    return Path(shutil.copytree(EXAMPLE, folder / "code"))


def test_the_example_runs_on_it(host_engine: Engine, base_images: Registry, code: Path) -> None:
    async def work(app: App) -> None:
        assert await app.call("/api/HttpTriggerSample?name=Ada") == (
            200,
            "Hello, Ada. This HTTP triggered function executed successfully.",
        )
        assert (await app.call("/api/httptriggersample", {"name": "Bob"}))[1].startswith("Hello, Bob. ")
        assert (await app.call("/api/HttpTriggerSample"))[0] == 400
        assert (await app.call("/api/Other"))[0] == 404
        assert (await app.call("/"))[0] == 200
        assert "Asked to greet Ada" in await app.host.logs(app.container)

    run(host_engine, base_images, code, work)


def test_it_tells_its_status_and_functions_as_the_real_host_does(
    host_engine: Engine, base_images: Registry, code: Path
) -> None:
    async def work(app: App) -> None:
        status = await app.json("/admin/host/status")
        later = await app.json("/admin/host/status")
        functions = await app.json("/admin/functions")
        assert status["state"] == "Running"
        assert "errors" not in status
        assert status["version"].startswith("4.")
        assert 0 <= status["processUptime"] <= later["processUptime"] < 10_000
        assert status["instanceId"] == later["instanceId"]
        assert [function["name"] for function in functions] == ["HttpTriggerSample"]
        assert functions[0]["config"]["bindings"][0]["type"] == "httpTrigger"

    run(host_engine, base_images, code, work)


def test_it_says_loudly_that_it_is_a_stand_in(host_engine: Engine, base_images: Registry, code: Path) -> None:
    async def work(app: App) -> None:
        assert "stand-in" in (await app.json("/admin/host/status"))["version"]
        logs = await app.host.logs(app.container)
        told = "STAND-IN for the Azure Functions host, made for the local Azure; not Microsoft's image\n"
        assert logs.startswith(told)

    run(host_engine, base_images, code, work)


def test_it_ends_at_once_when_told_to(host_engine: Engine, base_images: Registry, code: Path) -> None:
    async def work(app: App) -> None:
        await app.call("/")
        begun = time.monotonic()
        await app.host.stop(app.container)
        assert time.monotonic() - begun < 8
        assert await app.host.exit_code(app.container) == 0

    run(host_engine, base_images, code, work)


def test_a_function_that_cannot_be_imported_is_an_error_of_that_function_only(
    host_engine: Engine, base_images: Registry, code: Path
) -> None:
    shutil.copytree(code / "HttpTriggerSample", code / "Broken")
    (code / "Broken/__init__.py").write_text("import not_in_the_image\n")

    async def work(app: App) -> None:
        status = await app.json("/admin/host/status")
        assert status["errors"] == [
            "The 'Broken' function is in error: ModuleNotFoundError: No module named 'not_in_the_image'"
        ]
        assert (await app.call("/api/Broken"))[0] == 500
        assert (await app.call("/api/HttpTriggerSample?name=Ada"))[0] == 200
        assert "No module named 'not_in_the_image'" in await app.host.logs(app.container)

    run(host_engine, base_images, code, work)


@pytest.mark.parametrize(
    ("route", "path", "values"),
    [
        (None, "/api/Greet", {}),
        (None, "/api/greet/", {}),
        (None, "/api/greet/ada", None),
        (None, "/greet", None),
        ("people/{name}", "/api/people/ada", {"name": "ada"}),
        ("people/{name}", "/api/people", None),
        ("people/{id:int}/mail", "/api/people/7/mail", {"id": "7"}),
        ("people/{name?}", "/api/people", {}),
        ("people/{name?}", "/api/people/ada", {"name": "ada"}),
        ("files/{*path}", "/api/files/a/b.txt", {"path": "a/b.txt"}),
        ("a.b", "/api/axb", None),
    ],
)
def test_routes_are_matched_as_function_json_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, route: str | None, path: str, values: dict[str, str] | None
) -> None:
    monkeypatch.setattr("sys.path", [])
    trigger = {"type": "httpTrigger", "name": "request", "methods": ["get"], **({"route": route} if route else {})}
    (folder / "Greet").mkdir()
    (folder / "Greet/function.json").write_text(json.dumps({"bindings": [trigger]}))
    (folder / "Greet/__init__.py").write_text("def main(request): return 'hello'\n")
    app = FunctionApp(folder)
    found = app.find("GET", path)
    assert (found and found[1]) == values
    assert app.find("POST", path) is None


def test_it_is_made_once(base_images: Registry) -> None:
    assert base_images.url
    cache = Path(__file__).parents[2] / ".cache"
    begun = time.monotonic()
    assert base_image_storage(cache) == base_image_storage(cache)
    assert time.monotonic() - begun < 5
