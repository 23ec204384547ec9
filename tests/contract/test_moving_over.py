"""docs/move_over.py as a user starts it: with every Python that the step itself supports, on a file."""

from __future__ import annotations

import ast
import itertools
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import ruamel.yaml
import tomli

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "move_over.py"
KEPT = ROOT / "tests" / "corpus" / "pipelines"
OLDEST, NEWEST = 10, 14


def pythons() -> list[str]:
    """Return the Pythons from 3.10 on that start here; of pyenv's its own, as its stubs take long."""
    named = (shutil.which(f"python3.{minor}") for minor in range(OLDEST, NEWEST + 1))
    pyenv = (str(path) for path in Path.home().glob(".pyenv/versions/3.*/bin/python"))
    found = sorted({os.path.realpath(python) for python in (*named, *pyenv) if python and "/shims/" not in python})
    with ThreadPoolExecutor() as pool:
        return [sys.executable, *itertools.compress(found, pool.map(_will_do, found))]


def _will_do(python: str) -> bool:
    code = f"import sys; sys.exit(sys.version_info < (3, {OLDEST}))"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the one library that the file says it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "ruamel").mkdir()
    (folder / "ruamel" / "yaml").symlink_to(Path(ruamel.yaml.__file__).parent)
    return folder


def run(
    library: Path, *arguments: str | Path, python: str = sys.executable, cwd: Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    command = [python, "-S", "-s", SCRIPT, *arguments]
    environment = {"PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """Return a pipeline of old tasks, with the line ends of Windows."""
    text = (KEPT / "two-jobs.yml").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "azure-pipelines.yml").write_bytes(text)
    return tmp_path / "azure-pipelines.yml"


def test_every_python_makes_the_same_of_it(pipeline: Path, library: Path) -> None:
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda python: run(library, pipeline, python=python), pythons()))
    assert {ran.returncode for ran in runs} == {0}
    assert len({ran.stdout for ran in runs}) == 1


def test_the_file_names_the_one_library_that_it_imports() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    (block,) = re.findall(r"(?m)^# /// script\n((?:#.*\n)+?)# ///$", text)  # https://peps.python.org/pep-0723/
    told = tomli.loads("".join(line.removeprefix("#").removeprefix(" ") for line in block.splitlines(keepends=True)))
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in nodes}
    foreign = {name for name in named if name.partition(".")[0] not in sys.stdlib_module_names}
    assert all(name.startswith("ruamel.yaml") for name in foreign)
    assert (told["dependencies"], told["requires-python"]) == (["ruamel.yaml>=0.18"], f">=3.{OLDEST}")


def test_it_shows_the_change_as_a_patch_and_touches_nothing(pipeline: Path, library: Path) -> None:
    before = pipeline.read_bytes()
    ran = run(library, pipeline.name, cwd=pipeline.parent)
    assert pipeline.read_bytes() == before
    git = ["git", "apply", "-p0", "--whitespace=nowarn", "-"]
    subprocess.run(git, cwd=pipeline.parent, input=ran.stdout, check=True)
    assert pipeline.read_bytes() == (KEPT / "two-jobs.after.yml").read_bytes().replace(b"\n", b"\r\n")
    assert ran.stderr.endswith(b"moving-over.md says what else is different now\n")


def test_it_writes_when_it_is_told_to_and_is_done_then(pipeline: Path, library: Path) -> None:
    ran = run(library, "--write", pipeline)
    assert (ran.returncode, ran.stdout) == (0, f"{pipeline} is written\n".encode())
    assert pipeline.read_bytes() == (KEPT / "two-jobs.after.yml").read_bytes().replace(b"\n", b"\r\n")
    again = run(library, "--write", pipeline)
    assert (again.returncode, again.stdout, again.stderr) == (0, b"", b"nothing to move\n")


def test_a_check_reports_and_says_by_its_exit_code_whether_something_can_move(pipeline: Path, library: Path) -> None:
    before = pipeline.read_bytes()
    ran = run(library, "--check", pipeline)
    assert (ran.returncode, ran.stderr, pipeline.read_bytes()) == (1, b"", before)
    assert ran.stdout.decode().splitlines()[:-1] == (KEPT / "two-jobs.report.txt").read_text("utf-8").splitlines()
    run(library, "--write", pipeline)
    assert run(library, "--check", pipeline).returncode == 0


def test_several_files_are_reported_each_under_its_name(pipeline: Path, library: Path) -> None:
    other = KEPT / "scripts-only.yml"
    ran = run(library, "--check", pipeline, other)
    assert ran.returncode == 1
    assert f"{pipeline}:\n".encode() in ran.stdout
    assert f"{other}:\n".encode() in ran.stdout
    assert run(library, "--check", other).returncode == 0


def test_an_app_can_be_said_to_be_a_function_app(library: Path) -> None:
    file = KEPT / "web-apps.yml"
    changed = run(library, "--function-app", "front", "--function-app", "worker", file).stdout
    assert changed.count(b"+          - task: FunctionAppContainerDeploy@1") == 3


def test_a_patch_may_end_without_a_line_end(pipeline: Path, library: Path) -> None:
    pipeline.write_bytes(pipeline.read_bytes().rstrip())
    ran = run(library, pipeline.name, cwd=pipeline.parent)
    subprocess.run(
        ["git", "apply", "-p0", "--whitespace=nowarn", "-"], cwd=pipeline.parent, input=ran.stdout, check=True
    )
    assert not pipeline.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"steps: [", b"a: b: c"])
def test_what_cannot_be_read_ends_with_2(tmp_path: Path, library: Path, content: bytes | None) -> None:
    file = tmp_path / "azure-pipelines.yml"
    if content:
        file.write_bytes(content)
    ran = run(library, file)
    assert ran.returncode == 2
    assert ran.stderr.startswith(str(file).encode())
    assert b"Traceback" not in ran.stderr


def test_without_the_library_it_says_how_to_get_it(pipeline: Path, tmp_path: Path) -> None:
    ran = run(tmp_path / "empty", pipeline)
    assert ran.returncode == 2
    assert (
        ran.stderr == b"move_over.py needs ruamel.yaml: pip install ruamel.yaml, or start it with uv run or pipx run\n"
    )
