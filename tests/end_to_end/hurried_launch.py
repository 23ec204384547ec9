"""Starts the task's program with other waits than the agent's launcher: a launcher of the tests' own.

Beside it lies `hurried.json`, with the task's folder and the `timeouts`.
"""

import json
import os
import sys
from pathlib import Path

given = json.loads(Path(__file__).with_name("hurried.json").read_text(encoding="utf-8"))
task = Path(given["task"])
carried = task / "python"
if carried.is_dir():  # the packed task has its libraries with it
    archives = [carried / f"{sys.implementation.cache_tag}.zip", carried / "source.zip"]
    sys.path.insert(0, str(next(archive for archive in archives if archive.exists())))
else:
    import site

    site.main()  # index.js starts Python with -S, which leaves that out
    sys.path.insert(0, str(task.parent))

from pytask.clock import Timeouts  # noqa: E402 - the same
from pytask.edge import main  # noqa: E402 - the path comes first

code = main(Timeouts(**given["timeouts"]))
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
