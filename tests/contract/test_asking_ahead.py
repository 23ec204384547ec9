"""The docker command is asked for its version before the rest of the program loads; real processes."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pytask.builders.docker.asking import Asking, ask_ahead
from pytask.builders.docker.cli import find_docker
from pytask.builders.docker.process import answer
from pytask.errors import TaskFailure, render
from tests.contract.test_docker_cli import a_docker

ROOT = Path(__file__).parents[2]
BUILDS = {"INPUT_COMMAND": "buildPushDeploy", "INPUT_BUILDON": "agent"}


@pytest.fixture(autouse=True)
def _only_the_plugin_of_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytask.builders.docker.asking._PLUGINS", ())


def a_home_with_buildx(folder: Path) -> str:
    """Return a home folder where Docker has the plugin."""
    plugin = folder / "home" / ".docker" / "cli-plugins" / "docker-buildx"
    plugin.parent.mkdir(parents=True)
    plugin.touch(mode=0o755)
    return str(folder / "home")


def counted(folder: Path, version: str = "28.0.4") -> tuple[str, Path]:
    """Return a folder with a docker command that writes down each question, and where it does."""
    place, asked = a_docker(folder, "counting", version=version, buildx=True), folder / "asked"
    script = Path(place, "docker")
    script.write_text(script.read_text().replace("#!/bin/sh\n", f'#!/bin/sh\necho "$1" "$INPUT_SECRET" >> {asked}\n'))
    return place, asked


def waiting_for_ever(folder: Path) -> str:
    """Return a folder with a docker command, a wrapper around what never ends."""
    script = folder / "docker"
    script.write_text("#!/bin/sh\nsleep 600\necho over\n")
    script.chmod(0o755)
    return str(folder)


def a_run(folder: Path, program: tuple[str, ...], **environment: str) -> subprocess.Popen[str]:
    """Start the program as on an agent whose docker command never answers."""
    return subprocess.Popen(
        [sys.executable, *program],
        env={
            **BUILDS,
            "PATH": f"{waiting_for_ever(folder)}:{os.environ['PATH']}",
            "AGENT_TEMPDIRECTORY": str(folder),
            "THE_MARK": str(folder),
            "HOME": a_home_with_buildx(folder),
            **environment,
        },
        stdin=subprocess.PIPE,  # its end would mean that the shim is gone
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_by(run: subprocess.Popen[str]) -> str:
    """Return what a run says until it ends."""
    assert run.stdin
    assert run.stdout
    with run.stdin, run.stdout:
        said = run.stdout.read()
    run.wait(10)
    return said


def started_by(folder: Path) -> list[int]:
    """Return the programs that a run of `a_run` has started and that have not ended, without itself."""
    running = [one for one in Path("/proc").glob("[0-9]*") if f"THE_MARK={folder}" in readable(one / "environ")]
    return [int(one.name) for one in running if "sleep" in readable(one / "cmdline")]


def in_the_way(folder: Path, name: str, text: str) -> str:
    """Return a folder with a module that takes the place of another one."""
    place = folder / "in the way"
    place.mkdir()
    (place / f"{name}.py").write_text(text)
    return f"{place}:{ROOT}"


def test_each_question_is_asked_once_and_without_the_agents_secrets(tmp_path: Path) -> None:
    place, asked = counted(tmp_path)
    environment = {**BUILDS, "PATH": f"{place}:/bin", "INPUT_SECRET": "s3cret", "HOME": a_home_with_buildx(tmp_path)}
    asking = ask_ahead(environment)
    assert find_docker(environment, 10, asking).version == "28.0.4"
    # This command is a wrapper, which is also asked what it passes on.
    questions = asked.read_text().splitlines()
    assert sorted(one for one in questions if not one.startswith("--")) == sorted(set(questions))
    assert [one for one in questions if one.strip() in {"version", "buildx"}] == questions[:2]
    assert "s3cret" not in asked.read_text()


@pytest.mark.parametrize(("version", "questions"), [("20.10.24+dfsg1", ["version"]), ("28.0.4", ["version", "buildx"])])
def test_without_a_plugin_in_sight_only_a_docker_that_needs_one_is_asked_for_it(
    tmp_path: Path, version: str, questions: list[str]
) -> None:
    place, asked = counted(tmp_path, version)
    environment = {**BUILDS, "PATH": f"{place}:/bin", "HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path)}
    asking = ask_ahead(environment)
    assert asking
    assert asking.buildx is None
    assert find_docker(environment, 10, asking).path == f"{place}/docker"
    assert [one for one in asked.read_text().split() if one in {"version", "buildx"}] == questions


def test_one_that_cannot_be_started_is_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "docker").write_bytes(b"no program\n")
    (broken / "docker").chmod(0o755)
    able = a_docker(tmp_path, "able", version="28.0.4", buildx=True)
    assert find_docker({"PATH": f"{broken}:{able}:/bin"}, 10).path == f"{able}/docker"
    with pytest.raises(TaskFailure) as caught:
        find_docker({"PATH": str(broken)}, 10)
    assert f"Exec format error: '{broken}/docker'" in render(caught.value)


def test_a_docker_that_goes_away_between_two_questions_is_passed_over(tmp_path: Path) -> None:
    going = a_docker(tmp_path, "going", version="28.0.4", buildx=True)
    script = Path(going, "docker")
    script.write_text(script.read_text() + '[ "$1" = version ] && rm "$0"\n')
    able = a_docker(tmp_path, "able", version="28.0.4", buildx=True)
    assert find_docker({"PATH": f"{going}:{able}:/bin"}, 10).path == f"{able}/docker"


def test_a_question_that_is_asked_late_is_taken_back_with_the_run(tmp_path: Path) -> None:
    place = a_docker(tmp_path, "slow", version="28.0.4", buildx=True)
    script = Path(place, "docker")
    script.write_text(script.read_text().replace("echo github.com/docker/buildx v0.13", "sleep 600"))
    code = f"""
import signal, sys
from pytask.builders.docker.cli import find_docker
signal.signal(signal.SIGALRM, lambda *_: sys.exit(3))
signal.setitimer(signal.ITIMER_REAL, 1)
find_docker({{"PATH": {f"{place}:/bin"!r}, "THE_MARK": {str(tmp_path)!r}}}, 60)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT, timeout=30).returncode == 3
    assert started_by(tmp_path) == []


def test_one_that_was_asked_first_and_cannot_build_is_passed_over(tmp_path: Path) -> None:
    without = a_docker(tmp_path, "a", version="28.2.2", buildx=False)
    able = a_docker(tmp_path, "b", version="28.0.4", buildx=True)
    environment = {**BUILDS, "PATH": f"{without}:{able}:/bin"}
    asking = ask_ahead(environment)
    assert asking
    assert asking.path == f"{without}/docker"
    assert find_docker(environment, 10, asking).path == f"{able}/docker"


@pytest.mark.parametrize(
    "inputs",
    [
        {"INPUT_COMMAND": "deploy"},
        {"INPUT_COMMAND": "check"},
        {"INPUT_COMMAND": "swap"},
        {"INPUT_COMMAND": "buildAndPush", "INPUT_BUILDON": "acr"},
        {"INPUT_COMMAND": "$(command)"},
        {},
    ],
)
def test_a_step_that_does_not_build_here_asks_no_docker(tmp_path: Path, inputs: dict[str, str]) -> None:
    place, asked = counted(tmp_path)
    assert ask_ahead({**inputs, "PATH": f"{place}:/bin"}) is None
    assert not asked.exists()


def test_without_a_docker_that_can_be_started_nothing_is_asked(tmp_path: Path) -> None:
    assert ask_ahead({**BUILDS, "PATH": str(tmp_path)}) is None
    broken = tmp_path / "docker"
    broken.write_bytes(b"\x7fELF no program")
    broken.chmod(0o755)
    assert ask_ahead({**BUILDS, "PATH": str(tmp_path)}) is None


def test_when_the_second_question_cannot_be_asked_the_first_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[subprocess.Popen[str]] = []

    def once(*question: Any) -> subprocess.Popen[str]:  # noqa: ANN401 - as `answer` has it
        if asked:
            raise BlockingIOError("no more processes")
        asked.append(answer(*question))
        return asked[0]

    monkeypatch.setattr("pytask.builders.docker.asking.answer", once)
    home = a_home_with_buildx(tmp_path)
    assert ask_ahead({**BUILDS, "PATH": f"{waiting_for_ever(tmp_path)}:/bin", "HOME": home}) is None
    assert asked[0].returncode == -signal.SIGKILL


def test_a_question_whose_answer_is_no_longer_needed_is_taken_back(tmp_path: Path) -> None:
    path, home = f"{waiting_for_ever(tmp_path)}:/bin", a_home_with_buildx(tmp_path)
    asking = ask_ahead({**BUILDS, "PATH": path, "HOME": home, "THE_MARK": str(tmp_path)})
    assert isinstance(asking, Asking)
    assert asking.buildx
    asking.give_up()
    asking.give_up()
    assert [one.returncode for one in (asking.version, asking.buildx)] == [-signal.SIGKILL] * 2
    assert started_by(tmp_path) == []


def test_what_runs_as_another_user_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = ask_ahead({**BUILDS, "PATH": f"{waiting_for_ever(tmp_path)}:/bin"})
    assert isinstance(asking, Asking)
    with monkeypatch.context() as refusing:
        refusing.setattr(os, "killpg", refused)
        asking.give_up()
    assert asking.version.poll() is None
    asking.give_up()


def refused(_group: int, _signal: int) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_run_with_mistakes_in_its_inputs_leaves_no_question_behind(tmp_path: Path) -> None:
    run = a_run(tmp_path, ("-m", "pytask"), PYTHONPATH=str(ROOT))
    said = said_by(run)
    assert (run.returncode, "task.complete result=Failed" in said) == (0, True), said
    assert started_by(tmp_path) == []


def interrupted(folder: Path, *names: signal.Signals, loads_for: float) -> int:
    """Send signals to a run while it loads, and return its exit code; it must say nothing and leave nothing."""
    began = folder / "loading"
    slowly = f"import pathlib, time\npathlib.Path({str(began)!r}).touch()\ntime.sleep({loads_for})\n"
    path = in_the_way(folder, "ssl", f"{slowly}from ssl_itself import *\n")
    shutil.copyfile(ssl.__file__, folder / "in the way" / "ssl_itself.py")
    run = a_run(folder, ("-m", "pytask"), PYTHONPATH=path)
    until = time.monotonic() + 20
    while not (began.exists() and len(started_by(folder)) == 2) and time.monotonic() < until:
        time.sleep(0.02)
    for name in names:
        run.send_signal(name)
        time.sleep(0.2)
    assert said_by(run) == ""
    assert started_by(folder) == []
    return run.returncode


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_while_it_loads_leaves_no_question_behind(tmp_path: Path, name: signal.Signals) -> None:
    assert interrupted(tmp_path, name, loads_for=1) == 130


def test_a_second_signal_ends_the_loading_itself(tmp_path: Path) -> None:
    # Python ends itself by SIGINT when it is interrupted while a class is made of text: CPython's run_eval_code_obj.
    assert interrupted(tmp_path, signal.SIGINT, signal.SIGTERM, loads_for=60) in {130, -signal.SIGINT}


@pytest.mark.parametrize("part", ["ssl", "typing"])
def test_a_python_without_a_part_of_the_standard_library_is_told_to_the_shim(tmp_path: Path, part: str) -> None:
    path = in_the_way(tmp_path, part, "raise ImportError('this Python has no such part')\n")
    run = a_run(tmp_path, (str(ROOT / "task" / "launch.py"),), PYTHONPATH=path)
    assert "this Python has no such part" in said_by(run)
    assert run.returncode == 87
    assert started_by(tmp_path) == []


def readable(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
