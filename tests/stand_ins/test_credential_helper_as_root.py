"""The credential helper where it takes root to try it: asked by another user, on a disk that starts no programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.test_credential_helper import a_helper

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("user", "answer"), [(os.getuid(), b"+"), (65534, b"")])
def test_another_user_gets_no_answer_even_where_the_folder_is_open(tmp_path: Path, user: int, answer: bytes) -> None:
    program = f"import os, socket, sys; os.setuid({user}); s = socket.socket(socket.AF_UNIX); s.connect('socket');"
    program += "s.sendall(b'list\\n'); s.shutdown(1); sys.stdout.buffer.write(s.recv(1))"
    with a_helper(tmp_path):
        for path in (tmp_path, tmp_path / "socket"):
            path.chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert done.stdout == answer


def test_where_programs_may_not_be_started_that_is_told(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from pytask.builders.docker.credential_helper import write_helper;"
        f"print(write_helper(Path({str(tmp_path)!r}), Path({str(tmp_path)!r})))"
    )
    mounted = f'mount -t tmpfs -o noexec none "{tmp_path}" && exec "{sys.executable}" -c "$0"'
    command = ["sh", str(ROOT / "tests" / "local_azure" / "engine" / "private_mounts.sh"), "sh", "-c", mounted, program]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.stdout == "False\n"
