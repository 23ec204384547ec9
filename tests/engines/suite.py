"""One engine's part of `npm run test:engines`: tells what is tried, and tries it until its owner has gone.

`python -m tests.engines.suite ARGUMENT…`; arguments go to pytest. The owner keeps the other end of standard input open.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

from tests.engines.versions import versions

ENDING = 30.0
"""Seconds that tests which are interrupted have to stop their engines."""


def main(arguments: list[str]) -> int:
    """Print the versions and run the tests; return pytest's exit code."""
    sys.stdout.write(f"{versions()}\n")
    sys.stdout.flush()
    # Two at once, as in `npm test`.
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as tests:
        threading.Thread(target=_end_with_owner, args=[tests], daemon=True).start()
        return tests.wait()


def _end_with_owner(tests: subprocess.Popen[bytes]) -> None:
    os.read(sys.stdin.fileno(), 1)
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(tests.pid, number)
        with suppress(subprocess.TimeoutExpired):
            tests.wait(ENDING)
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
