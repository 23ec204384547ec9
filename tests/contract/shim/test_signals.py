"""Signals reach Python, and nothing is left when Node is killed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tests.agent.agent import Agent, Timeouts
from tests.contract.tiny_task import installed_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.agent.running_task import TaskRun

    MakeAgent = Callable[..., Agent]


def test_sigint_reaches_python_and_node_waits_for_it(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import time

        def main():
            try:
                print("ready")
                time.sleep(60)
            except KeyboardInterrupt:
                time.sleep(0.5)
                print("tidied up")
            return 0
        """
    ended = cancelled_when_ready(make_agent(program), installed_python(tmp_path / "python"))
    assert (ended.result, ended.exit_code) == ("Canceled", 0)
    assert "tidied up" in ended.lines
    assert ended.seconds < 5


def test_sigterm_reaches_python_too(make_agent: MakeAgent, tmp_path: Path) -> None:
    program = """
        import signal, sys, time

        def main():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit("SIGTERM came"))
            print("ready")
            time.sleep(60)
            return 0
        """
    timeouts = Timeouts(after_sigint=0.3, after_sigterm=10)
    ended = cancelled_when_ready(make_agent(program, timeouts=timeouts), installed_python(tmp_path / "python"))
    assert "SIGTERM came" in ended.lines
    assert (ended.result, ended.exit_code) == ("Canceled", 0)


def test_when_node_is_killed_python_sees_its_stdin_close(make_agent: MakeAgent, tmp_path: Path) -> None:
    marker = tmp_path / "cancelled by itself"
    program = f"""
        import pathlib, sys

        def main():
            print("ready")
            sys.stdin.read()
            pathlib.Path({str(marker)!r}).touch()
            return 0
        """
    agent = make_agent(program)
    python = {"pythonLocation": str(installed_python(tmp_path / "python"))}
    ready = threading.Event()
    task = agent.start({}, [], variables=python, on_line=lambda _: ready.set())
    assert ready.wait(30)
    task.kill()
    ended = task.wait(30)
    assert (ended.result, ended.exit_code) == ("Failed", 137)
    wait_until(marker.exists)
    wait_until(lambda: not agent.orphans())


def cancelled_when_ready(agent: Agent, python: Path) -> TaskRun:
    ready = threading.Event()
    task = agent.start({}, [], variables={"pythonLocation": str(python)}, on_line=lambda _: ready.set())
    assert ready.wait(30)
    task.cancel()
    return task.wait(30)


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
