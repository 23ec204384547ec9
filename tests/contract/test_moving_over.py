"""docs/move_over.py as a user starts it: with every Python there is, on a file."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "move_over.py"
KEPT = ROOT / "tests" / "unit" / "moving_over"
OLDEST, NEWEST = 8, 14


def pythons() -> list[str]:
    """Return the Pythons from 3.8 on that start here; of pyenv's its own, as its stubs take long and start the same."""
    named = (shutil.which(f"python3.{minor}") for minor in range(OLDEST, NEWEST + 1))
    pyenv = (str(path) for path in Path.home().glob(".pyenv/versions/3.*/bin/python"))
    found = sorted({os.path.realpath(python) for python in (*named, *pyenv) if python and "/shims/" not in python})
    with ThreadPoolExecutor() as pool:
        return [sys.executable, *itertools.compress(found, pool.map(_will_do, found))]


def _will_do(python: str) -> bool:
    code = f"import sys; sys.exit(sys.version_info < (3, {OLDEST}))"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


def run(*arguments: str | Path, python: str = sys.executable, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([python, "-I", SCRIPT, *arguments], cwd=cwd, capture_output=True, check=False)


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """Return a pipeline of old tasks, with the line ends of Windows."""
    text = (KEPT / "two-jobs.before.yml").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "azure-pipelines.yml").write_bytes(text)
    return tmp_path / "azure-pipelines.yml"


def test_every_python_makes_the_same_of_it(pipeline: Path) -> None:
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda python: run(pipeline, python=python), pythons()))
    assert {ran.returncode for ran in runs} == {0}
    assert len({ran.stdout for ran in runs}) == 1


def test_it_shows_the_change_as_a_patch_and_touches_nothing(pipeline: Path) -> None:
    before = pipeline.read_bytes()
    ran = run(pipeline.name, cwd=pipeline.parent)
    assert pipeline.read_bytes() == before
    git = ["git", "apply", "-p0", "--whitespace=nowarn", "-"]
    subprocess.run(git, cwd=pipeline.parent, input=ran.stdout, check=True)
    assert pipeline.read_bytes() == (KEPT / "two-jobs.after.yml").read_bytes().replace(b"\n", b"\r\n")
    assert ran.stderr == b"moving-over.md lists the other differences\n"


def test_it_writes_when_it_is_told_to_and_is_done_then(pipeline: Path) -> None:
    ran = run("--write", pipeline)
    assert (ran.returncode, ran.stdout) == (0, f"{pipeline} was changed\n".encode())
    assert pipeline.read_bytes() == (KEPT / "two-jobs.after.yml").read_bytes().replace(b"\n", b"\r\n")
    again = run("--write", pipeline)
    assert (again.returncode, again.stdout, again.stderr) == (0, b"", b"nothing to change\n")


def test_a_patch_may_end_without_a_line_end(pipeline: Path) -> None:
    pipeline.write_bytes(pipeline.read_bytes().rstrip())
    ran = run(pipeline.name, cwd=pipeline.parent)
    subprocess.run(
        ["git", "apply", "-p0", "--whitespace=nowarn", "-"], cwd=pipeline.parent, input=ran.stdout, check=True
    )


def test_words_name_the_lines_of_the_file_as_it_was() -> None:
    before = KEPT / "stages-with-approval.before.yml"
    words = run(before).stderr.decode().splitlines()
    lines = before.read_text(encoding="utf-8").splitlines()
    assert len(words) > 1
    assert "addPipelineData" in lines[int(words[0].split()[1].rstrip(":")) - 1]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_what_cannot_be_read_ends_with_1(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "azure-pipelines.yml"
    if content:
        file.write_bytes(content)
    ran = run(file)
    assert ran.returncode == 1
    assert ran.stderr.startswith(str(file).encode())
    assert b"Traceback" not in ran.stderr
