"""A task made of the real shim and launcher, and of a program of a few lines."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK = Path(__file__).parents[2] / "task"
DECLARED = {
    "friendlyName": "Tiny",
    "inputs": [
        {
            "name": "azureSubscription",
            "type": "connectedService:AzureRM",
            "aliases": ["azureSubscriptionEndpoint"],
        },
        {"name": "dockerFile", "type": "filePath", "defaultValue": "**/Dockerfile"},
        {"name": "buildContext", "type": "filePath"},
        {"name": "tags", "type": "multiLine", "defaultValue": "  $(Build.BuildId)  "},
        {"name": "verify", "type": "boolean", "defaultValue": True},
        {"name": "pythonInterpreter", "type": "string"},
    ],
    "outputVariables": [{"name": "imageDigest"}],
    "execution": {"Node20_1": {"target": "index.js"}},
    "restrictions": {"settableVariables": {"allowed": ["imageDigest", "proof*"]}},
}


def tiny_task(folder: Path, program: str, declared: Mapping[str, object] = DECLARED) -> Path:
    """Make a task in `folder` whose `pytask.__main__` is `program`, and give its folder."""
    package = folder / "pytask"
    package.mkdir(parents=True)
    (folder / "task").mkdir()
    for name in ("index.js", "launch.py"):
        shutil.copy(TASK / name, folder / "task" / name)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(textwrap.dedent(program), encoding="utf-8")
    (folder / "task" / "task.json").write_text(json.dumps(declared), encoding="utf-8")
    return folder / "task"


def installed_python(folder: Path, name: str = "python3") -> Path:
    """Return a folder that looks like an installed Python: `bin/<name>` is the one that runs the tests."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "bin" / name).symlink_to(sys.executable)
    return folder


def wrapper(folder: Path, script: str, name: str = "python3") -> Path:
    """Return such a folder with a script in the place of the interpreter."""
    file = folder / "bin" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(script), encoding="utf-8")
    file.chmod(0o755)
    return folder


def old_python(folder: Path, name: str = "python3") -> Path:
    """Return such a folder with a Python that takes itself for 3.9, so that the launcher refuses it."""
    script = f"""\
        #!{sys.executable}
        import runpy, sys
        sys.version_info = (3, 9, 18, "final", 0)
        runpy.run_path(sys.argv[-1], run_name="__main__")
        """
    return wrapper(folder, script, name)


def python_without(module: str, folder: Path, name: str = "python3") -> Path:
    """Return such a folder with a Python that lacks a module of the standard library."""
    script = f"""\
        #!{sys.executable}
        import runpy, sys
        sys.modules[{module!r}] = None
        runpy.run_path(sys.argv[-1], run_name="__main__")
        """
    return wrapper(folder, script, name)
