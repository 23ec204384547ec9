"""What Docker gets as its configuration: the user's own, with a way into further registries, and nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytask.builders.docker.cli import DockerCli
from pytask.builders.docker.configuration import WayIn, current_context, lent_configuration
from pytask.builders.docker.credential_helper import NAME
from pytask.model import RegistryHost
from tests.contract.test_credential_helper import login
from tests.end_to_end.watch import files_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.builders.docker.configuration import Lent

OLD = DockerCli(path="/usr/bin/docker", version="20.10.24+dfsg1", buildx=False)
NEW = DockerCli(path="/usr/bin/docker", version="28.0.4", buildx=True)
CONTOSO = "contoso.azurecr.io"
LOOK = """
import json, os, sys
folder = os.environ["DOCKER_CONFIG"]
print(json.dumps({
    "config": json.load(open(folder + "/config.json")),
    "again": json.load(open(folder + "/config.json")),
    "links": {entry.name: os.readlink(entry) for entry in os.scandir(folder) if entry.is_symlink()},
    "files": [entry.name for entry in os.scandir(folder) if not entry.is_symlink()],
    "modes": oct(os.stat(os.path.dirname(folder)).st_mode),
}))
"""


@contextmanager
def lent(
    tmp_path: Path, *, cli: DockerCli = NEW, hosts: frozenset[str] = frozenset({CONTOSO}), **environment: str
) -> Iterator[tuple[Lent, list[str]]]:
    """Lend the configuration of `tmp_path`/home; give what was lent and the warnings."""
    warnings: list[str] = []
    (tmp_path / "temporary").mkdir(exist_ok=True)
    given = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], **environment}
    way_in = WayIn(hosts=frozenset(map(RegistryHost.parse, hosts)), login=lambda host: login(str(host)))
    temporary = (str(tmp_path / "temporary"), tempfile.gettempdir())
    with lent_configuration(given, cli, way_in, temporary=temporary, warn=warnings.append) as one:
        yield one, warnings
    assert list((tmp_path / "temporary").iterdir()) == []


def seen(one: Lent, program: str = LOOK) -> Any:  # noqa: ANN401 - whatever JSON says
    """Return what a program sees that was started as docker is."""
    command = ["python3", "-I", "-S", "-c", program]
    environment = {**os.environ, **one.environment}
    done = subprocess.run(command, env=environment, pass_fds=one.descriptors, capture_output=True, check=True)
    return json.loads(done.stdout)


def own(tmp_path: Path, content: Mapping[str, Any] | None = None) -> Path:
    """Return a user's configuration folder; with `content` for its config.json."""
    folder = tmp_path / "home" / ".docker"
    folder.mkdir(parents=True, exist_ok=True)
    if content is not None:
        (folder / "config.json").write_text(json.dumps(content))
    return folder


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_the_users_configuration_is_all_there_and_registries_are_added(tmp_path: Path) -> None:
    content = {
        "auths": {"https://index.docker.io/v1/": {"auth": "dXNlcjpzM2NyZXQ="}},
        "credsStore": "desktop",
        "credHelpers": {"ghcr.io": "pass"},
        "currentContext": "remote",
        "proxies": {"default": {"httpProxy": "http://proxy"}},
    }
    folder = own(tmp_path, content)
    for name in ("contexts/meta/x/meta.json", "cli-plugins/docker-buildx", "buildx/current", ".buildNodeID"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    before = snapshot(folder)
    with lent(tmp_path, hosts=frozenset({CONTOSO, "b.azurecr.io"})) as (one, warnings):
        found = seen(one)
        assert found["config"] == found["again"]
        assert found["config"] == {**content, "credHelpers": {CONTOSO: NAME, "b.azurecr.io": NAME, "ghcr.io": "pass"}}
        expected = {name: str(folder / name) for name in ("contexts", "cli-plugins", "buildx", ".buildNodeID")}
        assert {name: link for name, link in found["links"].items() if name != "config.json"} == expected
        assert found["files"] == []
        assert found["modes"] == "0o40700"
        # What the user's file holds is on no further disk.
        assert files_with(["dXNlcjpzM2NyZXQ"], tmp_path / "temporary") == []
        assert one.environment["BUILDX_CONFIG"] == str(folder / "buildx")
    assert warnings == []
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("text", "environment", "context"),
    [
        (None, {}, "default"),
        ('{"currentContext": "colima"}', {}, "colima"),
        ('{"currentContext": ""}', {}, "default"),
        ("no JSON", {}, "default"),
        ('{"currentContext": "colima"}', {"DOCKER_CONTEXT": "remote"}, "remote"),
        ('{"currentContext": "colima"}', {"DOCKER_CONTEXT": "remote", "DOCKER_HOST": "tcp://x"}, "default"),
    ],
)
def test_the_current_context_is_the_one_that_docker_takes(
    tmp_path: Path, text: str | None, environment: dict[str, str], context: str
) -> None:
    if text is not None:
        (own(tmp_path) / "config.json").write_text(text)
    assert current_context({"HOME": str(tmp_path / "home"), **environment}) == context


def test_docker_finds_the_helper_and_gets_an_answer(tmp_path: Path) -> None:
    with lent(tmp_path) as (one, _):
        environment = {**os.environ, **one.environment}
        command = [f"docker-credential-{NAME}", "get"]
        done = subprocess.run(command, env=environment, input=CONTOSO.encode(), capture_output=True, check=True)
        assert json.loads(done.stdout)["Secret"] == "tökén"


@pytest.mark.parametrize(
    "content",
    [
        {"auths": {CONTOSO: {"auth": "eA=="}}},
        {"auths": {f"https://{CONTOSO}/v2/": {}}, "credsStore": "desktop"},
        {"credHelpers": {CONTOSO: "acr-env"}},
    ],
)
def test_a_registry_that_the_user_signed_in_to_is_left_to_the_user(tmp_path: Path, content: dict[str, Any]) -> None:
    own(tmp_path, content)
    with lent(tmp_path) as (one, _):
        assert (dict(one.environment), one.descriptors) == ({}, ())
    with lent(tmp_path, hosts=frozenset({CONTOSO, "b.azurecr.io"})) as (one, _):
        assert seen(one)["config"]["credHelpers"] == {"b.azurecr.io": NAME, **content.get("credHelpers", {})}


def test_a_login_in_the_environment_is_the_users_too(tmp_path: Path) -> None:
    variable = json.dumps({"auths": {CONTOSO: {"auth": "eA=="}}})
    with lent(tmp_path, DOCKER_AUTH_CONFIG=variable) as (one, _):
        assert one.environment == {}
    with lent(tmp_path, DOCKER_AUTH_CONFIG="no JSON") as (one, _):
        assert one.environment


def test_docker_hub_goes_by_the_name_that_docker_has_for_it(tmp_path: Path) -> None:
    with lent(tmp_path, hosts=frozenset({"docker.io"})) as (one, _):
        assert seen(one)["config"]["credHelpers"] == {"https://index.docker.io/v1/": NAME}
    own(tmp_path, {"auths": {"https://index.docker.io/v1/": {}}})
    with lent(tmp_path, hosts=frozenset({"docker.io"})) as (one, _):
        assert one.environment == {}


def test_without_a_private_registry_nothing_is_laid_over(tmp_path: Path) -> None:
    own(tmp_path).joinpath("config.json").write_text("no JSON")
    with lent(tmp_path, hosts=frozenset()) as (one, warnings):
        assert (dict(one.environment), one.descriptors, warnings) == ({}, (), [])


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"auths": '])
def test_a_configuration_that_cannot_be_read_is_used_as_it_is_and_that_is_told(tmp_path: Path, text: str) -> None:
    (own(tmp_path) / "config.json").write_text(text)
    with lent(tmp_path) as (one, (warning,)):
        assert one.environment == {}
        assert warning.startswith(f"the task cannot give Docker credentials for {CONTOSO}: ")
        assert "config.json is not " in warning


def test_an_empty_configuration_is_none(tmp_path: Path) -> None:
    (own(tmp_path) / "config.json").write_text("")
    with lent(tmp_path) as (one, _):
        assert seen(one)["config"] == {"credHelpers": {CONTOSO: NAME}}


def test_the_users_folder_may_be_elsewhere_and_buildx_may_have_its_own(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "config.json").write_text('{"detachKeys": "ctrl-x"}')
    with lent(tmp_path, DOCKER_CONFIG=str(tmp_path / "elsewhere"), BUILDX_CONFIG="/some/where") as (one, _):
        assert seen(one)["config"]["detachKeys"] == "ctrl-x"
        assert one.environment["BUILDX_CONFIG"] == "/some/where"


@pytest.mark.parametrize("there", [True, False])
def test_the_id_that_spares_the_context_is_the_same_in_every_run(tmp_path: Path, *, there: bool) -> None:
    if there:
        (own(tmp_path) / ".buildNodeID").write_text("known")
    ids = []
    for _ in range(2):
        with lent(tmp_path, cli=OLD) as (one, _):
            ids.append(Path(one.environment["DOCKER_CONFIG"], ".buildNodeID").read_text())
    assert ids[0] == ids[1]
    assert (ids[0] == "known") is there
    file = tmp_path / "home" / ".docker" / ".buildNodeID"
    assert file.read_text() == ids[0]
    if not there:
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_command_that_keeps_that_id_elsewhere_leaves_none_behind(tmp_path: Path) -> None:
    with lent(tmp_path, cli=NEW) as (one, _):
        assert one.environment
    assert not (tmp_path / "home").exists()


def test_where_the_home_folder_cannot_be_written_the_id_is_still_the_same(tmp_path: Path) -> None:
    nowhere = "/proc/none/docker"
    ids = set()
    for _ in range(2):
        with lent(tmp_path, cli=OLD, DOCKER_CONFIG=nowhere) as (one, _):
            ids.add(Path(one.environment["DOCKER_CONFIG"], ".buildNodeID").read_text())
    assert ids == {nowhere}
