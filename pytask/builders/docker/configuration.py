"""The user's Docker configuration, extended with credentials for more registries during one docker command.

The configuration is never changed. Docker gets a folder of links to it, with a `config.json` in memory that has one
more entry for each registry. What the command keeps for the next build (`.buildNodeID`, buildx's folder) stays in the
user's folder: without it BuildKit would send the whole context again.
Source: https://docs.docker.com/reference/cli/docker/#configuration-files
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytask.builders.docker.credential_helper import NAME, answering, write_helper
from pytask.builders.docker.handover import handed_over
from pytask.decode import decode, object_at
from pytask.errors import TaskFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytask.builders.docker.cli import DockerCli
    from pytask.builders.docker.credential_helper import LoginByName
    from pytask.model import LoginFor, RegistryHost, RegistryLogin

DOCKER_HUB = "docker.io"
_HUBS_KEY = "https://index.docker.io/v1/"
"""The key for Docker Hub in Docker's configuration.
https://github.com/docker/cli/blob/master/cli/config/configfile/file.go"""
_NO_CONTEXT = "default"
_NODE_ID = ".buildNodeID"
"""https://github.com/docker/cli/blob/v20.10.24/cli/command/image/build_session.go"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lent:
    """What a docker command needs to sign in to registries that the user's configuration does not cover."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables to add to the command's environment."""
    descriptors: tuple[int, ...] = ()
    """File descriptors that the command must inherit."""
    answers: Mapping[str, TaskFailure | None] = field(default_factory=dict)
    """The hosts that Docker asked credentials for, with the reason if it got none; filled while the command runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WayIn:
    """Registries that the user's configuration may not cover, and how to sign in to them."""

    hosts: frozenset[RegistryHost]
    """The only hosts that Docker gets credentials for."""
    login: LoginFor
    """Called in its own thread when Docker asks; may be slow."""


@contextmanager
def lent_configuration(
    environment: Mapping[str, str],
    cli: DockerCli,
    way_in: WayIn,
    *,
    temporary: Sequence[str],
    warn: Callable[[str], None],
) -> Iterator[Lent]:
    """Yield what a docker command needs to sign in to more registries; it is removed after the block.

    Registries in the user's configuration are left to it. If it has them all, Docker uses it unchanged, unless it
    cannot be written. The links go into the first usable folder of `temporary`.
    """
    with ExitStack() as until_used:
        try:
            lent = _lent(environment, cli, way_in, temporary, until_used)
        except (OSError, ValueError) as error:
            lent = Lent()
            given = (
                f"credentials for {', '.join(sorted(map(str, way_in.hosts)))}"
                if way_in.hosts
                else "a folder to write to"
            )
            warn(f"the task cannot give Docker {given}: {error}")
        yield lent


def _lent(
    environment: Mapping[str, str], cli: DockerCli, way_in: WayIn, temporary: Sequence[str], until_used: ExitStack
) -> Lent:
    own = own_folder(environment)
    if not way_in.hosts and _can_be_written(own):
        return Lent()
    content = _content(own)
    known = known_hosts(content, environment.get("DOCKER_AUTH_CONFIG", ""))
    wanted = frozenset(host for host in way_in.hosts if str(host) not in known)
    if not wanted and _can_be_written(own):
        return Lent()
    room, answers = _room(temporary, until_used), dict[str, TaskFailure | None]()
    until_used.enter_context(answering(room, _remembering(way_in.login, wanted, answers)))
    helped = _with_helper(content, wanted)
    handed = until_used.enter_context(handed_over([helped], by_descriptors=cli.passes_descriptors))
    _lay_links(own, room / "config", handed.paths[0])
    if cli.does_buildkit_itself:
        _keep_node_id(own, room / "config")
    return Lent(environment=_pointing_to(room, own, environment), descriptors=handed.descriptors, answers=answers)


def own_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder of the user's Docker configuration, which may not exist; None for a user without a home.

    A user without an entry in /etc/passwd has none, as in a container that was started with another user id.
    """
    if given := environment.get("DOCKER_CONFIG"):
        return Path(given).absolute()
    try:
        home = Path(environment.get("HOME") or Path("~").expanduser())
    except RuntimeError:
        return None
    return Path(home, ".docker").absolute()


def _can_be_written(own: Path | None) -> bool:
    """Tell whether Docker can write its build state there: buildx fails when it cannot.

    It also fails on files that an earlier `sudo docker build` left to root (docker/for-linux#1451).
    Source: https://github.com/docker/buildx/blob/master/util/confutil/config.go
    """
    if own is None:
        return False
    buildx = own / "buildx"
    nearest = next(place for place in (buildx, *buildx.parents) if os.path.lexists(place))
    kept = (entry for folder in (buildx, buildx / "activity") for entry in _entries(folder))
    return os.access(nearest, os.W_OK | os.X_OK) and all(os.access(entry, os.W_OK) for entry in kept)


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.iterdir()


def current_context(environment: Mapping[str, str]) -> str:
    """Return the name of the Docker context that the docker command uses.

    Source: https://docs.docker.com/reference/cli/docker/context/use/
    """
    if environment.get("DOCKER_HOST"):
        return _NO_CONTEXT
    if chosen := environment.get("DOCKER_CONTEXT"):
        return chosen
    with suppress(OSError, ValueError):
        return str(_content(own_folder(environment)).get("currentContext") or _NO_CONTEXT)
    return _NO_CONTEXT


def known_hosts(content: Mapping[str, Any], variable: str = "") -> frozenset[str]:
    """Return the registries that a configuration has credentials or a helper for.

    `variable` is the value of DOCKER_AUTH_CONFIG.

    Source: https://docs.docker.com/reference/cli/docker/#environment-variables
    """
    given = {**content, "more": _auths(variable)}
    return frozenset(_host(key) for part in ("auths", "credHelpers", "more") for key in object_at(given, part))


def _auths(variable: str) -> Mapping[str, Any]:
    return object_at(decode(variable), "auths")


def _content(own: Path | None) -> Mapping[str, Any]:
    """Return the user's configuration; empty when the user may not read it, because then Docker cannot either.

    Raises OSError or ValueError when it cannot be read.
    """
    if own is None:
        return {}
    try:
        content = json.loads((own / "config.json").read_bytes() or "{}")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{own / 'config.json'} is not valid JSON ({error})") from error
    if not isinstance(content, dict):
        raise ValueError(f"{own / 'config.json'} is not a JSON object")  # noqa: TRY004 - what is wrong is the file
    return content


def _with_helper(content: Mapping[str, Any], hosts: Iterable[RegistryHost]) -> bytes:
    ours = {_HUBS_KEY if host.is_docker_hub else str(host): NAME for host in hosts}
    return json.dumps({**content, "credHelpers": {**ours, **object_at(content, "credHelpers")}}).encode()


def _host(key: str) -> str:
    """Return the host of a registry's key in Docker's configuration; old keys are whole URLs."""
    host = re.sub(r"^https?://", "", key).partition("/")[0].lower()
    return DOCKER_HUB if host in {"index.docker.io", "registry-1.docker.io"} else host


def _remembering(
    login: LoginFor, hosts: frozenset[RegistryHost], answers: dict[str, TaskFailure | None]
) -> LoginByName:
    """Return a function that gives the login for a server by Docker's name for it, or None for any other host."""
    by_name = {str(host): host for host in hosts}

    def ask(server: str) -> RegistryLogin | None:
        host = by_name.get(_host(server))
        if host is None:
            return None
        try:
            found = login(host)
        except TaskFailure as failure:
            answers[str(host)] = failure
            raise
        if found is None or found.host != host:
            return None
        answers[str(host)] = None
        return found

    return ask


def _room(temporary: Sequence[str], until_used: ExitStack) -> Path:
    """Make a folder that programs can start from, with the helper in it; raise OSError when there is none."""
    first, *others = temporary
    try:
        if room := _room_in(first, until_used):
            return room
    except OSError:
        if not others:
            raise
    if others:
        return _room(others, until_used)
    raise PermissionError(f"programs cannot be started from {first} (noexec)")


def _room_in(parent: str, until_used: ExitStack) -> Path | None:
    room = Path(tempfile.mkdtemp(prefix="docker-configuration-", dir=parent))
    until_used.callback(shutil.rmtree, room, ignore_errors=True)
    for name in ("bin", "config"):
        (room / name).mkdir()
    return room if write_helper(room, room / "bin") else None


def _lay_links(own: Path | None, folder: Path, configuration: str) -> None:
    (folder / "config.json").symlink_to(configuration)
    for entry in _entries(own) if own else ():
        if entry.name != "config.json":
            (folder / entry.name).symlink_to(entry)


def _keep_node_id(own: Path | None, folder: Path) -> None:
    """Have a first build leave its id in the user's folder; the command does not write through a link."""
    if (folder / _NODE_ID).is_symlink():
        return
    if own is None:
        (folder / _NODE_ID).write_text(f"the user {os.getuid()}, who has no home", encoding="utf-8")
        return
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError), open(own / _NODE_ID, "x", opener=_private) as file:
            file.write(os.urandom(32).hex())
        (folder / _NODE_ID).symlink_to(own / _NODE_ID)
    except OSError:
        # The command itself does this when it may not write: the folder's path is the id.
        (folder / _NODE_ID).write_text(str(own), encoding="utf-8")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _pointing_to(room: Path, own: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    buildx = own / "buildx" if own and _can_be_written(own) else room / "buildx"
    return {
        "DOCKER_CONFIG": str(room / "config"),
        "BUILDX_CONFIG": environment.get("BUILDX_CONFIG") or str(buildx),
        "PATH": os.pathsep.join([str(room / "bin"), environment.get("PATH", "")]),
    }
