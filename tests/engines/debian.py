"""A root of Debian sid with the newest Docker that Debian has, and the Python packages of the tests for its Python."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.agent.under_test import ROOT
from tests.engines.run import APART, WITH_OWNER, in_root, run

SUITE = "sid"
PACKAGES = (
    *("docker.io", "docker-cli", "docker-buildx", "containerd", "runc", "docker-registry", "iptables"),
    *("python3", "python3-venv", "nodejs", "git", "ca-certificates"),
    *("iproute2", "mmdebstrap", "mount", "procps", "util-linux"),
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PYTHON_PACKAGES = """{
  python3 -m venv /opt/venv
  /opt/venv/bin/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
} >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }"""


class RootFailed(Exception):  # noqa: N818 (the name says what happened)
    """There is no such root; the message says why, and what to do."""


def provide_root(cache: Path) -> Path:
    """Return the folder of a root, made on the first call (two minutes, 1 GB) and when what it holds is changed.

    It is kept in `cache`, with the packages of the day on which it was made. Raises RootFailed.
    """
    folder = cache / "engines"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_left_behind(folder)
        root = folder / f"{SUITE}-{_contents_digest()}"
        if not root.exists():
            _refuse_where_impossible()
            _replace(folder, root)
    return root


def _remove_left_behind(folder: Path) -> None:
    """Remove the temporary files of runs that were killed."""
    for running in folder.glob("running-*"):
        if not Path("/proc", running.name.split("-")[1]).exists():
            shutil.rmtree(running, ignore_errors=True)


def _contents_digest() -> str:
    contents = hashlib.sha256(repr((PACKAGES, PYTHON_PACKAGES)).encode())
    contents.update((ROOT / "requirements.lock").read_bytes())
    return contents.hexdigest()[:16]


def _refuse_where_impossible() -> None:
    if os.geteuid() != 0:
        raise RootFailed("Debian's engines run in a root of their own, which takes root to make: run this as root")
    if not shutil.which("apt-get") or not shutil.which("mmdebstrap"):
        raise RootFailed("Debian's engines are installed with apt and mmdebstrap: run this on Debian or Ubuntu")
    if not KEYRING.exists():
        raise RootFailed(f"there is no {KEYRING}: apt-get install debian-archive-keyring")


def _replace(folder: Path, root: Path) -> None:
    sys.stdout.write(f"making a root of Debian {SUITE} with {_mirror()}\n")
    sys.stdout.flush()
    for outdated in folder.glob(f"{SUITE}-*"):
        shutil.rmtree(outdated)
    for abandoned in folder.glob("making-*"):
        # Programs that a killed owner had started may still be at it: then the next time will do.
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as making:
        _make(Path(making) / "root").rename(root)


def _make(root: Path) -> Path:
    command = [*APART, "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    # A mirror may be a frozen one, whose signature has run out.
    command += ['--aptopt=Acquire::Check-Valid-Until "false"', SUITE, str(root), _mirror()]
    if run(command, {}) != 0:
        raise RootFailed("mmdebstrap could not make the root; what it said is above")
    with in_root(root) as enter:
        if run([*enter, *WITH_OWNER, "sh", "-c", PYTHON_PACKAGES], {}) != 0:
            raise RootFailed("pip could not install what requirements.lock lists; what it said is above")
    return root


def _mirror() -> str:
    """Return the address of the first archive of Debian that this machine's apt uses; raise RootFailed for none."""
    # https://manpages.debian.org/apt-get, "indextargets"
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages", "Origin: Debian"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    archives = [line.partition(" ")[2].rstrip("/") for line in listed]
    for archive in archives:
        if not archive.endswith("-security"):
            return archive
    raise RootFailed("this machine's apt knows no archive of Debian: add one to its sources, then run again")
