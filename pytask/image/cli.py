"""Which docker command on the agent can build with BuildKit."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors.docker import BuildKitMissing, DockerNotFound
from pytask.image.process import answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIRST_WITHOUT_BUILDKIT = 23
"""From this version on the command line needs the buildx plugin for BuildKit.
https://docs.docker.com/engine/release-notes/23.0/"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerCli:
    """A docker command that can do BuildKit."""

    path: str
    version: str
    buildx: bool


def find_docker(environment: Mapping[str, str]) -> DockerCli:
    """Give the first docker command on PATH that can do BuildKit, by itself or with the buildx plugin.

    Raises:
        DockerNotFound: when PATH has no docker.
        BuildKitMissing: when none on PATH can do BuildKit.
    """
    found: list[DockerCli] = []
    for path in _on_path(environment):
        cli = _asked(path, environment)
        if _can_buildkit(cli):
            return cli
        found.append(cli)
    if not found:
        raise DockerNotFound(path=environment.get("PATH", "empty"))
    told = ", ".join(f"{cli.path} (version {cli.version or 'unknown'}, without buildx)" for cli in found)
    raise BuildKitMissing(found=told)


def _on_path(environment: Mapping[str, str]) -> Iterator[str]:
    for folder in dict.fromkeys(environment.get("PATH", "").split(os.pathsep)):
        if folder and (path := shutil.which("docker", path=folder)):
            yield path


def _asked(path: str, environment: Mapping[str, str]) -> DockerCli:
    """Ask both questions at once; each costs the start of a process."""
    version, buildx = (
        answer([path, "--version"], environment),
        answer([path, "buildx", "version"], environment),
    )
    found = re.search(r"version (\d+[\w.+~-]*)", version.communicate()[0])
    buildx.communicate()
    return DockerCli(path=path, version=found.group(1) if found else "", buildx=buildx.returncode == 0)


def _can_buildkit(cli: DockerCli) -> bool:
    major = cli.version.partition(".")[0]
    return cli.buildx or (major.isdigit() and int(major) < _FIRST_WITHOUT_BUILDKIT)
