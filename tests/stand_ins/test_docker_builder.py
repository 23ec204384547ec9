"""The agent's Docker passes what every builder has to, with a real engine and a real registry."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests

from pytask.agent.console import Console
from pytask.builders.builder import Machine
from pytask.builders.docker.builder import find_builder
from pytask.clock import Clock, Timeouts
from pytask.model import Network
from tests.contract.builders import suite
from tests.contract.builders.suite import *  # noqa: F403 - its tests are run here
from tests.local_azure.engine.engine import Engine
from tests.local_azure.registries.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytask.builders.docker.builder import DockerBuilder

_MANIFESTS = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")
ACCEPT = {"Accept": ", ".join(_MANIFESTS)}


@dataclass
class DockerScene:
    """An engine, a registry and a folder with Dockerfiles."""

    engine: Engine
    place: Registry
    folder: Path

    @property
    def registry(self) -> str:
        """The registry as an image's name begins."""
        return self.place.url.removeprefix("http://")

    def builder(self) -> DockerBuilder:
        """Return the docker command that goes to the engine."""
        clock = Clock()
        environment = {"PATH": "/usr/bin:/bin", "DOCKER_HOST": self.engine.url, "AGENT_TEMPDIRECTORY": str(self.folder)}
        return find_builder(
            Machine(
                environment=environment,
                network=Network(),
                console=Console(io.StringIO(), clock),
                clock=clock,
                timeouts=Timeouts(push_attempts=1, http_first_wait=0.1),
            )
        )

    def context(self) -> Path:
        """Return a folder with one file in it, and two ways to build."""
        context = self.folder / "context"
        context.mkdir(exist_ok=True)
        (context / "hello").write_text("Hello", encoding="utf-8")
        (context / "Dockerfile").write_text("FROM scratch\nCOPY hello /\n", encoding="utf-8")
        (context / "Broken").write_text("FROM scratch\nCOPY nowhere /\n", encoding="utf-8")
        return context

    def digest_in_registry(self, tag: str) -> str:
        """Return what the registry says of a tag; empty when it does not answer, too."""
        url = f"{self.place.url}/v2/shop/manifests/{tag}"
        try:
            answer = requests.head(url, headers=ACCEPT, timeout=5)
        except requests.ConnectionError:
            return ""
        return answer.headers["Docker-Content-Digest"] if answer.ok else ""

    def close(self) -> None:
        """Be gone."""
        self.place.stop()


def test_another_job_that_moves_the_tag_does_not_change_what_is_pushed(scene: DockerScene) -> None:
    ours = suite.local(suite.built(scene, scene.builder()))
    facts = ours.facts()
    (scene.context() / "hello").write_text("Hello from another job", encoding="utf-8")
    command = [
        "/usr/bin/docker",
        "--host",
        scene.engine.url,
        "build",
        "--tag",
        suite.references(scene)[0],
        str(scene.context()),
    ]
    subprocess.run(command, check=True, capture_output=True, env={"DOCKER_BUILDKIT": "1", "PATH": "/usr/bin:/bin"})
    assert ours.facts() == facts
    sent = ours.push(suite.references(scene), login=lambda _renew: None, blocked=lambda: None)
    manifest = requests.get(f"{scene.place.url}/v2/shop/manifests/{sent.digest}", headers=ACCEPT, timeout=5).json()
    assert facts.id in {manifest["config"]["digest"], sent.digest}, "by the image store"


@pytest.fixture(scope="module")
def engine(session_folder: Path) -> Iterator[Engine]:
    engine = Engine(name="builder", folder=session_folder / "builder", environment={})
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def scene(engine: Engine, folder: Path) -> Iterator[DockerScene]:
    registry = Registry(name="builder's", folder=folder / "registry")
    registry.start()
    yield DockerScene(engine, registry, folder)
    registry.stop()
