"""The fake agent hands a task what the real one hands it, and stops it as the real one does."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.agent import Agent, Timeouts
from tests.agent.endpoints import arm_connection_with_federation, arm_connection_with_key
from tests.agent.task_definition import read_task
from tests.agent.task_inputs import expand, rooted, task_inputs
from tests.contract.tiny_task import installed_python, tiny_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.agent.running_task import TaskRun

KEY = arm_connection_with_key(
    tenant_id="the-tenant", client_id="the-app", client_secret="s3cr#t/%", subscription_id="s"
)


def completed_inputs(tmp_path: Path, given: dict[str, str], **variables: str) -> dict[str, str]:
    return task_inputs(
        read_task(tiny_task(tmp_path, "")),
        given,
        variables={"Build.BuildId": "7", **variables},
        machine={"HOME": "/home/agent"},
        endpoints=[KEY],
        sources=tmp_path / "s",
    )


def test_defaults_are_trimmed_and_expanded_and_booleans_are_text(tmp_path: Path) -> None:
    completed = completed_inputs(tmp_path, {})
    assert (completed["tags"], completed["verify"]) == ("7", "true")


def test_unknown_variables_stay_and_what_is_put_in_is_not_expanded_again(tmp_path: Path) -> None:
    completed = completed_inputs(
        tmp_path, {"tags": " $(build.buildid) $(x) $(HOME) $(nobody) $() "}, X="$(Build.BuildId)"
    )
    assert completed["tags"] == "7 $(Build.BuildId) /home/agent $(nobody) $()"


@given(value=st.text())
def test_text_without_known_variables_is_not_changed(value: str) -> None:
    assert expand(value, {}, fold=True) == value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/w/s"),
        ("**/Dockerfile", "/w/s/**/Dockerfile"),
        ("app/../Dockerfile", "/w/s/Dockerfile"),
        ("/etc/./x", "/etc/x"),
        ("app/", "/w/s/app/"),
        ("**", "/w/s/**"),
    ],
)
def test_paths_are_rooted_at_the_sources(path: str, expected: str) -> None:
    assert rooted(path, Path("/w/s")) == expected


def test_path_inputs_are_rooted_and_an_empty_one_is_the_sources(tmp_path: Path) -> None:
    completed = completed_inputs(tmp_path, {"buildContext": "  "})
    assert completed["buildContext"] == f"{tmp_path}/s"
    assert completed["dockerFile"] == f"{tmp_path}/s/**/Dockerfile"


def test_names_ignore_case_and_aliases_become_the_inputs_own_name(tmp_path: Path) -> None:
    completed = completed_inputs(tmp_path, {"AzureSubscriptionEndpoint": "azure", "Dockerfile": "D"})
    assert completed["azureSubscription"] == KEY.id
    assert completed["dockerFile"] == f"{tmp_path}/s/D"
    assert "AzureSubscriptionEndpoint" not in completed


SAYS = """
    import sys

    def main():
        sys.stdout.buffer.write({output!r})
        return 0
    """
STUBBORN = """
    import signal, sys, time

    def main():
        began = time.monotonic()
        for name in ("SIGINT", "SIGTERM"):
            tell = lambda number, _, name=name: print(name, time.monotonic() - began)
            signal.signal(getattr(signal, name), tell)
        print("ready")
        while time.monotonic() < began + 60:
            time.sleep(0.1)
    """


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[..., Agent]]:
    """Return a maker of agents for one program; what they leave running is killed at the end."""
    agents: list[Agent] = []

    def make(program: str, timeouts: Timeouts | None = None) -> Agent:
        task = tiny_task(tmp_path, program)
        path = f"{installed_python(tmp_path / 'python')}/bin"
        agents.append(
            Agent(
                folder=tmp_path / "agent",
                task=task,
                environment={"PATH": path},
                timeouts=timeouts or Timeouts(),
            ),
        )
        return agents[-1]

    yield make
    for agent in agents:
        agent.end_job()


def test_lines_end_at_newlines_and_at_carriage_returns(play: Callable[..., Agent]) -> None:
    ended = play(SAYS.format(output=b"a\r\nb\rc\n\xff\n##vso[task.complete result=SucceededWithIssues]")).run({}, [])
    assert ended.lines[:4] == ("a", "b", "c", "�")
    assert ended.log == "a\nb\nc\n�"
    assert ended.result == "SucceededWithIssues"


def test_the_secrets_of_connections_and_variables_are_masked_from_the_start(
    play: Callable[..., Agent],
) -> None:
    ended = play(SAYS.format(output=b"the-tenant the-app s3cr#t/% correct horse battery staple")).run({}, [KEY])
    assert ended.log == "the-tenant *** *** ***"


def test_a_connection_is_handed_over_only_when_an_input_refers_to_it(play: Callable[..., Agent]) -> None:
    agent = play("")
    other = arm_connection_with_federation(tenant_id="t", client_id="c", subscription_id="s", name="other")
    environment = agent.environment({"azureSubscription": "azure"}, [KEY, other], agent.job.variables())
    assert environment["INPUT_AZURESUBSCRIPTION"] == KEY.id
    assert json.loads(environment[f"ENDPOINT_AUTH_{KEY.id}"])["parameters"]["serviceprincipalkey"] == "s3cr#t/%"
    assert not [name for name in environment if other.id in name]
    assert environment["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"]
    assert "ENDPOINT_DATA_SYSTEMVSSCONNECTION" not in environment


def test_nothing_of_this_machine_is_inherited_but_what_was_given(
    play: Callable[..., Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_TEST_PROCESS", "1")
    agent = play("")
    assert "OF_THE_TEST_PROCESS" not in agent.environment({}, [], agent.job.variables())


def test_a_task_that_takes_too_long_has_failed(play: Callable[..., Agent]) -> None:
    program = "import time\ndef main():\n    time.sleep(60)\n"
    ended = play(program).run({}, [], timeout=0.7)
    assert ended.result == "Failed"
    assert "##[error]The task has timed out." in ended.log


def test_a_cancelled_task_gets_sigint_then_sigterm_and_then_node_alone_is_killed(
    play: Callable[..., Agent],
) -> None:
    agent = play(STUBBORN, Timeouts(after_sigint=0.6, after_sigterm=0.4, for_output=0.5))
    ended = cancelled_when_ready(agent)
    assert (ended.result, ended.exit_code) == ("Canceled", 137)
    told = dict(line.split() for line in ended.lines if line.startswith("SIG"))
    assert 0.5 < float(told["SIGTERM"]) - float(told["SIGINT"]) < 1.5
    assert len(agent.orphans()) == 1
    assert len(agent.end_job()) == 1
    deadline = time.monotonic() + 5
    while agent.orphans():
        assert time.monotonic() < deadline
    assert not agent.job.temp.exists()


def test_a_line_may_cancel_from_where_it_is_shown(play: Callable[..., Agent]) -> None:
    agent = play("import time\ndef main():\n    print('ready')\n    time.sleep(60)\n")
    started = threading.Event()

    def cancel(line: str) -> None:
        assert started.wait(10)
        if line == "ready":
            task.cancel()

    task = agent.start({}, [], on_line=cancel)
    started.set()
    assert task.wait(30).result == "Canceled"


def cancelled_when_ready(agent: Agent) -> TaskRun:
    ready = threading.Event()
    task = agent.start({}, [], on_line=lambda _: ready.set())
    assert ready.wait(30)
    task.cancel()
    return task.wait(30)
