"""The shim and the launcher, with the real Node and real Pythons, started as the agent starts them."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytask.agent.environment import NODE, SIGNER
from tests.agent.agent import Agent, Timeouts
from tests.agent.endpoints import arm_connection_with_federation
from tests.contract.tiny_task import TASK, installed_python, old_python, python_without, tiny_task, wrapper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.agent.running_task import TaskRun

    MakeAgent = Callable[..., Agent]

WHERE_IT_RUNS = """
    import sys

    def main():
        print("ran on", sys.executable)
        return 0
    """


@pytest.fixture
def make_agent(tmp_path: Path) -> Iterator[MakeAgent]:
    """Return a maker of agents for one program; what they leave running is killed at the end."""
    agents: list[Agent] = []

    def make(program: str, *, path: str = "", timeouts: Timeouts | None = None, **machine: str) -> Agent:
        agent = Agent(
            folder=tmp_path / "agent",
            task=tiny_task(tmp_path, program),
            environment={"PATH": path, **machine},
            timeouts=timeouts or Timeouts(),
        )
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        agent.end_job()


def run(agent: Agent, python: Path | None) -> TaskRun:
    variables = {"pythonLocation": str(python)} if python else {}
    return agent.run({}, [], variables=variables, timeout=60)


def lines_with(run: TaskRun, text: str) -> list[str]:
    return [line for line in run.lines if text in line]


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


def in_tool_cache(agent: Agent, version: str, *, complete: bool = True) -> Path:
    """Return the folder of a Python in the tool cache, as UsePythonVersion finds it there."""
    folder = agent.job.folder / "_work" / "_tool" / "Python" / version / "x64"
    folder.mkdir(parents=True)
    if complete:
        Path(f"{folder}.complete").touch()
    return folder


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


@pytest.fixture
def windows(make_agent: MakeAgent, tmp_path: Path) -> Callable[..., Agent]:
    """Return a maker of agents whose Node takes itself for Windows; scripts stand for its programs."""
    fake = tmp_path / "windows.js"
    fake.write_text("Object.defineProperty(process, 'platform', { value: 'win32' });\n")

    def make(*folders: Path, **machine: str) -> Agent:
        path = ":".join(str(folder) for folder in folders)
        return make_agent(WHERE_IT_RUNS, path=path, NODE_OPTIONS=f"--require {fake}", **machine)

    return make


def test_on_windows_programs_end_in_exe_and_the_store_is_not_opened(
    windows: Callable[..., Agent], tmp_path: Path
) -> None:
    store = wrapper(tmp_path, "#!/bin/sh\necho the Store opens\n", "python.exe") / "bin"
    store = store.rename(tmp_path / "Microsoft\\WindowsApps")
    good = installed_python(tmp_path / "good", "python.exe")
    installed_python(tmp_path / "good", "python3")
    assert run(windows(store, good / "bin"), None).log == f"ran on {good}/bin/python.exe"


def test_on_windows_python_location_is_the_folder_itself(windows: Callable[..., Agent], tmp_path: Path) -> None:
    good = installed_python(tmp_path / "good", "python.exe")
    assert run(windows(), good / "bin").log == f"ran on {good}/bin/python.exe"


@pytest.mark.parametrize("code", [0, 103])
def test_on_windows_the_launcher_is_asked_for_python_3(
    windows: Callable[..., Agent], tmp_path: Path, code: int
) -> None:
    launcher = wrapper(
        tmp_path / "windows",
        f"""\
        #!{sys.executable}
        import os, sys
        assert sys.argv[1:3] == ["-3", "-I"], sys.argv
        os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[2:]]) if {code} == 0 else sys.exit({code})
        """,
        "py.exe",
    )
    agent = windows(launcher / "bin")
    cached = in_tool_cache(agent, "3.11.2") / "python.exe"
    cached.symlink_to(sys.executable)
    expected = sys.executable if code == 0 else cached
    assert run(agent, None).log == f"ran on {expected}"


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


def test_sigint_reaches_python_and_node_waits_for_it(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import time

        def main():
            try:
                print("ready")
                time.sleep(60)
            except KeyboardInterrupt:
                time.sleep(0.5)
                print("tidied up")
            return 0
        """
    ended = cancelled_when_ready(make_agent(program), installed_python(tmp_path / "python"))
    assert (ended.result, ended.exit_code) == ("Canceled", 0)
    assert "tidied up" in ended.lines
    assert ended.seconds < 5


def test_sigterm_reaches_python_too(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import signal, sys, time

        def main():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit("SIGTERM came"))
            print("ready")
            time.sleep(60)
            return 0
        """
    timeouts = Timeouts(after_sigint=0.3, after_sigterm=10)
    ended = cancelled_when_ready(make_agent(program, timeouts=timeouts), installed_python(tmp_path / "python"))
    assert "SIGTERM came" in ended.lines
    assert (ended.result, ended.exit_code) == ("Canceled", 0)


def test_when_node_is_killed_python_sees_its_stdin_close(make_agent: MakeAgent, tmp_path: Path) -> None:
    marker = tmp_path / "cancelled by itself"
    program = f"""
        import pathlib, sys

        def main():
            print("ready")
            sys.stdin.read()
            pathlib.Path({str(marker)!r}).touch()
            return 0
        """
    agent = make_agent(program)
    python = {"pythonLocation": str(installed_python(tmp_path / "python"))}
    ready = threading.Event()
    task = agent.start({}, [], variables=python, on_line=lambda _: ready.set())
    assert ready.wait(30)
    task.kill()
    ended = task.wait(30)
    assert (ended.result, ended.exit_code) == ("Failed", 137)
    wait_until(marker.exists)
    wait_until(lambda: not agent.orphans())


def cancelled_when_ready(agent: Agent, python: Path) -> TaskRun:
    ready = threading.Event()
    task = agent.start({}, [], variables={"pythonLocation": str(python)}, on_line=lambda _: ready.set())
    assert ready.wait(30)
    task.cancel()
    return task.wait(30)


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
