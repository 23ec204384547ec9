"""The docker command is asked for its version before the rest of the program loads; real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytask.builders.docker.asking import Asking, ask_ahead
from pytask.builders.docker.cli import find_docker
from tests.contract.test_docker_cli import a_docker

ROOT = Path(__file__).parents[2]
BUILDS = {"INPUT_COMMAND": "buildPushDeploy", "INPUT_BUILDON": "agent"}


def counted(folder: Path) -> tuple[str, Path]:
    """Return a folder with a docker command that writes down each question, and where it does."""
    place, asked = a_docker(folder, "counting", version="28.0.4", buildx=True), folder / "asked"
    script = Path(place, "docker")
    script.write_text(script.read_text().replace("#!/bin/sh\n", f'#!/bin/sh\necho "$1" "$INPUT_SECRET" >> {asked}\n'))
    return place, asked


def waiting_for_ever(folder: Path) -> str:
    """Return a folder with a docker command whose engine never answers."""
    script = folder / "docker"
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    script.chmod(0o755)
    return str(folder)


def test_each_question_is_asked_once_and_without_the_agents_secrets(tmp_path: Path) -> None:
    place, asked = counted(tmp_path)
    environment = {**BUILDS, "PATH": f"{place}:/bin", "INPUT_SECRET": "s3cret"}
    asking = ask_ahead(environment)
    assert find_docker(environment, 10, asking).version == "28.0.4"
    # This command is a wrapper, which is also asked what it passes on.
    questions = asked.read_text().splitlines()
    assert sorted(one for one in questions if not one.startswith("--")) == sorted(set(questions))
    assert [one for one in questions if one.strip() in {"version", "buildx"}] == questions[:2]
    assert "s3cret" not in asked.read_text()


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


def test_a_question_whose_answer_is_no_longer_needed_is_taken_back(tmp_path: Path) -> None:
    asking = ask_ahead({**BUILDS, "PATH": f"{waiting_for_ever(tmp_path)}:/bin"})
    assert isinstance(asking, Asking)
    asking.give_up()
    asking.give_up()
    for process in (asking.version, asking.buildx):
        assert process.returncode == -9
        assert process.stdout
        assert process.stdout.closed


def test_a_run_with_mistakes_in_its_inputs_leaves_no_question_behind(tmp_path: Path) -> None:
    environment = {
        **BUILDS,
        "PATH": f"{waiting_for_ever(tmp_path)}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "AGENT_TEMPDIRECTORY": str(tmp_path),
        "THE_MARK": str(tmp_path),
    }
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytask"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "task.complete result=Failed" in done.stdout, done.stdout + done.stderr
    assert time.monotonic() - began < 30
    left = [one for one in Path("/proc").glob("[0-9]*/environ") if f"THE_MARK={tmp_path}" in readable(one)]
    assert left == []


def readable(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
