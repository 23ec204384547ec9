"""A user without a home, or one whose Docker configuration is closed to it, builds like everybody else.

Such users are usual in container jobs; HOME is unset in Azure/custom-script-extension-linux#97. Each case
runs in a process of its own, under a number that no file knows.
"""

from __future__ import annotations

import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytask.builders.docker.cli import DockerCli
from pytask.builders.docker.configuration import WayIn, current_context, lent_configuration, own_folder
from pytask.model import RegistryHost, RegistryLogin, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STRANGER = 54_321
CONTOSO = "contoso.azurecr.io"
NEW = DockerCli(path="/usr/bin/docker", version="28.0.4", buildx=True)
OLD = DockerCli(path="/usr/bin/docker", version="20.10.24", buildx=False)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody may write to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def as_a_stranger(work: Callable[[], object]) -> Any:  # noqa: ANN401 - whatever JSON says
    """Return what a function comes to for a user whom no file of the system knows, and who has no HOME."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.environ.pop("HOME", None)
            os.setgroups([])
            os.setuid(STRANGER)
            said = json.dumps(work())
        except BaseException as error:  # noqa: BLE001 - it is told in the test's own process
            said = json.dumps(f"{type(error).__name__}: {error}")
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said)


def login(host: RegistryHost) -> RegistryLogin:
    return RegistryLogin(host=host, user="user", password=Secret("s3cret"))


def lent(environment: Mapping[str, str], cli: DockerCli, temporary: Path, *hosts: str) -> dict[str, Any]:
    """Return what a docker command is given, and the warnings."""
    warnings: list[str] = []
    way_in = WayIn(hosts=frozenset(map(RegistryHost.parse, hosts)), login=login)
    given = {"PATH": "/usr/bin:/bin", **environment}
    with lent_configuration(given, cli, way_in, temporary=(str(temporary),), warn=warnings.append) as one:
        folder = one.environment.get("DOCKER_CONFIG")
        return {
            "given": sorted(one.environment),
            "config": json.loads(Path(folder, "config.json").read_bytes()) if folder else None,
            "buildx": one.environment.get("BUILDX_CONFIG", ""),
            "warnings": warnings,
        }


def test_a_user_without_a_home_has_no_configuration_and_no_crash() -> None:
    found = as_a_stranger(lambda: [own_folder({}) is None, own_folder({"HOME": ""}) is None, current_context({})])
    assert found == [True, True, "default"]


def test_a_configuration_elsewhere_needs_no_home() -> None:
    found = as_a_stranger(lambda: [str(own_folder({"DOCKER_CONFIG": "/a"})), str(own_folder({"HOME": "/b"}))])
    assert found == ["/a", "/b/.docker"]


@pytest.mark.parametrize("cli", [OLD, NEW])
@pytest.mark.parametrize("hosts", [(), (CONTOSO,)])
def test_docker_gets_a_folder_to_write_to_when_the_user_has_none(
    open_folder: Path, cli: DockerCli, hosts: tuple[str, ...]
) -> None:
    for environment in ({}, {"HOME": "/"}, {"HOME": "/no/such/home"}, {"HOME": "/root"}):
        found = as_a_stranger(partial(lent, environment, cli, open_folder, *hosts))
        assert found["given"] == ["BUILDX_CONFIG", "DOCKER_CONFIG", "PATH"], environment
        assert list(found["config"]["credHelpers"]) == list(hosts)
        assert Path(found["buildx"]).is_relative_to(open_folder)
        assert found["warnings"] == []
    assert list(open_folder.iterdir()) == []


def test_a_configuration_that_may_not_be_read_is_none(open_folder: Path) -> None:
    own = open_folder / "home" / ".docker"
    own.mkdir(parents=True)
    (own / "config.json").write_text('{"currentContext": "remote"}')
    for closed in (own / "config.json", own):
        closed.chmod(0)
        environment = {"HOME": str(own.parent)}
        found = as_a_stranger(partial(lent, environment, NEW, open_folder, CONTOSO))
        assert (list(found["config"]["credHelpers"]), found["warnings"]) == ([CONTOSO], [])
        assert as_a_stranger(partial(current_context, environment)) == "default"


def test_a_configuration_that_may_only_be_read_is_used_and_not_written(open_folder: Path) -> None:
    own = open_folder / "home" / ".docker"
    own.mkdir(parents=True)
    (own / "config.json").write_text('{"detachKeys": "ctrl-x"}')
    own.chmod(0o555)
    found = as_a_stranger(lambda: lent({"HOME": str(own.parent)}, NEW, open_folder))
    assert found["config"]["detachKeys"] == "ctrl-x"
    assert not Path(found["buildx"]).is_relative_to(own)


def test_files_that_sudo_docker_left_to_root_are_passed_over(open_folder: Path) -> None:
    """docker/for-linux#1451: ERROR: open /home/xxx/.docker/buildx/activity/default: permission denied."""
    activity = open_folder / "home" / ".docker" / "buildx" / "activity"
    activity.mkdir(parents=True)
    for folder in (activity, activity.parent, activity.parent.parent):
        folder.chmod(0o777)
    assert as_a_stranger(partial(lent, {"HOME": f"{open_folder}/home"}, NEW, open_folder))["given"] == []
    (activity / "default").write_text("2023-03-22T01:17:40Z")
    found = as_a_stranger(partial(lent, {"HOME": f"{open_folder}/home"}, NEW, open_folder))
    assert not Path(found["buildx"]).is_relative_to(activity.parent)


def test_a_user_with_a_home_and_nothing_to_sign_in_to_is_left_alone(open_folder: Path) -> None:
    assert as_a_stranger(lambda: lent({"HOME": str(open_folder)}, NEW, open_folder))["given"] == []
