"""What is tried: the task of this checkout with the Python of the tests, unless the environment says otherwise."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TASK = Path(os.environ.get("TASK_FOLDER") or ROOT / "task")
"""The folder of a task, such as an unpacked extension has it."""
PYTHON = Path(os.environ.get("TASK_PYTHON") or sys.executable)
"""The Python that the task finds first on its agent."""
STORE = os.environ.get("ENGINE_STORE", "")
"""How the agent's engine keeps its images: `classic` or `containerd`, else as that version does by itself."""
SLOWNESS = 3 if STORE else 1
"""How many times longer a step may take: Docker 28's buildx alone needs 0.3 s of a processor whenever it is asked."""
