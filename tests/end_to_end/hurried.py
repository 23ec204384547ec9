"""The task with less patience: the same program, started with shorter waits, so that a test need not wait them out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.sandbox.under_test import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_LAUNCH = """\
import site
import sys

site.main()  # as in task/launch.py
sys.path.insert(0, {root!r})
from pytask.__main__ import main
from pytask.clock import Patience

sys.exit(1 if main(Patience(**{patience!r})) else 0)
"""


def hurried_task(folder: Path, **patience: float) -> Path:
    """Make a task whose program waits as `patience` says (`pytask.clock.Patience`), and give its folder."""
    task = folder / "hurried"
    task.mkdir(parents=True)
    for name in ("index.js", "task.json"):
        shutil.copy(ROOT / "task" / name, task / name)
    (task / "launch.py").write_text(_LAUNCH.format(root=str(ROOT), patience=patience), encoding="utf-8")
    return task
