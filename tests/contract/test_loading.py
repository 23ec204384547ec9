"""What the program does while it loads, and what it leaves behind for the run."""

from __future__ import annotations

import subprocess
import sys

from tests.agent.under_test import ROOT


def told_by(script: str) -> str:
    """Return what a Python of its own prints."""
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=60).stdout


def test_garbage_is_collected_again_once_everything_is_loaded() -> None:
    script = """
import gc
import pytask.stages
gc.disable()
pytask.stages.load()
print(gc.isenabled(), gc.get_freeze_count() > 10_000)
"""
    assert told_by(script) == "True True\n"


def test_what_collects_garbage_already_is_left_alone() -> None:
    script = "import gc; import pytask.stages; pytask.stages.load(); print(gc.isenabled(), gc.get_freeze_count())"
    assert told_by(script) == "True 0\n"


def test_no_command_is_run_to_name_the_system() -> None:
    script = """
import sys
run = []
sys.addaudithook(lambda event, given: run.append(given[0]) if event == "subprocess.Popen" else None)
import pytask.edge, pytask.stages
pytask.stages.load()
from azure.core.pipeline.policies import UserAgentPolicy
print(run, sys.platform in UserAgentPolicy(sdk_moniker="x").user_agent.lower())
"""
    assert told_by(script) == "[] True\n"
