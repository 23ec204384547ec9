"""Which Python the real Node's shim takes, and what it says when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.shim.programs import WHERE_IT_RUNS, in_tool_cache, lines_with, run
from tests.contract.tiny_task import installed_python, old_python, python_without, wrapper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.agent.agent import Agent
    from tests.agent.running_task import TaskRun

    MakeAgent = Callable[..., Agent]


def test_the_python_of_use_python_version_is_taken_before_any_on_the_path(
    make_agent: MakeAgent, tmp_path: Path
) -> None:
    chosen, other = installed_python(tmp_path / "chosen"), installed_python(tmp_path / "other")
    ended = run(make_agent(WHERE_IT_RUNS, path=f"{other}/bin"), chosen)
    assert ended.log == f"ran on {chosen}/bin/python3"
    assert (ended.result, ended.exit_code) == ("Succeeded", 0)


def test_on_the_path_python3_is_taken_before_python(make_agent: MakeAgent, tmp_path: Path) -> None:
    first, second = installed_python(tmp_path / "first", "python"), installed_python(tmp_path / "second")
    ended = run(make_agent(WHERE_IT_RUNS, path=f"{first}/bin:{second}/bin"), None)
    assert ended.log == f"ran on {second}/bin/python3"


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param(old_python, id="too old"),
        pytest.param(lambda folder: wrapper(folder, "#!/bin/sh\nexit 127\n"), id="a wrapper without a Python"),
        pytest.param(lambda folder: wrapper(folder, "#!/bin/sh\nexit 2\n"), id="Python 2, which knows no -I"),
        pytest.param(lambda folder: wrapper(folder, "#!/no/such/interpreter\n"), id="a broken script"),
    ],
)
def test_a_python_that_will_not_do_is_passed_over(
    make_agent: MakeAgent, tmp_path: Path, unfit: Callable[[Path], Path]
) -> None:
    good = installed_python(tmp_path / "good")
    ended = run(make_agent(WHERE_IT_RUNS, path=f"{good}/bin"), unfit(tmp_path / "unfit"))
    assert ended.log == f"ran on {good}/bin/python3"
    assert ended.result == "Succeeded"


def test_a_python_that_may_not_be_executed_is_passed_over(make_agent: MakeAgent, tmp_path: Path) -> None:
    locked, good = wrapper(tmp_path / "locked", "#!/bin/sh\n"), installed_python(tmp_path / "good")
    (locked / "bin" / "python3").chmod(0o644)
    assert run(make_agent(WHERE_IT_RUNS, path=f"{good}/bin"), locked).result == "Succeeded"


def test_a_python_without_all_of_its_standard_library_is_passed_over(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import sys, uuid

        def main():
            print("ran on", sys.executable)
            return 0
        """
    good = installed_python(tmp_path / "good")
    ended = run(make_agent(program, path=f"{good}/bin"), python_without("uuid", tmp_path / "minimal"))
    assert ended.lines[-1] == f"ran on {good}/bin/python3"
    assert "uuid" in ended.lines[0]
    assert ended.result == "Succeeded"


def test_on_the_path_the_name_of_a_version_serves_too(make_agent: MakeAgent, tmp_path: Path) -> None:
    old, good = old_python(tmp_path / "old"), installed_python(tmp_path / "good", "python3.12")
    ended = run(make_agent(WHERE_IT_RUNS, path=f"{old}/bin:{good}/bin"), None)
    assert ended.log == f"ran on {good}/bin/python3.12"


def test_the_tool_cache_gives_the_newest_that_is_complete(make_agent: MakeAgent) -> None:
    agent = make_agent(WHERE_IT_RUNS)
    expected = installed_python(in_tool_cache(agent, "3.12.1"))
    for version in ("2.7.18", "3.9.30", "3.10.9", "3.12.0", "3.15.0-rc.1", "3"):
        installed_python(in_tool_cache(agent, version))
    installed_python(in_tool_cache(agent, "3.13.0", complete=False))
    wrapper(in_tool_cache(agent, "3.14.0"), "#!/bin/sh\nexit 127\n")
    ended = run(agent, None)
    assert ended.log == f"ran on {expected}/bin/python3"


def named(agent: Agent, interpreter: object) -> TaskRun:
    return agent.run({"pythonInterpreter": str(interpreter)}, [], timeout=60)


def test_python_interpreter_may_be_a_path(make_agent: MakeAgent, tmp_path: Path) -> None:
    chosen, other = installed_python(tmp_path / "chosen", "my python"), installed_python(tmp_path / "other")
    ended = named(make_agent(WHERE_IT_RUNS, path=f"{other}/bin"), chosen / "bin" / "my python")
    assert ended.log == f"ran on {chosen}/bin/my python"


def test_python_interpreter_may_be_a_path_in_the_checkout(make_agent: MakeAgent) -> None:
    agent = make_agent(WHERE_IT_RUNS)
    python = installed_python(agent.job.sources / "tools")
    assert named(agent, "tools/bin/python3").log == f"ran on {python}/bin/python3"


def test_python_interpreter_may_be_a_command(make_agent: MakeAgent, tmp_path: Path) -> None:
    other, chosen = installed_python(tmp_path / "other"), installed_python(tmp_path / "chosen", "python3.11")
    ended = named(make_agent(WHERE_IT_RUNS, path=f"{other}/bin:{chosen}/bin"), "python3.11")
    assert ended.log == f"ran on {chosen}/bin/python3.11"


@pytest.mark.parametrize(
    ("interpreter", "why"),
    [
        ("/no/such/python", "there is no such file, or none on PATH"),
        ("python4", "there is no such file, or none on PATH"),
        ("{old}/bin/python3", "{old}/bin/python3 (older than Python 3.10)"),
        ("{old}/bin", "{old}/bin (cannot be run: EACCES)"),
    ],
)
def test_a_python_interpreter_that_will_not_do_is_an_error_of_its_own(
    make_agent: MakeAgent, tmp_path: Path, interpreter: str, why: str
) -> None:
    old, good = old_python(tmp_path / "old"), installed_python(tmp_path / "good")
    interpreter, why = interpreter.format(old=old), why.format(old=old)
    ended = named(make_agent(WHERE_IT_RUNS, path=f"{good}/bin"), interpreter)
    assert (ended.result, ended.exit_code) == ("Failed", 0)
    [issue] = ended.issues
    assert issue.properties["code"] == "python-interpreter-unfit"
    assert f"pythonInterpreter is {interpreter}: {why}\n" in issue.message
    assert lines_with(ended, "ran on") == []


def test_without_any_python_it_says_what_to_do(make_agent: MakeAgent) -> None:
    ended = run(make_agent(WHERE_IT_RUNS), None)
    assert (ended.result, ended.exit_code) == ("Failed", 0)
    [issue] = ended.issues
    assert issue.properties["code"] == "python-not-found"
    assert "- task: UsePythonVersion@0" in issue.message
    assert "there is no Python on PATH" in issue.message


def test_with_old_pythons_only_it_names_those_it_tried(make_agent: MakeAgent, tmp_path: Path) -> None:
    old = old_python(tmp_path / "100%0A old")
    ended = run(make_agent(WHERE_IT_RUNS, path=f"{old}/bin"), None)
    [issue] = ended.issues
    assert f"none of these can be used: {old}/bin/python3 (older than Python 3.10)" in issue.message
    assert lines_with(ended, "ran on") == []
