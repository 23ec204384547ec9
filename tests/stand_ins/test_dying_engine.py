"""A real engine that is killed, is full, or is cleaned up while a run needs it."""

from __future__ import annotations

import socketserver
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pytask.errors import TaskFailure, render
from pytask.errors.docker import AgentDiskFull, EngineGone, ImageRemoved
from tests.contract.builders.suite import built, local, references
from tests.local_azure.engine.engine import Engine
from tests.local_azure.registries.registry import Registry
from tests.stand_ins.test_docker_builder import DockerScene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MEGABYTE = 1_000_000
_ROOM = 96
"""Megabytes of disk for an engine: more than it needs for itself."""


@pytest.fixture
def scene(folder: Path) -> Iterator[DockerScene]:
    engine = Engine(name="dying", folder=folder / "engine", environment={})
    engine.start()
    registry = Registry(name="dying's", folder=folder / "registry")
    registry.start()
    yield DockerScene(engine, registry, folder)
    registry.stop()
    engine.stop()


@contextmanager
def a_silent_server(then: Callable[[], object]) -> Iterator[int]:
    """Yield the port of a server that never answers; `then` is called once somebody asks."""
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1)
            then()
            over.wait(30)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        over.set()
        server.shutdown()


def test_an_engine_that_is_killed_during_the_build_is_told(scene: DockerScene) -> None:
    with a_silent_server(scene.engine.stop) as port:
        (scene.context() / "Slow").write_text(f"FROM scratch\nADD http://127.0.0.1:{port}/x /\n")
        with pytest.raises(TaskFailure) as caught:
            built(scene, scene.builder(), "Slow")
    assert isinstance(caught.value, EngineGone), render(caught.value)


def test_an_engine_that_is_killed_during_the_push_is_told(scene: DockerScene) -> None:
    image = local(built(scene, scene.builder()))
    with a_silent_server(scene.engine.stop) as port, pytest.raises(EngineGone):
        image.push((f"127.0.0.1:{port}/shop:1",), login=lambda _renew: None, blocked=lambda: None)


def test_an_image_that_is_pruned_after_the_build_is_told(scene: DockerScene) -> None:
    image = local(built(scene, scene.builder()))
    prune = ["/usr/bin/docker", "--host", scene.engine.url, "system", "prune", "--all", "--force"]
    subprocess.run(prune, check=True, capture_output=True)
    with pytest.raises(ImageRemoved):
        image.facts()
    with pytest.raises(ImageRemoved):
        image.push(references(scene), login=lambda _renew: None, blocked=lambda: None)


@pytest.fixture
def full_scene(folder: Path) -> Iterator[DockerScene]:
    data = folder / "engine" / "data"
    data.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_ROOM}m", "small", str(data)], check=True)
    engine = Engine(name="full", folder=folder / "engine", environment={})
    registry = Registry(name="full's", folder=folder / "registry")
    try:
        engine.start()
        registry.start()
        yield DockerScene(engine, registry, folder)
    finally:
        registry.stop()
        engine.stop()
        subprocess.run(["umount", str(data)], check=True)


def test_an_engine_whose_disk_fills_up_in_the_build_is_told(full_scene: DockerScene) -> None:
    (full_scene.context() / "large").write_bytes(b"x" * (2 * _ROOM * _MEGABYTE))
    (full_scene.context() / "Large").write_text("FROM scratch\nCOPY large /\n")
    with pytest.raises(TaskFailure) as caught:
        built(full_scene, full_scene.builder(), "Large")
    assert isinstance(caught.value, AgentDiskFull), render(caught.value)
