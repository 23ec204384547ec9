"""The task as an agent unpacks it, with every Python that this machine has, and with nothing else of that machine's."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dev.package.compiler import ROOT
from tests.package.pythons import pythons
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure

TRAP = "something that is installed on the agent was loaded"
LOAD_ALL = Path(__file__).with_name("load_all.py")
NOT_CARRIED = {
    "aiohttp", "trio", "opentelemetry", "paramiko", "portalocker", "js", "OpenSSL", "socks", "h2", "pyodide",
}  # fmt: skip
"""Libraries that carried ones can do without, and that nobody needs here."""
OF_A_DESKTOP = {"msal.broker", "msal_extensions.libsecret", "msal_extensions.osx", "msal_extensions.windows"}
"""Modules for signing in with a person before the screen, or for keeping tokens in a system's own store."""


@pytest.mark.parametrize("version", pythons())
def test_every_module_loads_without_native_code(task: Path, version: str) -> None:
    archive = task / "python" / f"cpython-{version.replace('.', '')}.zip"
    command = [str(pythons()[version]), "-I", "-S", str(LOAD_ALL), str(archive)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    judge(json.loads(done.stdout))


def test_every_module_loads_from_its_source(task: Path) -> None:
    newest = [*pythons().values()][-1]
    command = [str(newest), "-I", "-S", str(LOAD_ALL), str(task / "python" / "source.zip")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    judge(json.loads(done.stdout))


def test_every_module_loads_in_python_3_14_as_web_assembly(task: Path) -> None:
    runner, path = ROOT / "dev" / "package" / "cpython.mjs", (task / "python" / "cpython-314.zip").resolve()
    command = ["node", str(runner), "3.14", str(LOAD_ALL), str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    judge(json.loads(done.stdout))


def judge(told: Mapping[str, object]) -> None:
    failed, loaded = told["failed"], told["loaded"]
    assert isinstance(failed, dict)
    assert isinstance(loaded, list)
    assert {name for name, missing in failed.items() if missing not in NOT_CARRIED} <= OF_A_DESKTOP
    assert {"pytask.edge", "pytask.stages", "azure.identity", "docker", "requests", "msrest"} <= set(loaded)
    assert told["elsewhere"] == []
    assert told["native"] == []


def deploy(azure: LocalAzure, folder: Path, task: Path, python: Path, **machine: str) -> TaskRun:
    """Run the step with one Python, on a machine with nothing else but Docker."""
    only = folder / "only"
    only.mkdir()
    (only / "docker").symlink_to("/usr/bin/docker")
    with a_pipeline(azure, folder, task=task, path=str(only)) as pipeline:
        pipeline.agent.machine.update(machine)
        ran = pipeline.run(pythonInterpreter=str(python))
        assert ran.result == "Succeeded", ran.log
        assert pipeline.call()[0] == 200
        return ran


@pytest.mark.parametrize("version", pythons())
def test_an_agents_copy_builds_deploys_and_verifies(
    azure: LocalAzure, tmp_path: Path, task: Path, version: str
) -> None:
    before = contents(task)
    ran = deploy(azure, tmp_path, task, pythons()[version])
    assert f" · Python {version}." in ran.log.splitlines()[0]
    assert ran.variables["verification"] == "verified"
    assert contents(task) == before, "something was written beside the task"


def contents(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_python_newer_than_the_package_runs_from_the_sources(azure: LocalAzure, tmp_path: Path, task: Path) -> None:
    version, python = list(pythons().items())[-1]
    older = shutil.copytree(task, tmp_path / "task")
    (older / "python" / f"cpython-{version.replace('.', '')}.zip").unlink()
    assert deploy(azure, tmp_path, older, python).variables["verification"] == "verified"
    assert list(older.rglob("*.pyc")) == []


def test_bytecode_of_another_python_is_not_run(azure: LocalAzure, tmp_path: Path, task: Path) -> None:
    """A prerelease has the name of its release, and other bytecode."""
    version, python = next(iter(pythons().items()))
    changed = shutil.copytree(task, tmp_path / "task")
    own = changed / "python" / f"cpython-{version.replace('.', '')}.zip"
    another = next(one for one in sorted(own.parent.glob("cpython-*.zip")) if one != own)
    for kind in (".zip", ".index"):
        shutil.copyfile(another.with_suffix(kind), own.with_suffix(kind))
    assert deploy(azure, tmp_path, changed, python).variables["verification"] == "verified"


def test_a_damaged_archive_lets_the_shim_try_the_next_python(tmp_path: Path, task: Path) -> None:
    version, python = next(iter(pythons().items()))
    damaged = shutil.copytree(task, tmp_path / "task")
    archive = damaged / "python" / f"cpython-{version.replace('.', '')}.zip"
    archive.write_bytes(archive.read_bytes()[:200_000])
    done = subprocess.run([python, "-I", "-S", damaged / "launch.py"], check=False, capture_output=True, text=True)
    assert done.returncode == 87
    assert "is damaged" in done.stderr


def test_a_module_that_no_package_has_is_missing_and_the_archive_is_not_searched(task: Path) -> None:
    program = f"""
import runpy, sys
runpy.run_path({str(task / "launch.py")!r})["find_program"]()
import urllib3
try:
    import urllib3.no_such_module
except ModuleNotFoundError as error:
    print(error, [place for place in sys.path_importer_cache if "cpython" in place])
"""
    for python in pythons().values():
        done = subprocess.run([python, "-I", "-S", "-c", program], check=True, capture_output=True, text=True)
        assert done.stdout == "No module named 'urllib3.no_such_module' []\n"


def test_nothing_that_is_installed_on_the_agent_is_seen(azure: LocalAzure, tmp_path: Path, task: Path) -> None:
    version, python = list(pythons().items())[-1]
    installed = tmp_path / "installed"
    subprocess.run([python, "-m", "venv", "--without-pip", installed], check=True)
    elsewhere = tmp_path / "pythonpath"
    for folder in (site_packages(installed, version), site_packages(tmp_path / "home" / ".local", version), elsewhere):
        plant_traps(folder)
    environment = {
        "PYTHONPATH": str(elsewhere),
        "PYTHONHOME": "/no/such/folder",
        "PYTHONSTARTUP": str(elsewhere / "json.py"),
    }
    ran = deploy(azure, tmp_path, task, installed / "bin" / "python3", **environment)
    assert TRAP not in ran.log


def site_packages(prefix: Path, version: str) -> Path:
    return prefix / "lib" / f"python{version}" / "site-packages"


def plant_traps(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("sitecustomize", "usercustomize", "requests", "azure", "docker", "pytask", "json"):
        (folder / f"{name}.py").write_text(f"raise SystemExit({TRAP!r})\n")
    (folder / "trap.pth").write_text(f"import sys; sys.exit({TRAP!r})\n")


def test_no_certificates_are_left_in_the_temporary_folder(azure: LocalAzure, tmp_path: Path, task: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    deploy(azure, tmp_path, task, next(iter(pythons().values())), TMPDIR=str(temporary))
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("version", pythons())
def test_a_traceback_shows_the_lines_of_the_program(task: Path, version: str) -> None:
    program = f"""
import runpy, traceback
runpy.run_path({str(task / "launch.py")!r})["find_program"]()
from pytask.agent.environment import required_variable
try:
    required_variable({{}}, "Agent.TempDirectory")
except Exception:
    traceback.print_exc()
"""
    done = subprocess.run([pythons()[version], "-I", "-S", "-c", program], check=False, capture_output=True, text=True)
    assert 'File "FunctionAppContainerDeploy/pytask/agent/environment.py", line ' in done.stderr
    assert "    raise AgentVariableMissing(" in done.stderr


def test_modules_are_found_by_several_threads_at_once(task: Path) -> None:
    program = f"""
import runpy, threading, sys
runpy.run_path({str(task / "launch.py")!r})["find_program"]()
names = ["docker", "requests", "azure.identity", "azure.mgmt.web", "msrest", "pytask.edge", "pytask.stages.preflight"]
threads = [threading.Thread(target=__import__, args=(name,)) for name in names]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(all(name in sys.modules for name in names))
"""
    for python in pythons().values():
        done = subprocess.run([python, "-I", "-S", "-c", program], check=False, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("True\n", "")
