"""A host pulls and runs images as an App Service host does, and tells failures in the engine's own words."""

from __future__ import annotations

import asyncio
import subprocess
import time
from typing import TYPE_CHECKING, TypeVar

import pytest
import requests

from tests.local_azure.app_service.container_host import ContainerHost, PullFailed, RunFailed
from tests.local_azure.engine.engine import Engine
from tests.local_azure.engine.image_push import push_image
from tests.local_azure.engine.layers import one_file

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.local_azure.registries.registry import Registry

Result = TypeVar("Result")


def on(engine: Engine, work: Callable[[ContainerHost], Awaitable[Result]]) -> Result:
    async def whole() -> Result:
        host = ContainerHost(engine.socket)
        try:
            return await work(host)
        finally:
            await host.close()

    return asyncio.run(whole())


def reference(registry: Registry, name: str) -> str:
    return f"{registry.url.removeprefix('http://')}/{name}"


@pytest.fixture
def base(base_images: Registry) -> str:
    return reference(base_images, "azure-functions/python:4-python3.11")


@pytest.fixture
def tiny(base_images: Registry) -> str:
    push_image(f"{base_images.url}/v2/tiny", "1", one_file(owner=0))
    return reference(base_images, "tiny:1")


async def ended(host: ContainerHost, container: str) -> int:
    deadline = time.monotonic() + 10
    while (code := await host.exit_code(container)) is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return code


def test_a_pull_tells_the_digest_that_the_registry_has(host_engine: Engine, base_images: Registry, tiny: str) -> None:
    async def pulled(host: ContainerHost) -> tuple[str | None, ...]:
        digest = await host.pull(tiny, username=None, password=None)
        name = tiny.removesuffix(":1")
        return digest, await host.local_digest(tiny), await host.local_digest(f"{name}@{digest}")

    accepted = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
    manifest = requests.head(f"{base_images.url}/v2/tiny/manifests/1", headers=accepted, timeout=10)
    digest = manifest.headers["Docker-Content-Digest"]
    assert on(host_engine, pulled) == (digest, digest, digest)


def test_there_is_no_digest_of_what_was_never_pulled(host_engine: Engine) -> None:
    assert on(host_engine, lambda host: host.local_digest("contoso.azurecr.io/never:1")) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tiny:none", "manifest for {}/tiny:none not found: manifest unknown: manifest unknown"),
        ("none:1", "manifest for {}/none:1 not found: manifest unknown: manifest unknown"),
    ],
)
def test_a_failed_pull_comes_in_the_engines_own_words(
    host_engine: Engine, base_images: Registry, tiny: str, name: str, text: str
) -> None:
    assert tiny
    missing = reference(base_images, name)
    with pytest.raises(PullFailed) as failure:
        on(host_engine, lambda host: host.pull(missing, username="somebody", password="secret"))
    assert failure.value.text == text.format(base_images.url.removeprefix("http://"))


def test_a_layer_with_an_owner_beyond_65535_is_refused_by_the_host_only(
    host_engine: Engine, base_images: Registry, folder: Path
) -> None:
    push_image(f"{base_images.url}/v2/foreign-owner", "1", one_file(owner=1_000_000_000))
    image = reference(base_images, "foreign-owner:1")
    with pytest.raises(PullFailed, match=r"failed to register layer: .*ontainer ID 1000000000 cannot be mapped"):
        on(host_engine, lambda host: host.pull(image, username=None, password=None))
    agent = Engine(name="agent", folder=folder / "agent", environment={})
    agent.start()
    try:
        assert on(agent, lambda host: host.pull(image, username=None, password=None)).startswith("sha256:")
    finally:
        agent.stop()


def test_a_container_gets_its_settings_and_its_output_and_exit_code_are_told(host_engine: Engine, base: str) -> None:
    script = "echo greeting is $GREETING; sleep 0.1; echo and an error >&2; exit 3"

    async def run(host: ContainerHost) -> tuple[int, str]:
        await host.pull(base, username=None, password=None)
        settings = {"GREETING": "a = b"}
        command = ["sh", "-c", script]
        container = await host.run(image=base, name="ends", environment=settings, port=80, command=command)
        code = await ended(host, container.id)
        logs = await host.logs(container.id)
        await host.remove(container.id)
        return code, logs

    assert on(host_engine, run) == (3, "greeting is a = b\nand an error\n")


def test_a_container_is_reached_on_its_port_keeps_its_volume_and_goes_away(host_engine: Engine, base: str) -> None:
    async def run(host: ContainerHost) -> None:
        await host.pull(base, username=None, password=None)
        command = ["sh", "-c", "echo hello >/home/hello; exec httpd -f -p 8080 -h /home"]
        container = await host.run(
            image=base, name="serves", environment={}, port=8080, binds=["kept:/home"], command=command
        )
        address = f"http://127.0.0.1:{container.port}/hello"
        curl = ["curl", "--silent", "--retry", "20", "--retry-all-errors", "--retry-delay", "0", address]
        curl += ["--retry-max-time", "10"]
        assert (await asyncio.to_thread(subprocess.check_output, curl)) == b"hello\n"
        assert await host.exit_code(container.id) is None
        await host.stop(container.id, seconds=0)
        assert await host.exit_code(container.id) == 137
        for _ in range(2):
            await host.remove(container.id)
            await host.stop(container.id)
        with pytest.raises(RunFailed, match="executable file not found"):
            await host.run(image=base, name="serves", environment={}, port=80, command=["nothing"])
        again = await host.run(
            image=base, name="serves", environment={}, port=80, binds=["kept:/home"], command=["cat", "/home/hello"]
        )
        assert await ended(host, again.id) == 0
        assert await host.logs(again.id) == "hello\n"
        await host.remove(again.id)

    on(host_engine, run)


def test_an_image_that_is_not_there_is_not_run(host_engine: Engine) -> None:
    with pytest.raises(RunFailed, match="No such image: never:1"):
        on(host_engine, lambda host: host.run(image="never:1", name="never", environment={}, port=80))
