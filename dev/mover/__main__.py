"""`python -m dev.mover FILE`: the mover from its modules."""

from __future__ import annotations

import sys

from dev.mover.command import main

if __name__ == "__main__":
    sys.exit(main())
