"""The container of a container job: real, on the build agent's engine, with this machine's programs in it.

As the agent sets one up: it lives as long as the job, has the agent's folders and Node mounted, and each step runs
in it by `docker exec`. What differs: folders keep their paths, where the agent has /__w and the like; the network
is this machine's, as the local Azure listens on its loopback.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/ContainerOperationProvider.cs
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import PYTHON, ROOT, TASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.local_azure.engine.engine import Engine

INVOKER = Path(__file__).parent / "container_invoker.js"
SOCKET = "/var/run/docker.sock"
_DOCKER = "/usr/bin/docker"
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


@dataclass(frozen=True, kw_only=True, slots=True)
class JobContainer:
    """A running container; `id` is what Agent.ContainerId says."""

    id: str
    engine: str

    @property
    def machine(self) -> Mapping[str, str]:
        """What the agent's own docker command needs."""
        return {"DOCKER_HOST": self.engine, "PATH": "/usr/bin:/bin"}

    def command(self, node: str) -> list[str]:
        """Return the agent's command; what it starts inside comes by standard input."""
        return [_DOCKER, "exec", "-i", self.id, node, str(INVOKER)]

    def payload(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> str:
        """Return what the command is told by standard input."""
        handler, *arguments = command
        told = {"handler": handler, "handlerArgs": arguments, "environment": dict(environment), "workDir": str(folder)}
        return json.dumps(told)


@contextmanager
def a_job_container(
    engine: Engine, *folders: Path, socket: bool = True, hidden: Sequence[str] = ()
) -> Iterator[JobContainer]:
    """Return a container with these folders in it, for the time of the block.

    With `socket` the engine's is mounted (mapDockerSocket). Programs that are `hidden` are not in its image.
    """
    environment = {"DOCKER_HOST": engine.url, "PATH": "/usr/bin:/bin"}

    def docker(*words: str, stdin: bytes = b"") -> str:
        done = subprocess.run([_DOCKER, *words], env=environment, input=stdin, check=True, capture_output=True)
        return done.stdout.decode().strip()

    docker("import", "-", "job-container:1", stdin=_root_filesystem())
    own = (Path("/usr"), Path("/var/empty"), ROOT, TASK, Path(sys.base_prefix), PYTHON.parent.parent.resolve())
    mounts = [f"--volume={path}:{path}:ro" for path in dict.fromkeys(own) if path.exists()]
    mounts += [f"--volume={folder}:{folder}" for folder in folders]
    mounts += [f"--volume={engine.socket}:{SOCKET}"] if socket else []
    mounts += [f"--mount=type=bind,source=/dev/null,target={program}" for program in hidden]
    name = docker("run", "--detach", "--network=host", *mounts, "job-container:1", shutil.which("sleep") or "", "600")
    try:
        yield JobContainer(id=name, engine=engine.url)
    finally:
        docker("rm", "--force", name)


def _root_filesystem() -> bytes:
    """Return an image with nothing in it but where things are mounted."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in ("usr", "tmp", "etc", "proc", "sys", "dev"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        for name, target in _LINKS.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return archive.getvalue()
