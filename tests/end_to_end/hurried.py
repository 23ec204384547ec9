"""The task with less timeouts: the same program, started with shorter waits, so that a test need not wait them out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.sandbox.under_test import TASK

if TYPE_CHECKING:
    from pathlib import Path

_HERE = "os.path.dirname(os.path.abspath(__file__))"
_START = "code = 1 if main() else 0"


def hurried_task(folder: Path, **timeouts: float) -> Path:
    """Make a task whose program waits as `timeouts` says (`pytask.clock.Timeouts`), and give its folder.

    Raises:
        ValueError: when task/launch.py is no longer what it was.
    """
    task = folder / "hurried"
    task.mkdir(parents=True)
    for name in ("index.js", "sign.js", "task.json"):
        shutil.copy(TASK / name, task / name)
    start = f"from pytask.clock import Timeouts\n\n{_START.replace('main()', f'main(Timeouts(**{timeouts!r}))')}"
    launch = (TASK / "launch.py").read_text(encoding="utf-8")
    if (launch.count(_HERE), launch.count(_START)) != (1, 1):
        raise ValueError(launch)
    launch = launch.replace(_HERE, repr(str(TASK))).replace(_START, start)
    (task / "launch.py").write_text(launch, encoding="utf-8")
    return task
