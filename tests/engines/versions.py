"""What an engine is, in its own words."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pytask.builders.docker.cli import find_docker
from tests.local_azure.engine.engine import START_LIMIT, Engine


def versions() -> str:
    """Return what the agent's engine and the docker command that the task finds tell of themselves, on one line.

    An engine is started for it. Raises EngineFailed.
    """
    with tempfile.TemporaryDirectory(prefix="engine-") as folder:
        engine = Engine(name="asked", folder=Path(folder), environment={})
        engine.start()
        try:
            return _told(engine.url)
        finally:
            engine.stop()


def _told(url: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "DOCKER_HOST": url}
    docker = find_docker(environment, START_LIMIT).path

    def ask(question: str) -> Any:  # noqa: ANN401 - JSON is of any form
        command = [docker, question, "--format", "{{json .}}"]
        return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)

    version, info = ask("version"), ask("info")
    plugins = {plugin["Name"]: plugin["Version"] for plugin in info["ClientInfo"]["Plugins"] or ()}
    components = {component["Name"]: component["Version"] for component in version["Server"]["Components"]}
    told = {
        "docker": f"{version['Client']['Version']} ({docker})",
        "buildx": plugins.get("buildx", "none"),
        "engine": components["Engine"],
        "containerd": components["containerd"],
        "runc": components["runc"],
        "store": store(info),
        "Python": platform.python_version(),
    }
    return ", ".join(f"{name} {value}" for name, value in told.items())


def store(info: dict[str, Any]) -> str:
    """Return how an engine keeps its images, from what `docker info` says.

    https://docs.docker.com/engine/storage/containerd/#verify-that-youre-using-the-containerd-image-store
    """
    of_containerd = ["driver-type", "io.containerd.snapshotter.v1"] in (info["DriverStatus"] or [])
    return f"{'containerd' if of_containerd else 'classic'} ({info['Driver']})"
