"""Asking a docker command about itself.

A docker command takes about as long to answer as the program takes to load, so the first one on PATH is asked before
loading begins.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.agent.environment import without_the_agents_own
from pytask.builders.docker.process import answer, give_up
from pytask.model import BuildOn, Command

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

_BUILDS = frozenset({Command.BUILD.value, Command.BUILD_AND_PUSH.value, Command.BUILD_PUSH_DEPLOY.value})
_PLUGINS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
"""https://github.com/docker/cli/blob/master/cli-plugins/manager/manager_unix.go"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """A docker command that has been asked for its version and, if it may have the plugin, for that of buildx."""

    path: str
    version: subprocess.Popen[str]
    buildx: subprocess.Popen[str] | None

    def give_up(self) -> None:
        """Kill the commands that have not answered yet."""
        give_up(self.version)
        if self.buildx:
            give_up(self.buildx)


def ask(path: str, environment: Mapping[str, str]) -> Asking:
    """Ask a docker command for its version and, if a plugin file is visible, for buildx's too.

    Otherwise `ask_buildx` is for later, if the version requires the plugin. `environment` has nothing of the agent's.
    Source of the answer: https://docs.docker.com/reference/cli/docker/version/
    """
    version = answer([path, "version", "--format", "{{json .}}"], environment)
    try:
        return Asking(
            path=path, version=version, buildx=ask_buildx(path, environment) if _sees_buildx(environment) else None
        )
    except OSError:
        give_up(version)
        raise


def ask_buildx(path: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Ask a docker command for the version of its buildx plugin; it exits with 0 if a working plugin is installed."""
    return answer([path, "buildx", "version"], environment)


def _sees_buildx(environment: Mapping[str, str]) -> bool:
    """Tell whether the plugin is where Docker's packages put it, or in the user's own plugin folder."""
    own = environment.get("DOCKER_CONFIG") or f"{environment.get('HOME', '')}/.docker"
    return any(os.access(f"{folder}/docker-buildx", os.X_OK) for folder in (f"{own}/cli-plugins", *_PLUGINS))


def ask_ahead(environment: Mapping[str, str]) -> Asking | None:
    """Ask the first docker command on PATH if the raw inputs say that this agent builds.

    Return None if they do not, or if no command can be started; the build then reports why.
    """
    builds = environment.get("INPUT_COMMAND", "") in _BUILDS
    here = environment.get("INPUT_BUILDON", "") in {"", BuildOn.AGENT.value}
    path = next(docker_commands(environment), None) if builds and here else None
    try:
        return ask(path, without_the_agents_own(environment)) if path else None
    except OSError:
        return None


def docker_commands(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield each docker command on PATH once: where /bin is a link to /usr/bin, PATH usually has both."""
    seen: set[str] = set()
    for folder in environment.get("PATH", "").split(os.pathsep):
        if folder and (path := shutil.which("docker", path=folder)):
            program = os.path.realpath(path)
            if program not in seen:
                yield path
            seen.add(program)
