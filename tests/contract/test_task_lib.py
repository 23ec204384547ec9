"""Microsoft's own library for tasks reads our commands as we mean them, and the environment as we read it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytask.agent.commands import command
from pytask.agent.connection import find_endpoint
from pytask.agent.environment import variable
from pytask.agent.network import read_network
from pytask.inputs.reader import Reader
from pytask.model import Secret
from tests.agent.agent import ACCESS_TOKEN, Agent
from tests.agent.endpoints import arm_connection_with_federation, arm_connection_with_key
from tests.agent.under_test import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

Ask: TypeAlias = Callable[[Mapping[str, object]], Any]
ASK = Path(__file__).with_name("task_lib.js")
GIVEN = {
    "azureContainerRegistry": "contoso.azurecr.io",
    "appName": "docker-func-sample",
    "tags": "1293\n  v1.2 \n\nlatest",
    "buildArgs": "GREETING=Hello; ]%AZP25%0A\nEMPTY=",
    "dockerFile": "app/Dockerfile",
    "verify": "FALSE",
}


@contextmanager
def library(environment: Mapping[str, str]) -> Iterator[Ask]:
    """Return what asks the library; it is loaded once, and reads that environment."""
    process = subprocess.Popen(
        ["node", str(ASK)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **environment, "NODE_PATH": str(ROOT / "node_modules")},
        text=True,
        encoding="utf-8",
    )

    def ask(question: Mapping[str, object]) -> Any:  # noqa: ANN401 - what the library says
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{json.dumps(question)}\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    with process:
        yield ask
        assert process.stdin
        process.stdin.close()
        assert process.wait(10) == 0


text = st.text(st.characters(exclude_categories=["Cs"]))
# The library takes spaces off a property's ends, and leaves an empty one out.
value = text.filter(
    lambda one: one and one == one.strip("".join(map(chr, range(33))) + "\x85\xa0\ufeff") and one.strip()
)
commands = st.tuples(
    st.sampled_from(["task.logissue", "task.setvariable", "task.complete"]),
    st.dictionaries(st.sampled_from(["type", "code", "variable", "isOutput"]), value, max_size=3),
    text,
)


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    with library({}) as one:
        yield one


@settings(max_examples=30)
@given(ours=st.lists(commands, min_size=1, max_size=40))
def test_the_library_reads_our_commands_as_we_mean_them(ask: Ask, ours: list[tuple[str, dict[str, str], str]]) -> None:
    lines = [command(*one) for one in ours]
    told = ask({"lines": lines, "commands": ours})
    for (name, properties, message), read in zip(ours, told["read"], strict=True):
        assert read == {"command": name, "properties": properties, "message": message}
    written = [re.sub(r";\]", "]", line, count=1) for line in told["written"]]
    assert written == lines


def agent_of(folder: Path) -> Agent:
    machine = {"HOME": str(folder), "AGENT_PROXYURL": "http://proxy.contoso.com:3128"}
    return Agent(folder=folder, task=ROOT / "task", environment=machine)


def test_the_library_reads_the_environment_as_we_do(tmp_path: Path) -> None:
    connections = [
        arm_connection_with_key(
            tenant_id="the-tenant", client_id="the-app", client_secret="s3cr#t/%;]", subscription_id="the-subscription"
        ),
        arm_connection_with_federation(tenant_id="t2", client_id="c2", subscription_id="s2"),
    ]
    for connection in connections:
        with agent_of(tmp_path) as agent:
            public = {**agent.job.variables(), "Build.BuildId": "1293", "greeting": "a b"}
            given = {**GIVEN, "azureSubscription": connection.id.upper()}
            environment = agent.environment(given, [connection], public)
            compare(environment, connection.id)


def compare(environment: Mapping[str, str], connection: str) -> None:
    task = json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8"))
    reader = Reader(environment=environment)
    question = {
        "inputs": [one["name"] for one in task["inputs"]],
        "booleans": [one["name"] for one in task["inputs"] if one["type"] == "boolean"],
        "variables": ["Build.BuildId", "System.CollectionUri", "System.JobId", "Agent.TempDirectory", "greeting"],
        "connection": connection,
        "parameters": ["tenantid", "serviceprincipalid", "serviceprincipalkey"],
        "data": ["subscriptionId", "subscriptionName", "environment"],
    }
    with library(environment) as ask:
        told = ask(question)
    for name in question["inputs"]:
        assert (told["inputs"].get(name) or "").strip() == reader.text(name), name
    for name in question["booleans"]:
        assert reader.boolean(name, default=not told["booleans"][name]).value is told["booleans"][name]
    for name in question["variables"]:
        assert told["variables"][name] == variable(environment, name)
    endpoint = find_endpoint(environment, input_name="azureSubscription", value=connection)
    assert (told["url"], told["scheme"]) == (endpoint.url, endpoint.scheme)
    for key in question["parameters"]:
        assert told["parameters"].get(key, "") == endpoint.parameter(key)
    for key in question["data"]:
        assert told["data"][key] == endpoint.data(key)
    assert told["accessToken"] == ACCESS_TOKEN
    proxy = read_network(environment, Secret).proxy
    assert proxy
    assert proxy.address.rstrip("/") == told["proxy"]["proxyUrl"].rstrip("/")
