"""Runs the Python program of this task; any Python since 2.7 can read this file, and be refused by it."""

import os
import sys

TOO_OLD, INCOMPLETE = 86, 87  # by these index.js knows that the program has not begun, and tries the next Python

if sys.version_info < (3, 10):  # noqa: UP036 - agents do offer older ones
    sys.exit(TOO_OLD)

here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - Python 2.7 has no pathlib
carried = os.path.join(here, "python")  # noqa: PTH118 - the same
if os.path.isdir(carried):  # noqa: PTH112 - the same
    # An agent's copy: program and libraries as bytecode of this very version, or else as sources.
    archive = os.path.join(carried, sys.implementation.cache_tag + ".zip")  # noqa: PTH118 - the same
    if not os.path.exists(archive):  # noqa: PTH110 - the same
        archive = os.path.join(carried, "source.zip")  # noqa: PTH118 - the same
    sys.path.insert(0, archive)
else:
    # A checkout: the program lies beside this folder, its libraries are where this Python has its own.
    import site

    site.main()  # index.js starts Python with -S, which leaves that out
    sys.path.insert(0, os.path.dirname(here))  # noqa: PTH120 - the same

try:
    from pytask.__main__ import main
except ImportError as error:  # Debian's python3-minimal, for one
    sys.stderr.write("%s: %s\n" % (sys.executable, error))  # noqa: UP031 - Python 2.7 has no other way that is as short
    sys.exit(INCOMPLETE)

code = 1 if main() else 0
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # nothing is left to be done, and to take all that was loaded apart would take 50 ms
