"""Builds that need credentials: private base images, secrets, a private feed; and nothing secret is left anywhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import signal
import tarfile
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import pytest
import requests

from pytask.builders.docker.credential_helper import NAME
from tests.agent.agent import SECRET_VARIABLES
from tests.end_to_end.test_failures import assert_untouched, the_error
from tests.end_to_end.test_safety import assert_gone, command_line, is_printed_by_the_build
from tests.end_to_end.watch import a_step_that_lasts, files_with, watched
from tests.images import BASE, private_base
from tests.local_azure.networks.package_feed import USER, a_package_feed
from tests.pipeline import SECRET

if TYPE_CHECKING:
    from tests.local_azure.state.registry_state import RegistryState
    from tests.pipeline import Pipeline

WITH_A_FEED = """\
FROM {base}
RUN --mount=type=secret,id=pip,target=/etc/pip.conf pip install --no-cache-dir --break-system-packages greeting
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=team --mount=type=secret,id=pat \\
    cd /run/secrets && sha256sum npmrc team pat | cut -c1-64 > /sums && sleep 0.5
COPY . /home/site/wwwroot
"""
PAT = "p4t-of-the-feed-and-nothing-else"
FEED_TOKEN = "t0ken-of-the-private-feed-0123456789"
NPMRC = "//feed.contoso.com/:_authToken=npm-t0ken-in-a-secure-file\n"
TEAM = SECRET_VARIABLES["other-team.password"]


def write_dockerfile(pipeline: Pipeline, base: str, *more: str) -> None:
    """Have the example built from another base."""
    lines = [f"FROM {base}", "COPY . /home/site/wwwroot", *more]
    (pipeline.sources / "Dockerfile").write_text("\n".join(lines) + "\n")


def test_a_private_base_a_private_feed_and_secrets_leave_nothing_behind(pipeline: Pipeline, tmp_path: Path) -> None:
    """The whole of it: what is built with credentials runs, and none of them is found in any of five places."""
    engine = pipeline.azure.agent_engine
    base = private_base(pipeline.azure, pipeline.registry)
    (tmp_path / "secure").mkdir()
    (tmp_path / "secure" / "npmrc").write_text(NPMRC)
    pipeline.edit("import logging\n", "import logging\n\nimport greeting\n")
    pipeline.edit('f"Hello, ', 'f"{greeting.TEXT} Hello, ')
    # So that the helper which asks for a token has to wait, and is seen.
    pipeline.azure.faults.script(r"POST contoso\.azurecr\.io/oauth2/exchange", status=None, delay=0.5, times=None)
    (tmp_path / "tmp").mkdir()
    pipeline.agent.machine["TMPDIR"] = str(tmp_path / "tmp")
    with a_package_feed(FEED_TOKEN) as feed, watched(pipeline.sources) as seen:
        assert requests.get(feed.url, timeout=5).status_code == 401
        pipeline.agent.machine["PIP_CONFIGURATION"] = feed.pip_configuration
        (pipeline.sources / "Dockerfile").write_text(WITH_A_FEED.format(base=base))
        run = pipeline.run(
            buildSecrets=f"pip,env=PIP_CONFIGURATION\nnpmrc,src={tmp_path}/secure/npmrc\nteam,env=other-team.password\n"
            f"pat={PAT}",
            arguments="--network host",
        )
    assert run.result == "Succeeded", run.log
    assert pipeline.call()[1].startswith("hello from the feed")

    minted = {value for value in run.secret_values if len(value) > 20}
    assert len(minted) >= 4
    basic = base64.b64encode(f"{USER}:{FEED_TOKEN}".encode()).decode()
    secrets = {*minted, PAT, FEED_TOKEN, basic, NPMRC.strip(), TEAM, SECRET, pipeline.azure.job_access_token}
    assert not [secret for secret in secrets if secret in run.log]
    # Command lines, and the environment of docker, its plugins and helpers.
    assert any(b"sys.stdin" in line and b"docker-configuration-" in line for line in seen.command_lines)
    assert held(secrets, b"".join(seen.command_lines)) == set()
    assert any(b"docker-configuration-" in environment for environment in seen.docker_environments)
    assert held(secrets, b"".join(seen.docker_environments)) == set()
    # History and layers.
    with closing(docker.APIClient(base_url=engine.url)) as api:
        reference = run.variables["imageReference"]
        history: Any = api.history(reference)  # type: ignore[no-untyped-call] # the stubs lack it
        archive = unpacked(b"".join(api.get_image(reference)))
    _, configuration = pipeline.in_the_registry(run.variables["imageDigest"])
    assert held(secrets, json.dumps([history, configuration]).encode()) == set()
    assert held(secrets, archive) == set()
    sums = "".join(hashlib.sha256(text.encode()).hexdigest() + "\n" for text in (NPMRC, TEAM, PAT))
    assert sums.encode() in archive  # the search would have found what is there, and the secrets were what was given
    # The engine's cache, and every disk that was written to.
    assert files_with([sums], engine.data)
    assert files_with(secrets, engine.data) == []
    own = {tmp_path / "secure" / "npmrc"}
    assert {path for path, _ in files_with(secrets, tmp_path)} == own
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list(pipeline.agent.job.temp.glob("docker-configuration-*")) == []


def unpacked(archive: bytes) -> bytes:
    """Return what an archive of `docker save` holds, its layers too where the engine keeps them packed."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        files = [file.read() for member in opened if (file := opened.extractfile(member))]
    return b"".join(gzip.decompress(file) if file.startswith(b"\x1f\x8b") else file for file in files)


def held(secrets: set[str], content: bytes) -> set[str]:
    """Return the secrets that stand in some content."""
    return {secret for secret in secrets if secret.encode() in content}


def shared_registry(pipeline: Pipeline, role: str | None = "AcrPull") -> RegistryState:
    """Return a registry of another team, from which the pipeline's identity may pull with a role."""
    shared = pipeline.azure.add_registry("shared")
    if role:
        pipeline.azure.grant(pipeline.principal, role, shared.id)
    return shared


def own_configuration(pipeline: Pipeline, content: dict[str, Any]) -> Path:
    """Return the agent's user a Docker configuration."""
    folder = Path(pipeline.agent.machine["HOME"], ".docker")
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(content))
    return folder


def test_a_base_image_may_come_from_another_registry_that_an_argument_names(pipeline: Pipeline) -> None:
    base = private_base(pipeline.azure, shared_registry(pipeline))
    write_dockerfile(pipeline, "${REGISTRY}/base:1")
    dockerfile = pipeline.sources / "Dockerfile"
    dockerfile.write_text("ARG REGISTRY\n" + dockerfile.read_text() + "RUN cat /private-base\n")
    run = pipeline.run(buildArgs="REGISTRY=shared.azurecr.io")
    assert run.result == "Succeeded", run.log
    assert f" {base}" in run.log
    assert "base    from shared.azurecr.io with this run's credentials" in run.log
    assert run.issues == ()


def test_a_pull_request_may_be_built_from_a_private_base(pipeline: Pipeline) -> None:
    write_dockerfile(pipeline, private_base(pipeline.azure, pipeline.registry))
    run = pipeline.run(command="build")
    assert run.result == "Succeeded", run.log
    assert not [call for call in pipeline.azure.calls if call.host == "management.azure.com"]


def test_without_a_private_base_docker_uses_the_users_configuration_as_it_is(pipeline: Pipeline) -> None:
    step = a_step_that_lasts(pipeline.sources)
    (pipeline.sources / "Dockerfile").write_text(f"FROM {BASE}\n{step}COPY . /home/site/wwwroot\n")
    with watched(pipeline.sources) as seen:
        run = pipeline.run(verify="false", buildSecrets="unused=1234567")
    assert run.result == "Succeeded", run.log
    assert seen.docker_environments
    assert not [environment for environment in seen.docker_environments if b"DOCKER_CONFIG=" in environment]
    assert "note    no instruction mounts the secret unused" in run.log


def test_a_token_of_a_registry_is_asked_for_only_when_the_build_needs_it(pipeline: Pipeline) -> None:
    """A stage that is not built names it; the registry that is pushed to has its own exchanges."""
    shared = shared_registry(pipeline)
    private_base(pipeline.azure, shared)
    dockerfile = f"FROM shared.azurecr.io/base:1 AS other\nFROM {BASE}\nCOPY . /home/site/wwwroot\n"
    (pipeline.sources / "Dockerfile").write_text(dockerfile)
    run = pipeline.run(verify="false")
    assert run.result == "Succeeded", run.log
    agents = [call for call in pipeline.azure.calls if call.host == "shared.azurecr.io" and "exchange" in call.path]
    assert agents == []


def test_the_build_starts_though_signing_in_takes_its_time(pipeline: Pipeline) -> None:
    pipeline.azure.faults.script(r"POST login\.microsoftonline\.com/.*/token", status=None, delay=3, times=None)
    base = private_base(pipeline.azure, pipeline.registry)
    (pipeline.sources / "Dockerfile").write_text(
        f"FROM {BASE} AS first\nRUN sleep 1 && touch /x\nFROM {base}\nCOPY --from=first /x /x\n"
    )
    run = pipeline.run(verify="false")
    assert run.result == "Succeeded", run.log
    assert run.seconds < 25


def test_the_users_own_login_goes_before_ours(pipeline: Pipeline) -> None:
    """Our identity may not pull from that registry; the agent's user is signed in to it."""
    base = private_base(pipeline.azure, shared_registry(pipeline, role=None))
    colleague = pipeline.azure.add_principal("signed in", secret="on-the-agent", roles={})
    pipeline.azure.grant(colleague, "AcrPull", pipeline.azure.add_registry("shared").id)
    auth = base64.b64encode(f"{colleague.client_id}:on-the-agent".encode()).decode()
    folder = own_configuration(pipeline, {"auths": {"shared.azurecr.io": {"auth": auth}}})
    before = (folder / "config.json").read_bytes()
    write_dockerfile(pipeline, base)
    run = pipeline.run(verify="false")
    assert run.result == "Succeeded", run.log
    assert (folder / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ({}, "base-image-denied", "insufficient_scope"),
        ({"auths": {"shared.azurecr.io": {"auth": "eDpvbGQ="}}}, "base-image-unauthorized", "fetch oauth token"),
    ],
)
def test_a_base_image_that_may_not_be_pulled_says_whose_right_is_missing(
    pipeline: Pipeline, content: dict[str, Any], code: str, told: str
) -> None:
    write_dockerfile(pipeline, private_base(pipeline.azure, shared_registry(pipeline, role=None)))
    own_configuration(pipeline, content)
    run = pipeline.run()
    assert the_error(run) == code
    assert told in run.log, run.log
    assert "the base image shared.azurecr.io/base:1" in run.log
    assert_untouched(pipeline)


def test_a_registry_that_lets_nobody_in_from_here_is_told_as_such(pipeline: Pipeline) -> None:
    shared = shared_registry(pipeline)
    write_dockerfile(pipeline, private_base(pipeline.azure, shared))
    shared.firewall_denies_agent = True
    assert the_error(pipeline.run()) == "registry-firewall"


def test_the_users_context_proxies_and_helpers_keep_working(pipeline: Pipeline, tmp_path: Path) -> None:
    """The engine is found by the current context alone, and a build gets the proxy that the configuration names."""
    url = pipeline.agent.machine.pop("DOCKER_HOST")
    folder = own_configuration(
        pipeline,
        {
            "currentContext": "the-agents",
            "proxies": {"default": {"ftpProxy": "http://proxy.contoso.com:2121"}},
            "credHelpers": {"shared.azurecr.io": "of-the-user"},
        },
    )
    meta = folder / "contexts" / "meta" / hashlib.sha256(b"the-agents").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": "the-agents", "Metadata": {}, "Endpoints": {"docker": {"Host": url}}}))
    colleague = pipeline.azure.add_principal("helped", secret="by-a-helper", roles={})
    shared = shared_registry(pipeline, role=None)
    pipeline.azure.grant(colleague, "AcrPull", shared.id)
    answer = json.dumps({"ServerURL": "x", "Username": colleague.client_id, "Secret": "by-a-helper"})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker-credential-of-the-user").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (tmp_path / "bin" / "docker-credential-of-the-user").chmod(0o755)
    pipeline.agent.machine["PATH"] += f":{tmp_path}/bin"
    ours, theirs = private_base(pipeline.azure, pipeline.registry), private_base(pipeline.azure, shared)
    write_dockerfile(pipeline, ours, f"COPY --from={theirs} /private-base /theirs", "RUN echo by $ftp_proxy")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run = pipeline.run(verify="false")
    assert run.result == "Succeeded", run.log
    assert "by http://proxy.contoso.com:2121" in run.log
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    # What the docker command itself leaves there, with and without us: its ids, and what buildx notes of a build.
    left = {path.relative_to(folder).parts[0] for path in after.keys() - before.keys()}
    assert left <= {".buildNodeID", ".token_seed", ".token_seed.lock", "buildx"}
    assert {path: text for path, text in after.items() if path in before} == before


@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_a_build_that_is_stopped_leaves_no_credentials_behind(pipeline: Pipeline, tmp_path: Path, how: str) -> None:
    base = private_base(pipeline.azure, pipeline.registry)
    write_dockerfile(pipeline, base, "RUN --mount=type=secret,id=pat echo now building && sleep 60")
    building = threading.Event()
    task = pipeline.start(
        {"buildSecrets": f"pat={PAT}"},
        on_line=lambda line: building.set() if is_printed_by_the_build(line) else None,
    )
    assert building.wait(60)
    (room,) = pipeline.agent.job.temp.glob("docker-configuration-*")
    assert (room / "config" / "config.json").is_symlink()
    if how == "cancelled":
        task.cancel()
    else:
        for process in pipeline.agent.orphans():
            if b"launch.py" in command_line(process):
                os.kill(process, signal.SIGKILL)
    run = task.wait(20)
    if how == "cancelled":
        assert run.result == "Canceled"
        assert_gone(pipeline)
        assert not room.exists()
    else:
        # Nobody could clean up: links stay, and the program that nobody answers; the agent empties the folder.
        assert run.result == "Failed"
        left = {path.name for path in room.rglob("*") if path.is_file() and not path.is_symlink()}
        assert {name for name in left if not name.startswith(".token_seed")} == {f"docker-credential-{NAME}"}
    secrets = {value for value in run.secret_values if len(value) > 20} | {PAT}
    assert files_with(secrets, tmp_path) == []
