"""An engine that only the docker command reaches is reached through it; real processes, Docker's real command."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from pytask.builders.docker.cli import DockerCli, find_docker
from pytask.builders.docker.engine import open_engine
from pytask.errors import render
from pytask.errors.docker import EngineFailing, EngineUnreachable
from pytask.errors.docker_command import DockerConfigurationInvalid, EngineBySsh, ImageNotLoaded
from tests.local_azure.engine.windows_engine import VERSION, a_windows_engine

if TYPE_CHECKING:
    from pathlib import Path

LINUX = {**VERSION, "Os": "linux", "Version": "28.0.4", "ApiVersion": "1.41"}
SSH = """#!/bin/sh
# Like ssh, and the other machine is this one.
while [ "$1" != docker ]; do shift; done
exec env DOCKER_HOST={url} /usr/bin/"$@"
"""


def an_ssh(folder: Path, script: str) -> str:
    """Put a program named ssh first on PATH; return that."""
    (folder / "bin").mkdir()
    (folder / "bin" / "ssh").write_text(script)
    (folder / "bin" / "ssh").chmod(0o755)
    return f"{folder}/bin:/usr/bin:/bin"


def a_context(folder: Path, host: str) -> dict[str, str]:
    """Write a Docker context that is current; return the environment for it."""
    place = folder / "contexts" / "meta" / sha256(b"remote").hexdigest()
    place.mkdir(parents=True)
    meta = {"Name": "remote", "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (place / "meta.json").write_text(json.dumps(meta))
    (folder / "config.json").write_text('{"currentContext": "remote"}')
    return {"DOCKER_CONFIG": str(folder)}


@pytest.mark.parametrize("by_context", [False, True])
def test_an_engine_over_ssh_is_found_and_asked_by_dockers_own_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_context: bool
) -> None:
    address = "ssh://agent@builder.contoso.com:2222"
    with a_windows_engine(tmp_path / "docker.sock", LINUX) as engine:
        chosen = a_context(tmp_path / "config", address) if by_context else {"DOCKER_HOST": address}
        for name, value in chosen.items():
            monkeypatch.setenv(name, value)  # the SDK looks for contexts by the process's own
        environment = {"PATH": an_ssh(tmp_path, SSH.format(url=engine.url)), **chosen}
        docker = find_docker(environment, 30)
        assert (docker.path, docker.api, docker.wrapped) == ("/usr/bin/docker", "1.41", False)
        found = open_engine(environment, docker)
        with pytest.raises(EngineFailing):  # this little engine knows no images: it was asked, over ssh
            found.inspect(("contoso.azurecr.io/app:1",))
        found.api.close()
        assert "/v1.41/images/contoso.azurecr.io/app:1/json" in engine.asked


def test_a_wrapper_leads_the_push_to_the_engine_that_it_leads_the_build_to(tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "docker.sock", LINUX) as engine:
        wrapper = tmp_path / "docker"
        wrapper.write_text(f'#!/bin/sh\nDOCKER_HOST={engine.url} exec /usr/bin/docker "$@"\n')
        wrapper.chmod(0o755)
        environment = {"PATH": f"{tmp_path}:/bin"}
        docker = find_docker(environment, 30)
        assert docker.wrapped
        assert open_engine(environment, docker).api.ping()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "#!/bin/sh\necho 'agent@builder: Permission denied (publickey).' >&2\nexit 255\n",
            "Permission denied (publickey)",
        ),
        ("#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n", "Host key verification failed"),
        ("#!/bin/sh\necho 'sh: docker: not found' >&2\nexit 127\n", "docker: not found"),
        (
            "#!/bin/sh\necho 'permission denied while trying to connect to the Docker daemon socket' >&2\nexit 1\n",
            "permission denied while trying",
        ),
    ],
)
def test_ssh_that_does_not_get_there_is_told_in_its_own_words(tmp_path: Path, script: str, words: str) -> None:
    """sagebind/docker-swarm-deploy-action#2 and others."""
    environment = {"PATH": an_ssh(tmp_path, script), "DOCKER_HOST": "ssh://agent@builder"}
    with pytest.raises(EngineBySsh, match="docker-engine-by-ssh") as caught:
        find_docker(environment, 30)
    told = render(caught.value)
    assert words in told or "write |1: " in told  # what Docker itself loses now and then
    assert "known_hosts" in told


def test_an_agent_without_ssh_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "docker").symlink_to("/usr/bin/docker")
    with pytest.raises(EngineBySsh):
        find_docker({"PATH": str(tmp_path), "DOCKER_HOST": "ssh://agent@builder"}, 30)


def test_an_engine_that_ends_its_connections_is_unreachable(tmp_path: Path) -> None:
    environment = {"PATH": an_ssh(tmp_path, "#!/bin/sh\nexit 1\n"), "DOCKER_HOST": "ssh://agent@builder"}
    with pytest.raises(EngineUnreachable):
        open_engine(environment, DockerCli(path="/usr/bin/docker", version="28.0.4", buildx=True))


def test_a_wrapper_that_does_not_lead_to_an_engine_is_gone_around(tmp_path: Path) -> None:
    silent = tmp_path / "docker"
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(0o755)
    docker = DockerCli(path=str(silent), version="28.0.4", buildx=True, wrapped=True)
    with a_windows_engine(tmp_path / "docker.sock", LINUX) as engine:
        assert open_engine({"PATH": "/bin", "DOCKER_HOST": engine.url}, docker).api.ping()


def test_an_image_that_is_not_in_the_engine_was_not_loaded(tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "docker.sock", LINUX, images=404) as engine:
        found = open_engine({"DOCKER_HOST": engine.url})
        with pytest.raises(ImageNotLoaded, match="image-not-loaded") as caught:
            found.inspect(("contoso.azurecr.io/app:1",))
    assert "contoso.azurecr.io/app:1" in render(caught.value)
    assert "docker buildx use default" in render(caught.value)


@pytest.mark.parametrize("text", ["[]", '{"auths": {"x": 7}}', '{"auths": "x"}', '{"proxies": 7}', '{"a', "null"])
def test_a_configuration_that_is_not_dockers_is_no_bug_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "config.json").write_text(text)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with a_windows_engine(tmp_path / "docker.sock", LINUX) as engine, suppress(DockerConfigurationInvalid):
        assert open_engine({"DOCKER_HOST": engine.url, "DOCKER_CONFIG": str(tmp_path)}).api.ping()
