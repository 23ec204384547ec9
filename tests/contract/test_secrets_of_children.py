"""What the programs that a run starts get to see of its secrets, and what they leave behind; real processes."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytask.agent.console import Console
from pytask.agent.environment import NODE, SIGNER, without_the_agents_own
from pytask.agent.network import read_network
from pytask.background import Promised
from pytask.builders.builder import Logins, Machine
from pytask.builders.docker.build import build
from pytask.builders.docker.cli import find_docker
from pytask.clock import Clock, Timeouts
from pytask.cloud.signer import find_signer
from pytask.inputs import read_plan
from pytask.model import RegistryHost, RegistryLogin, Secret
from tests.contract.canaries import canary, seen_in
from tests.plans import building
from tests.unit.inputs.environments import ID, an_environment

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.model import LoginFor

DOCKER = f"""#!{sys.executable}
import glob, json, os, subprocess, sys
if sys.argv[1:2] == ["version"]:
    engine = {{"Version": "28.0.4", "Os": "linux", "ApiVersion": "1.41"}}
    print(json.dumps({{"Client": {{"Version": "28.0.4"}}, "Server": engine}}))
if sys.argv[1:2] != ["build"]:
    sys.exit()
read = [open(word.partition("src=")[2]).read() for word in sys.argv if word.startswith("--secret=")]
helper = ["docker-credential-function-app-container-deploy", "get"]
login = subprocess.run(helper, input="contoso.azurecr.io", capture_output=True, text=True).stdout
config = open(os.environ["DOCKER_CONFIG"] + "/config.json").read()
seen = {{"argv": sys.argv, "environment": dict(os.environ), "config": config}}
look = "import json, os; print(json.dumps(dict(os.environ)))"
child = subprocess.run([sys.executable, "-c", look], capture_output=True)
seen["environment of a child"] = json.loads(child.stdout)
folder = os.path.dirname(os.path.dirname(os.environ["DOCKER_CONFIG"] + "/"))
files = [file for file in glob.glob(folder + "/**", recursive=True) if os.path.isfile(file)]
seen["files"] = {{file: open(file, errors="replace").read() for file in files}}
json.dump({{"seen": seen, "read": read, "login": login}}, open(os.environ["REPORT"], "w"))
"""
SIGN = "console.log(JSON.stringify({argv: process.argv, env: process.env}))"


def a_machine(folder: Path, secrets: dict[str, str]) -> dict[str, str]:
    """Return the environment of a step whose variables repeat its secrets, as scripts before it may have set them."""
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    (folder / "home").mkdir()
    return {
        **an_environment(folder, buildSecrets=f"npm={secrets['build secret']}", command="build"),
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": secrets["client secret"],
        "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": secrets["job's token"],
        "SECRET_MINE": secrets["secret variable"],
        "SECRET_AGENT_PROXYPASSWORD": secrets["proxy password"],
        "AGENT_PROXYURL": "http://proxy.example:8080",
        "AGENT_PROXYUSERNAME": "robot",
        "AGENT_TEMPDIRECTORY": str(folder),
        "ARM_CLIENT_SECRET": secrets["client secret"],
        "PIP_INDEX_URL": "https://user:{}@pkgs.dev.azure.com/x".format(secrets["job's token"]),
        "NPM_TOKEN": secrets["build secret"],
        "HARMLESS": "yes",
        "PATH": f"{folder}:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "REPORT": str(folder / "home" / "report.json"),
    }


@pytest.fixture
def secrets() -> dict[str, str]:
    kinds = ("client secret", "job's token", "secret variable", "proxy password", "build secret", "registry password")
    return {kind: canary(kind.replace(" ", "-").replace("'", "")) for kind in kinds}


def leaks(secrets: dict[str, str], seen: object) -> list[str]:
    return [kind for kind, secret in secrets.items() if seen_in(secret, json.dumps(seen, ensure_ascii=False))]


def test_docker_and_its_children_read_a_secret_from_a_descriptor_and_see_none_anywhere_else(
    tmp_path: Path, secrets: dict[str, str]
) -> None:
    environment = a_machine(tmp_path, secrets)
    log = io.StringIO()
    console = Console(log, Clock())
    plan = building(read_plan(environment, console.secret))
    signed_in: Promised[LoginFor] = Promised()
    signed_in.give(lambda host: RegistryLogin(host=host, user="robot", password=Secret(secrets["registry password"])))
    machine = Machine(
        environment=environment,
        network=read_network(environment, console.secret),
        console=console,
        clock=Clock(),
        timeouts=Timeouts(),
    )
    hosts = frozenset({RegistryHost.parse("contoso.azurecr.io")})
    cli = find_docker(environment, 10)
    before = set(tmp_path.rglob("*"))
    build(
        machine,
        plan.recipe,
        ["contoso.azurecr.io/shop:7"],
        cli,
        logins=Logins(hosts=hosts, signed_in=signed_in),
        stop_when=lambda _: None,
    )
    report: Any = json.loads((tmp_path / "home" / "report.json").read_text())
    assert report["read"] == [secrets["build secret"]]
    assert json.loads(report["login"])["Secret"] == secrets["registry password"]
    assert report["seen"]["environment"]["HARMLESS"] == "yes"
    assert leaks(secrets, report["seen"]) == []
    left = {file for file in tmp_path.rglob("*") if file not in before}
    assert {file.name for file in left if file.is_file()} <= {"report.json", ".buildNodeID"}
    shown = [line for line in log.getvalue().splitlines() if not line.startswith("##vso[task.setsecret]")]
    assert leaks(secrets, shown) == []


def test_the_signer_sees_the_key_in_its_input_only(tmp_path: Path, secrets: dict[str, str]) -> None:
    (tmp_path / "sign.js").write_text(SIGN)
    node = shutil.which("node") or ""
    environment = {**a_machine(tmp_path, secrets), NODE: node, SIGNER: str(tmp_path / "sign.js")}
    signer = find_signer(environment, clock=Clock(), seconds=10, name="n")
    seen: Any = signer.ask({"key": "the-key"})
    assert seen["env"]["HARMLESS"] == "yes"
    assert leaks(secrets, {**seen, "env": {**seen["env"], "NPM_TOKEN": ""}}) == []
    assert "the-key" not in json.dumps(seen)


def test_a_variable_that_repeats_a_connections_secret_is_handed_to_nobody(secrets: dict[str, str]) -> None:
    secret = secrets["client secret"]
    own = {f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": secret, "SHORT": "pw"}
    kept = without_the_agents_own({**own, "SAME": secret, "WITHIN": f"a={secret};b", "OTHER": "x"})
    assert kept == {"SHORT": "pw", "OTHER": "x"}
    short = {f"ENDPOINT_AUTH_PARAMETER_{ID}_PASSWORD": "pw", "SHORT": "pw"}
    assert without_the_agents_own(short) == {"SHORT": "pw"}
