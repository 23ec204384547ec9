"""Agents in networks as companies have them: a proxy that asks who calls, TLS inspection, no other way out."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import docker
import pytest

from tests.agent.agent_network import AgentNetwork
from tests.end_to_end.watch import a_step_that_lasts, files_with, watched
from tests.images import pushed
from tests.local_azure.engine.engine import Engine
from tests.local_azure.networks.company import PASSWORD, USER, a_company
from tests.pipeline import Scheme, a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.networks.company import Company
    from tests.pipeline import Pipeline


@pytest.fixture
def company(azure: LocalAzure, tmp_path: Path) -> Iterator[Company]:
    with a_company(azure, tmp_path) as one:
        yield one


@contextmanager
def inside(
    azure: LocalAzure,
    folder: Path,
    company: Company,
    network: AgentNetwork | None = None,
    *,
    scheme: Scheme = "key",
) -> Iterator[Pipeline]:
    """Return a pipeline whose agent stands in the company's network, and was told of it unless it is said otherwise."""
    network = network or company.agent_network()
    with a_pipeline(azure, folder, scheme=scheme, network=network, enter=company.enter) as one:
        yield one


def forget(azure: LocalAzure, reference: str) -> None:
    """Have the agent's engine know an image no more, so that it has to fetch it."""
    with closing(docker.APIClient(base_url=azure.agent_engine.url)) as engine:
        engine.remove_image(reference, force=True)


@contextmanager
def an_engine(environment: dict[str, str]) -> Iterator[str]:
    """Return the address of an engine that was told of the network by this environment, and has no image yet."""
    folder = Path(tempfile.mkdtemp(prefix="closed-"))
    engine = Engine(name="closed", folder=folder, environment=environment)
    try:
        engine.start()
        yield engine.url
    finally:
        engine.stop()
        shutil.rmtree(folder)


@pytest.mark.parametrize("scheme", ["key", "federation"])
def test_the_whole_run_works_behind_a_proxy_with_its_own_authority_and_no_other_way_out(
    azure: LocalAzure, tmp_path: Path, company: Company, scheme: Scheme
) -> None:
    with inside(azure, tmp_path, company, scheme=scheme) as pipeline:
        run = pipeline.run(smokeTestPath="/api/HttpTriggerSample?name=you")
        assert run.result == "Succeeded", run.log
        assert run.variables["verification"] == "verified"
        assert pipeline.call()[0] == 200
    assert {"login.microsoftonline.com", "management.azure.com", "contoso.azurecr.io", pipeline.site.host} <= set(
        company.proxy.led
    )
    assert f"Network: proxy {company.proxy_url} as {USER}; also trusting {company.authorities}" in run.log


def test_the_password_of_the_proxy_is_nowhere_to_be_read(azure: LocalAzure, tmp_path: Path, company: Company) -> None:
    with inside(azure, tmp_path, company) as pipeline:
        pipeline.edit("COPY . /home", f"{a_step_that_lasts(tmp_path)}COPY . /home", file="Dockerfile")
        with watched(pipeline.sources) as seen:
            run = pipeline.run()
        assert run.result == "Succeeded", run.log
        forms = [PASSWORD, quote(PASSWORD, safe=""), base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()]
        assert set(forms) <= run.secret_values | {PASSWORD}
        assert not [form for form in forms if form in run.log]
        assert files_with(forms, tmp_path) == []
        assert any(b"HTTPS_PROXY=" in environment for environment in seen.docker_environments)
        assert not [
            form for form in forms for text in seen.command_lines | seen.docker_environments if form.encode() in text
        ]


def test_the_docker_command_fetches_a_base_images_token_by_the_same_way(
    azure: LocalAzure, tmp_path: Path, company: Company
) -> None:
    with inside(azure, tmp_path, company) as pipeline:
        base = pushed(azure, pipeline.principal, "from a base of our own", tag="base")
        forget(azure, base)
        password = pipeline.registry.admin_password
        pipeline.registry.admin_user_enabled = True
        signed_in = {
            "auths": {"contoso.azurecr.io": {"auth": base64.b64encode(f"contoso:{password}".encode()).decode()}}
        }
        (tmp_path / "home" / ".docker").mkdir()
        (tmp_path / "home" / ".docker" / "config.json").write_text(json.dumps(signed_in))
        (pipeline.sources / "Dockerfile").write_text(f"FROM {base}\nENV OUR=own\n")
        run = pipeline.run(command="build")
        assert run.result == "Succeeded", run.log
        assert set(company.proxy.led) == {"contoso.azurecr.io"}
        company.proxy.forbidden.add("contoso.azurecr.io")
        (pipeline.sources / "Dockerfile").write_text("FROM contoso.azurecr.io/another:1\n")
        run = pipeline.run(command="build")
        assert "proxy-refused: the proxy" in run.log
        assert "does not connect to contoso.azurecr.io" in run.log


def test_hosts_of_the_bypass_list_are_asked_directly(azure: LocalAzure, tmp_path: Path, company: Company) -> None:
    network = replace(company.agent_network(), bypass=(r"^https://LOGIN\.microsoftonline\.com$", "nothing["))
    with inside(azure, tmp_path, company, network) as pipeline:
        run = pipeline.run(command="check")
        assert run.result == "Failed"
        assert "host-unknown: the agent cannot resolve the name login.microsoftonline.com" in run.log
        assert "connecting directly" in run.log
    assert "login.microsoftonline.com" not in company.proxy.led


def test_what_is_wrong_with_the_proxy_is_told_in_the_first_seconds_and_ends_the_build(
    azure: LocalAzure, tmp_path: Path, company: Company
) -> None:
    network = company.agent_network()
    with inside(azure, tmp_path, company, replace(network, proxy_password="wrong")) as pipeline:
        pipeline.edit("COPY . /home", "RUN sleep 60\nCOPY . /home", file="Dockerfile")
        began = time.monotonic()
        run = pipeline.run()
        assert time.monotonic() - began < 30
        assert f"proxy-authentication: the proxy {company.proxy_url} does not accept" in run.log
        assert "it returned 407 Proxy Authentication Required" in run.log
        assert "--proxyusername" in run.log


@pytest.mark.parametrize("told", ["of nothing", "of the proxy only", "of another proxy"])
def test_an_agent_that_was_not_told_enough_says_what_to_tell_it(
    azure: LocalAzure, tmp_path: Path, company: Company, told: str
) -> None:
    whole = company.agent_network()
    network, code, words = {
        "of nothing": (AgentNetwork(), "host-unknown", "--proxyurl"),
        "of the proxy only": (replace(whole, authorities=None), "certificate-untrusted", "issued by Contoso TLS"),
        "of another proxy": (replace(whole, proxy_url="http://proxy:8080"), "proxy-unreachable", "http://proxy:8080"),
    }[told]
    with inside(azure, tmp_path, company, network) as pipeline:
        run = pipeline.run(command="check")
    assert run.result == "Failed"
    assert f"{code}: " in run.log
    assert words in run.log


def test_a_host_that_the_proxy_forbids_is_named(azure: LocalAzure, tmp_path: Path, company: Company) -> None:
    company.proxy.forbidden.add("contoso.azurecr.io")
    with inside(azure, tmp_path, company) as pipeline:
        run = pipeline.run()
    assert f"proxy-refused: the proxy {company.proxy_url} does not connect to contoso.azurecr.io" in run.log
    assert "allow CONNECT to contoso.azurecr.io:443" in run.log


def test_an_agent_that_accepts_any_certificate_works_and_is_warned_once(
    azure: LocalAzure, tmp_path: Path, company: Company
) -> None:
    network = replace(company.agent_network(), authorities=None, skip_certificate_validation=True)
    with inside(azure, tmp_path, company, network) as pipeline:
        run = pipeline.run()
    assert run.result == "Succeeded", run.log
    assert ["--sslskipcertvalidation" in issue.message for issue in run.issues if issue.type == "warning"] == [True]


def test_a_front_that_asks_who_calls_gets_the_agents_certificate(azure: LocalAzure, tmp_path: Path) -> None:
    with a_company(azure, tmp_path, asks_for_certificate=True) as company, inside(azure, tmp_path, company) as pipeline:
        run = pipeline.run()
    assert run.result == "Succeeded", run.log
    assert "client.pem" in run.log.splitlines()[1]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("of nothing", "engine-host-unknown"),
        ("of a proxy without its password", "engine-proxy-refused"),
        ("of the proxy but not of its authority", "engine-certificate"),
    ],
)
def test_an_engine_that_has_no_way_of_its_own_is_told_from_the_agent(
    azure: LocalAzure, tmp_path: Path, company: Company, told: str, code: str
) -> None:
    with_password = company.proxy_url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@")
    proxy = {
        "of nothing": "",
        "of a proxy without its password": company.proxy_url,
        "of the proxy but not of its authority": with_password,
    }[told]
    with an_engine({"HTTPS_PROXY": proxy} if proxy else {}) as url, inside(azure, tmp_path, company) as pipeline:
        pipeline.agent.machine["DOCKER_HOST"] = url
        run = pipeline.run()
    assert run.result == "Failed"
    assert f"{code}: " in run.log
    assert "mcr.microsoft.com" in run.log.partition(f"{code}: ")[2].partition("\n")[0]
    assert PASSWORD not in run.log
