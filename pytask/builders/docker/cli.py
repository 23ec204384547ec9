"""Finding a docker command on the agent that can build with BuildKit and reaches an engine."""

from __future__ import annotations

import errno
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytask.agent.environment import agent_kind, temporary_folders, without_the_agents_own
from pytask.builders.docker.asking import ask, ask_buildx, docker_commands
from pytask.builders.docker.process import read_answer
from pytask.builders.docker.setup import no_command, no_engine
from pytask.builders.docker.wrapper import PassedOn, is_dockers_own, passed_on
from pytask.errors.agent_docker import EngineOfWindows
from pytask.errors.docker import BuildKitMissing
from pytask.errors.docker_command import DockerDropsEnvironment, DockerIsPodman, EngineIsPodman

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.builders.docker.asking import Asking
    from pytask.errors import TaskFailure

_FIRST_WITHOUT_BUILDKIT = 23
"""The first version that needs the buildx plugin for BuildKit.
https://docs.docker.com/engine/release-notes/23.0/"""


_CANNOT_START = frozenset({errno.ENOEXEC, errno.ENOENT, errno.EACCES, errno.ENOTDIR})
"""https://man7.org/linux/man-pages/man2/execve.2.html"""
_PODMANS_KEY = "OsArch"
"""A key of podman's version, where Docker's has `Os` and `Arch`.
https://github.com/containers/podman/blob/main/libpod/define/version.go"""
_PODMANS_WORDS = ("Emulate Docker CLI using podman", "buildah")
"""The first words of the podman-docker script, and podman's name for its builder.
https://github.com/containers/podman/blob/main/docker/docker.in and
https://github.com/containers/podman/blob/main/cmd/podman/images/version.go"""
_PODMANS_ENGINE = "Podman Engine"
"""https://github.com/containers/podman/blob/main/pkg/api/handlers/compat/version.go"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerCli:
    """A docker command that can build with BuildKit."""

    path: str
    version: str
    buildx: bool
    api: str = ""
    """The engine's API version."""
    wrapped: bool = False
    """Whether the command is a wrapper that starts Docker's program."""
    passes_descriptors: bool = True
    """Whether inherited file descriptors reach Docker."""

    @property
    def does_buildkit_itself(self) -> bool:
        """Whether the command can use BuildKit without a plugin."""
        major = self.version.partition(".")[0]
        return major.isdigit() and int(major) < _FIRST_WITHOUT_BUILDKIT

    @property
    def title(self) -> str:
        """The command's name for people."""
        return f"{self.path} (version {self.version or 'unknown'})"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What a docker command reported about itself and its engine."""

    cli: DockerCli
    engine: Mapping[str, Any]
    said: str
    """Its message when it reached no engine."""
    passed_on: PassedOn
    podman: bool
    """Whether the command is podman's."""

    @property
    def does_buildkit(self) -> bool:
        return self.cli.buildx or self.cli.does_buildkit_itself

    @property
    def engine_is_podmans(self) -> bool:
        """Whether podman's service answers instead of a Docker engine."""
        return any(part.get("Name") == _PODMANS_ENGINE for part in _records(self.engine.get("Components")))

    @property
    def is_usable(self) -> bool:
        return self.does_buildkit and bool(self.engine) and not self.trouble

    @property
    def trouble(self) -> TaskFailure | None:
        """What makes the command unusable at any version."""
        path, version = self.cli.path, self.cli.version or "of an unknown version"
        if self.podman:
            return DockerIsPodman(path=path, version=version)
        if self.engine_is_podmans:
            return EngineIsPodman(path=path, version=str(self.engine.get("Version", "of an unknown version")))
        return None if self.passed_on.environment else DockerDropsEnvironment(path=path, leads_to=_leads_to(path))


def find_docker(environment: Mapping[str, str], seconds: float, asking: Asking | None = None) -> DockerCli:
    """Return the first docker command on PATH that can use BuildKit, by itself or with the buildx plugin.

    Its engine must answer within `seconds` and run Linux containers. `environment` is this task's whole environment.
    `asking` is the first command, if it has already been asked.

    Raises:
        TaskFailure: what this agent lacks.
    """
    asked: list[_Asked] = []
    scrubbed = without_the_agents_own(environment)
    temporary = temporary_folders(environment)[0]
    for path in docker_commands(environment):
        first = asking if asking and asking.path == path else None
        asked.append(one := _answers_of(path, first, scrubbed, temporary, seconds))
        if one.engine.get("Os") == "windows":
            raise EngineOfWindows(version=str(one.engine.get("Version", "unknown")))
        if one.is_usable:
            return one.cli
    raise _lacking(asked, environment)


def _lacking(asked: list[_Asked], environment: Mapping[str, str]) -> TaskFailure:
    agent = agent_kind(environment)
    if not asked:
        return no_command(environment.get("PATH", "empty"), agent)
    if trouble := next((one.trouble for one in asked if one.trouble), None):
        return trouble
    # A command that did not even print its version was waiting for an engine that did not answer.
    without_engine = next((one for one in asked if one.does_buildkit or not one.cli.version), None)
    if without_engine:
        return no_engine(without_engine.said, without_engine.cli.path, agent)
    return BuildKitMissing(found=", ".join(f"{one.cli.title}, without buildx" for one in asked))


def _answers_of(
    path: str, asking: Asking | None, environment: Mapping[str, str], temporary: str, seconds: float
) -> _Asked:
    """Return what a docker command answers; one that cannot be started is unusable, and says why."""
    try:
        begun = asking or ask(path, environment)
        try:
            return _asked(begun, environment, temporary, seconds)
        except BaseException:
            begun.give_up()
            raise
    except OSError as error:
        if error.errno not in _CANNOT_START:
            raise
        cli = DockerCli(path=path, version="", buildx=False)
        return _Asked(cli=cli, engine={}, said=str(error), passed_on=PassedOn(), podman=False)


def _asked(asking: Asking, environment: Mapping[str, str], temporary: str, seconds: float) -> _Asked:
    """Return what a command answers; a wrapper is also asked for what it passes on."""
    path = asking.path
    wrapped = not is_dockers_own(path)
    passes = passed_on(path, environment, temporary=temporary, seconds=seconds) if wrapped else PassedOn()
    told, said = _told(read_answer(asking.version, seconds))
    cli = DockerCli(
        path=path,
        version=str(told["Client"].get("Version", "")),
        buildx=False,
        api=str(told["Server"].get("ApiVersion", "")),
        wrapped=wrapped,
        passes_descriptors=passes.descriptors,
    )
    has_buildx, said_by_buildx = _buildx(asking, environment, seconds, needed=not cli.does_buildkit_itself)
    podman = _PODMANS_KEY in told["Client"] or any(sign in said + said_by_buildx for sign in _PODMANS_WORDS)
    cli = replace(cli, buildx=has_buildx)
    return _Asked(cli=cli, engine=told["Server"], said=said, passed_on=passes, podman=podman)


def _buildx(asking: Asking, environment: Mapping[str, str], seconds: float, *, needed: bool) -> tuple[bool, str]:
    """Tell whether a docker command has the plugin, and return what it said when it was asked."""
    begun = asking.buildx or (ask_buildx(asking.path, environment) if needed else None)
    said = read_answer(begun, seconds) if begun else ""
    return begun is not None and begun.returncode == 0, said


def _told(output: str) -> tuple[dict[str, dict[str, Any]], str]:
    """Return what the command reported about itself and the engine, and its other output."""
    told: Any = {}
    said = []
    for line in output.splitlines():
        if line.startswith("{"):
            with suppress(ValueError, RecursionError):
                told = json.loads(line)
                continue
        said.append(line)
    parts = told if isinstance(told, dict) else {}
    return {name: _record(parts.get(name)) for name in ("Client", "Server")}, "\n".join(said)


def _record(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _records(value: object) -> list[dict[str, Any]]:
    return [_record(one) for one in value] if isinstance(value, list) else []


def _leads_to(path: str) -> str:
    """Return a few words that say what a command is when it is not Docker's own."""
    program = Path(path).resolve()
    with suppress(OSError), program.open("rb") as file:
        if file.read(2) == b"#!":
            return f"the script {program}"
    return f"the program {program}"
