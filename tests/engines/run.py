"""Running a command that ends with its owner, here or in a root of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).parent
WITH_OWNER = ("sh", str(ROOT / "tests" / "local_azure" / "engine" / "while_owner_lives.sh"))
"""What to put before a command that does not watch its standard input."""
NAMESPACES = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
APART = (*NAMESPACES, "--mount-proc", *WITH_OWNER)
"""What to put before one, so that all that it mounts and starts ends with it."""


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command and return its exit code; `environment` is laid over this process's.

    The end of its standard input tells it to end: on Ctrl+C, on a signal, or when this process was killed. However this
    function is left, the command has ended.
    """
    whole = {**os.environ, **environment}
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, env=whole, start_new_session=True) as process:
        try:
            return process.wait()
        except BaseException:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the way out is taken already
            process.communicate()
            raise


@contextmanager
def in_root(root: Path) -> Iterator[list[str]]:
    """Yield what to put before a command to run it in another root, with this checkout and a /tmp of its own.

    It gets namespaces of its own for mounts and processes: all that it mounts and starts ends with it.
    """
    with tempfile.TemporaryDirectory(prefix="engines-", dir="/var/tmp") as temporary:
        Path(temporary).chmod(0o1777)
        yield [*NAMESPACES, "sh", str(HERE / "root_outside.sh"), str(root), temporary, *_folders(), "--"]


def _folders() -> list[str]:
    """Return the checkout, and what it has elsewhere by a link."""
    kept = [(ROOT / name).resolve() for name in (".cache", "node_modules")]
    return [str(ROOT), *(str(folder) for folder in kept if folder.exists() and not folder.is_relative_to(ROOT))]
