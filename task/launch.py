"""Run the Python program of this task. Python 2.7 can parse this file too, so that old versions are refused."""

import os
import sys

TOO_OLD, INCOMPLETE = 86, 87  # after these, index.js knows that the program did not start, and tries the next Python

if sys.version_info < (3, 10):  # some agents have older ones
    sys.exit(TOO_OLD)

import marshal
from _thread import allocate_lock
from importlib.machinery import ModuleSpec, SourcelessFileLoader
from zipimport import zipimporter


class Archive(SourcelessFileLoader):
    """Find and load the modules of an archive with the help of its index, which has the place of each module's code.

    zipimport takes longer: it reads the archive's directory first, in Python, and then most modules twice.
    https://docs.python.org/3/reference/import.html#the-meta-path
    """

    def __init__(self, path, index):
        """Open the archive, and read its index; raise OSError when one of them is missing."""
        self.archive, self.reading = path, allocate_lock()
        with open(index) as lines:
            self.modules = {line[0]: line for line in map(str.split, lines)}
        self.file = open(path, "rb")  # noqa: SIM115 - modules are loaded as long as the program runs

    def find_spec(self, name, _path=None, _target=None):
        """Return where a module is; None when it is not in the archive."""
        if name not in self.modules:
            return None
        place = os.path.join(self.archive, self.modules[name][3])
        spec = ModuleSpec(name, self, origin=place, is_package=place.endswith("__init__.pyc"))
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(os.path.dirname(place))
        return spec

    def get_code(self, name):
        """Return a module's code."""
        _, start, size, _ = self.modules[name]
        with self.reading:
            self.file.seek(int(start))
            code = self.file.read(int(size))
        return marshal.loads(code)  # noqa: S302 - it is the package's own

    def get_source(self, name):
        """Return a module's source for a traceback; None when the archive does not have it."""
        place = os.path.join(self.archive, self.modules[name][3])
        try:
            return zipimporter(self.archive).get_data(place[: -len("c")]).decode()
        except OSError:
            return None


def find_program():
    """Let Python find the program and its libraries."""
    here = os.path.dirname(os.path.abspath(__file__))
    carried = os.path.join(here, "python")
    if not os.path.isdir(carried):
        # A checkout: the program is in the parent folder, and its libraries are installed in this Python.
        import site

        site.main()  # index.js starts Python with -S, which skips this
        sys.path.insert(0, os.path.dirname(here))
        return
    # The packaged task: program and libraries, as bytecode for this version of Python or else as sources.
    made = os.path.join(carried, sys.implementation.cache_tag)
    try:
        sys.meta_path.insert(0, Archive(made + ".zip", made + ".index"))
    except OSError:
        sys.path.insert(0, os.path.join(carried, "source.zip"))


def run():
    """Run the program, and end without the interpreter's cleanup, which would take 50 ms."""
    try:
        from pytask.__main__ import main
    except ImportError as error:  # Debian's python3-minimal, for one
        sys.stderr.write("%s: %s\n" % (sys.executable, error))
        sys.exit(INCOMPLETE)
    code = 1 if main() else 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    find_program()
    run()
