"""The entry point."""

from __future__ import annotations

import os
import sys

from pytask.builders.docker.asking import ask_ahead


def main() -> int:
    """Ask Docker for its version, load the rest of the program meanwhile, and run the task; return its exit code."""
    asking = ask_ahead(os.environ)
    try:
        from pytask import edge  # noqa: PLC0415 - loads while Docker starts to answer

        return edge.main(asking=asking)
    finally:
        if asking:
            asking.give_up()


if __name__ == "__main__":
    sys.exit(main())
