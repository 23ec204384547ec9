"""`npm run test:engines`: the end-to-end tests on this machine's Docker, and on Debian sid's with each of its stores.

`--engine NAME` takes one of the three, `--smoke` a few files instead of all. Further arguments go to pytest.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT
from tests.engines.debian import RootFailed, provide_root
from tests.engines.run import in_root, run

if TYPE_CHECKING:
    from types import FrameType

ENGINES = ("machine", "classic", "containerd")
"""This machine's own engine; Debian sid's, its agent's images in the classic store and in containerd's."""
ALL = ["tests/end_to_end"]
SMOKE = [f"tests/end_to_end/test_{name}.py" for name in ("main_job", "docker_commands", "context_transfer")]
INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Run the tests on each engine; return the first exit code that is not 0."""
    parser = argparse.ArgumentParser(prog="npm run test:engines --", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, action="append", help="one of them; may be repeated")
    parser.add_argument("--smoke", action="store_true", help="a few files only")
    chosen, arguments = parser.parse_known_args()
    if not any(argument.startswith("tests/") for argument in arguments):
        arguments += SMOKE if chosen.smoke else ALL
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _leave)
    try:
        results = {engine: _try(engine, arguments) for engine in chosen.engine or ENGINES}
    except KeyboardInterrupt:
        return INTERRUPTED
    except RootFailed as error:
        sys.stderr.write(f"test:engines: {error}\n")
        return 1
    return next((code for code in results.values() if code), 0)


def _try(engine: str, arguments: list[str]) -> int:
    """Run the tests on one engine; return their exit code."""
    suite, began = ["-m", "tests.engines.suite", *arguments], time.monotonic()
    sys.stdout.write(f"--- {engine}\n")
    sys.stdout.flush()
    if engine == "machine":
        code = run([sys.executable, *suite], {})
    else:
        with in_root(provide_root(ROOT / ".cache")) as enter:
            code = run([*enter, "python3", *suite], {"ENGINE_STORE": engine})
    sys.stdout.write(f"--- {engine}: exit code {code} after {time.monotonic() - began:.0f} s\n")
    return code


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
