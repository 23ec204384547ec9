"""Runs the Python program of this task; any Python since 2.7 can read this file, and be refused by it."""

import os
import sys

if sys.version_info < (3, 10):  # noqa: UP036 - agents do offer older ones
    sys.exit(86)  # index.js takes 86 for "too old" and tries the next

here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - Python 2.7 has no pathlib
packed = os.path.isdir(os.path.join(here, "pytask"))  # noqa: PTH112, PTH118 - the same
sys.path.insert(0, here if packed else os.path.dirname(here))  # noqa: PTH120 - the same

from pytask.__main__ import main  # noqa: E402 - only now can it be found

sys.exit(1 if main() else 0)
