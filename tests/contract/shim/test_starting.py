"""What Python is given: environment, modules, streams; and what the step says of how it ended."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytask.agent.environment import NODE, SIGNER
from tests.agent.endpoints import arm_connection_with_federation
from tests.contract.shim.programs import lines_with, run
from tests.contract.tiny_task import TASK, installed_python

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.agent.agent import Agent

    MakeAgent = Callable[..., Agent]


def test_the_environment_arrives_whole_with_dashes_in_its_names(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import json, os

        def main():
            print(json.dumps(dict(os.environ)))
            return 0
        """
    connection = arm_connection_with_federation(tenant_id="t", client_id="c", subscription_id="s")
    agent = make_agent(program)
    given = {"azureSubscription": connection.id}
    variables = {"pythonLocation": str(installed_python(tmp_path / "python"))}
    expected = agent.environment(given, [connection], {**agent.job.variables(), **variables})
    [line] = agent.run(given, [connection], variables=variables).lines
    arrived = json.loads(line)
    assert arrived[f"ENDPOINT_AUTH_PARAMETER_{connection.id}_TENANTID"] == "t"
    assert arrived["SECRET_OTHER-TEAM_PASSWORD"]
    assert expected.items() <= arrived.items()


def test_python_is_told_which_node_runs_the_shim_and_no_variable_of_the_pipeline_says_otherwise(
    make_agent: MakeAgent, tmp_path: Path
) -> None:
    program = f"""
        import os

        def main():
            print(os.environ[{NODE!r}])
            print(os.environ[{SIGNER!r}])
            return 0
        """
    python = {"pythonLocation": str(installed_python(tmp_path / "python"))}
    ours = {"FunctionAppContainerDeploy.Node": "evil", "FunctionAppContainerDeploy.Signer": "evil.js"}
    node, signer = make_agent(program).run({}, [], variables={**python, **ours}).lines
    assert Path(node).samefile(shutil.which("node") or "")
    assert Path(signer).name == "sign.js"
    assert (TASK / "sign.js").exists()


def test_neither_the_checkout_nor_pythonpath_can_shadow_a_module(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import json

        def main():
            print(json.dumps("the real one"))
            return 0
        """
    agent = make_agent(program, PYTHONPATH=str(tmp_path / "evil"))
    for folder in (agent.job.sources, tmp_path / "evil"):
        folder.mkdir(exist_ok=True)
        (folder / "json.py").write_text("raise SystemExit('shadowed')")
    assert run(agent, installed_python(tmp_path / "python")).log == '"the real one"'


def test_stdout_and_stderr_keep_their_order(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import os, sys

        def main():
            for number in range(300):
                print(number, file=sys.stderr if number % 2 else sys.stdout)
            return 0
        """
    ended = run(make_agent(program), installed_python(tmp_path / "python"))
    assert ended.lines == tuple(str(number) for number in range(300))


def test_stdin_stays_open_and_silent(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import select, sys

        def main():
            readable, _, _ = select.select([sys.stdin], [], [], 0.5)
            print("stdin spoke" if readable else "stdin is silent")
            return 0
        """
    assert run(make_agent(program), installed_python(tmp_path / "python")).log == "stdin is silent"


@pytest.mark.parametrize(
    ("end", "how"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("raise ValueError('nobody foresaw this')", "exit code 1"),
        ("return 1", "exit code 1"),
        ("return 86", "exit code 1"),
    ],
)
def test_a_python_that_ends_without_a_result_fails_the_step_once(
    make_agent: MakeAgent, tmp_path: Path, end: str, how: str
) -> None:
    program = f"""
        import os, signal

        def main():
            print("half a line", end="")
            {end}
        """
    good = installed_python(tmp_path / "python")
    ended = run(make_agent(program, path=f"{good}/bin"), None)
    assert (ended.result, ended.exit_code) == ("Failed", 0)
    [issue] = ended.issues
    assert issue.properties["code"] == "python-ended"
    assert f"({how})" in issue.message
    assert len(lines_with(ended, "##vso[task.complete result=Failed]")) == 1
    assert len(lines_with(ended, "half a line")) == 1
    assert "half a line" in ended.log
