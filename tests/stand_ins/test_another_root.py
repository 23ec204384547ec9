"""Tests that run in another root end with who asked for them, and leave nothing on the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.agent.under_test import ROOT
from tests.engines import debian
from tests.engines.versions import store

OWNER = """
import sys
from pathlib import Path
from tests.engines.run import WITH_OWNER, in_root, run
with in_root(Path(sys.argv[1])) as enter:
    sys.exit(run([*enter, *WITH_OWNER, "sh", "-c", sys.argv[2]], {}))
"""
A_TEST = """
import pathlib, time

def test_long():
    here = pathlib.Path(__file__).parent
    try:
        (here / "begun").touch()
        time.sleep(600)
    finally:
        (here / "cleaned up").touch()
"""


@pytest.fixture
def another_root(folder: Path) -> Path:
    """Have a folder that is another root, but for the machine's own programs, which owner() adds."""
    root = folder / "root"
    for name in ("usr", "etc", "dev", "sys", "proc", "run"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    return root


def owner(root: Path, script: str) -> subprocess.Popen[bytes]:
    """Start a process that has a script run in another root, where it alone sees the machine's programs."""
    private = ("unshare", "--mount", "--propagation=private", "sh", "-c")
    command = [
        *private,
        'mount --bind /usr "$0/usr" && exec "$@"',
        str(root),
        sys.executable,
        "-c",
        OWNER,
        str(root),
        script,
    ]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)


def wait_until(what: Path) -> None:
    deadline = time.monotonic() + 30
    while not what.exists():
        assert time.monotonic() < deadline, f"{what} is still missing"
        time.sleep(0.05)


def traces(*words: str) -> list[str]:
    """Return the processes and mounts of the machine that have one of these words in them."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    listed = subprocess.run(["ps", "-e", "-o", "args="], check=True, capture_output=True, text=True).stdout
    return [line for line in (*lines, *listed.splitlines()) if any(word in line for word in words)]


def test_a_command_has_the_checkout_in_another_root_and_a_tmp_of_its_own(another_root: Path, tmp_path: Path) -> None:
    (another_root / "mark").touch()
    seen = f"test -e /mark && test -e pyproject.toml && test ! -e {tmp_path} && touch /tmp/file && exit 7"
    assert owner(another_root, seen).wait(30) == 7
    assert traces(str(another_root)) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_runs_in_another_root_ends_with_its_owner(another_root: Path, number: int) -> None:
    seconds = f"{600 + uuid.uuid4().int % 10**6}"
    with owner(another_root, f"setsid sleep {seconds} & touch /begun; sleep {seconds}") as one:
        wait_until(another_root / "begun")
        assert traces(f"sleep {seconds}")
        one.send_signal(number)
    deadline = time.monotonic() + 5
    while left := traces(f"sleep {seconds}", str(another_root)):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_tests_whose_owner_has_gone_clean_up_and_end(folder: Path) -> None:
    (folder / "test_long.py").write_text(A_TEST)
    command = [sys.executable, "-m", "tests.engines.suite", str(folder), "-p", "no:cacheprovider"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as suite:
        wait_until(folder / "begun")
        told, _ = suite.communicate(timeout=60)
    assert (folder / "cleaned up").exists()
    assert told.startswith("docker ")
    assert "KeyboardInterrupt" in told


def test_no_root_is_made_without_the_rights_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(debian.RootFailed, match="run this as root"):
        debian.provide_root(tmp_path)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(debian.RootFailed, match="run this on Debian or Ubuntu"):
        debian.provide_root(tmp_path)


def test_what_a_killed_run_left_is_removed_by_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    left, in_use = (tmp_path / "engines" / f"running-{process}-x" for process in (0, os.getpid()))
    left.mkdir(parents=True)
    in_use.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(debian.RootFailed):
        debian.provide_root(tmp_path)
    assert (left.exists(), in_use.exists()) == (False, True)


def test_a_root_that_could_not_be_finished_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    half = tmp_path / "mmdebstrap"
    half.write_text(
        '#!/bin/sh\nfor each; do case $each in */root) mkdir "$each" && echo >"$each/half";; esac; done; exit 3\n'
    )
    half.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(debian.RootFailed, match="mmdebstrap could not make the root"):
        debian.provide_root(tmp_path)
    assert [path.name for path in (tmp_path / "engines").iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}, "classic (overlay2)"),
        ({"Driver": "vfs", "DriverStatus": None}, "classic (vfs)"),
        (
            {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]},
            "containerd (overlayfs)",
        ),
    ],
)
def test_a_store_is_known_by_what_the_engine_says(info: dict[str, object], told: str) -> None:
    assert store(info) == told
