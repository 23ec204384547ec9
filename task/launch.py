"""Run the Python program of this task. Python 2.7 can parse this file too, so that old versions are refused."""

import os
import sys

TOO_OLD, INCOMPLETE = 86, 87  # after these, index.js knows that the program did not start, and tries the next Python

if sys.version_info < (3, 10):  # noqa: UP036 - some agents have older ones
    sys.exit(TOO_OLD)

here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - Python 2.7 has no pathlib
carried = os.path.join(here, "python")  # noqa: PTH118 - the same
if os.path.isdir(carried):  # noqa: PTH112 - the same
    # The packaged task: program and libraries, as bytecode for this version of Python or else as sources.
    archive = os.path.join(carried, sys.implementation.cache_tag + ".zip")  # noqa: PTH118 - the same
    if not os.path.exists(archive):  # noqa: PTH110 - the same
        archive = os.path.join(carried, "source.zip")  # noqa: PTH118 - the same
    sys.path.insert(0, archive)
else:
    # A checkout: the program is in the parent folder, and its libraries are installed in this Python.
    import site

    site.main()  # index.js starts Python with -S, which skips this
    sys.path.insert(0, os.path.dirname(here))  # noqa: PTH120 - the same

try:
    from pytask.__main__ import main
except ImportError as error:  # Debian's python3-minimal, for one
    sys.stderr.write("%s: %s\n" % (sys.executable, error))  # noqa: UP031 - Python 2.7 has no f-strings
    sys.exit(INCOMPLETE)

code = 1 if main() else 0
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # skips the interpreter's cleanup, which would take 50 ms
