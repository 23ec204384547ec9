"""The task with shorter waits, so that a test need not wait them out: the same program, started by another launcher."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.agent.under_test import TASK


def hurried_task(folder: Path, **timeouts: float) -> Path:
    """Make a task whose program waits as `timeouts` says (`pytask.clock.Timeouts`), and return its folder."""
    task = folder / "hurried"
    task.mkdir(parents=True)
    for name in ("index.js", "sign.js", "task.json"):
        shutil.copy(TASK / name, task / name)
    shutil.copy(Path(__file__).with_name("hurried_launch.py"), task / "launch.py")
    given = {"task": str(TASK), "timeouts": timeouts}
    (task / "hurried.json").write_text(json.dumps(given), encoding="utf-8")
    return task
