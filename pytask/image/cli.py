"""Which docker command on the agent can build with BuildKit, and whether an engine answers it."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.agent.environment import agent_kind, without_the_agents_own
from pytask.errors.agent_docker import EngineOfWindows
from pytask.errors.docker import BuildKitMissing
from pytask.image.process import answer, read_answer
from pytask.image.setup import no_command, no_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.errors import TaskFailure

_FIRST_WITHOUT_BUILDKIT = 23
"""From this version on the command line needs the buildx plugin for BuildKit.
https://docs.docker.com/engine/release-notes/23.0/"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerCli:
    """A docker command that can do BuildKit."""

    path: str
    version: str
    buildx: bool

    @property
    def does_buildkit_itself(self) -> bool:
        """Whether the command does BuildKit without a plugin."""
        major = self.version.partition(".")[0]
        return major.isdigit() and int(major) < _FIRST_WITHOUT_BUILDKIT

    @property
    def title(self) -> str:
        """The command as a person names it."""
        return f"{self.path} (version {self.version or 'unknown'})"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What a docker command said of itself and of its engine."""

    cli: DockerCli
    engine: Mapping[str, Any]
    said: str
    """What it said when no engine answered it."""

    @property
    def does_buildkit(self) -> bool:
        return self.cli.buildx or self.cli.does_buildkit_itself


def find_docker(environment: Mapping[str, str], seconds: float) -> DockerCli:
    """Give the first docker command on PATH that can do BuildKit, by itself or with the buildx plugin.

    Its engine has to answer within `seconds`, and to be one for Linux. `environment` is the whole of this task's.

    Raises:
        TaskFailure: what this agent lacks.
    """
    asked: list[_Asked] = []
    scrubbed = without_the_agents_own(environment)
    for path in _on_path(environment):
        asked.append(one := _asked(path, scrubbed, seconds))
        if one.engine.get("Os") == "windows":
            raise EngineOfWindows(version=str(one.engine.get("Version", "unknown")))
        if one.does_buildkit and one.engine:
            return one.cli
    raise _lacking(asked, environment)


def _lacking(asked: list[_Asked], environment: Mapping[str, str]) -> TaskFailure:
    agent = agent_kind(environment)
    if not asked:
        return no_command(environment.get("PATH", "empty"), agent)
    # One that did not even tell its version waited for its engine in vain.
    without_engine = next((one for one in asked if one.does_buildkit or not one.cli.version), None)
    if without_engine:
        return no_engine(without_engine.said, without_engine.cli.path, agent)
    return BuildKitMissing(found=", ".join(f"{one.cli.title}, without buildx" for one in asked))


def _on_path(environment: Mapping[str, str]) -> Iterator[str]:
    for folder in dict.fromkeys(environment.get("PATH", "").split(os.pathsep)):
        if folder and (path := shutil.which("docker", path=folder)):
            yield path


def _asked(path: str, environment: Mapping[str, str], seconds: float) -> _Asked:
    """Ask both questions at once; each costs the start of a process.

    Source of the answer: https://docs.docker.com/reference/cli/docker/version/
    """
    version, buildx = (
        answer([path, "version", "--format", "{{json .}}"], environment),
        answer([path, "buildx", "version"], environment),
    )
    told, said = _told(read_answer(version, seconds))
    read_answer(buildx, seconds)
    return _Asked(
        cli=DockerCli(path=path, version=str(told["Client"].get("Version", "")), buildx=buildx.returncode == 0),
        engine=told["Server"],
        said=said,
    )


def _told(output: str) -> tuple[dict[str, dict[str, Any]], str]:
    """Give what the command told of itself and of the engine, and what else it said."""
    told: Any = {}
    said = []
    for line in output.splitlines():
        if line.startswith("{"):
            with suppress(ValueError):
                told = json.loads(line)
                continue
        said.append(line)
    return {name: told.get(name) or {} for name in ("Client", "Server")}, "\n".join(said)
