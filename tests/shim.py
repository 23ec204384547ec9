"""What the shim tells the program of the Node that runs it, for tests that start the program's parts themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

from pytask.agent.environment import NODE, SIGNER

TOLD_BY_SHIM = {
    NODE: shutil.which("node") or "node",
    SIGNER: str(Path(__file__).parents[1] / "task" / "sign.js"),
}
