"""Run the Python program of this task. Python 2.7 can parse this file too, so that old versions are refused."""

import os
import sys

TOO_OLD, INCOMPLETE = 86, 87  # after these, index.js knows that the program did not start, and tries the next Python

if sys.version_info < (3, 10):  # some agents have older ones
    sys.exit(TOO_OLD)


def lacks(error):
    """End, because this Python lacks parts of the standard library, as Debian's python3-minimal does."""
    sys.stderr.write("%s: %s\n" % (sys.executable, error))
    sys.exit(INCOMPLETE)


try:
    import marshal
    from _thread import allocate_lock
    from importlib._bootstrap_external import MAGIC_NUMBER
    from importlib.abc import InspectLoader
    from importlib.machinery import ModuleSpec
    from zipimport import zipimporter
except ImportError as error:
    lacks(error)

HEADER = 16  # bytes of a .pyc before its code: https://peps.python.org/pep-0552/


class Archive(InspectLoader):
    """Find and load the modules of an archive, using its index, which gives the offset and size of each.

    zipimport takes longer: it parses the zip directory in Python, then reads most modules twice.
    https://docs.python.org/3/reference/import.html#the-meta-path
    """

    def __init__(self, path, index):
        """Open the archive and read its index; raise OSError when one is missing or is for another Python."""
        self.archive, self.reading = path, allocate_lock()
        with open(index) as lines:
            self.modules = {line[0]: line for line in map(str.split, lines)}
        self.file = open(path, "rb")  # noqa: SIM115 - modules are loaded as long as the program runs
        for name in list(self.modules)[:1]:
            if self.read(name)[: len(MAGIC_NUMBER)] != MAGIC_NUMBER:
                raise OSError("%s is for a prerelease of this Python, or another one" % path)

    def find_spec(self, name, _path=None, _target=None):
        """Return where a module is; None when it is not in the archive."""
        if name not in self.modules:
            return None
        # A package has no folder to search: all its modules are in the index.
        spec = ModuleSpec(name, self, origin=self.place(name), is_package=self.is_package(name))
        spec.has_location = True
        return spec

    def is_package(self, name):
        """Tell whether a module is a package."""
        return self.place(name).endswith("__init__.pyc")

    def get_code(self, name):
        """Return a module's code."""
        try:
            return marshal.loads(self.read(name)[HEADER:])  # noqa: S302 - it is the package's own
        except (EOFError, ValueError, TypeError) as error:
            raise ImportError("%s is damaged: %s" % (self.place(name), error))  # noqa: B904 - Python 2.7 has no `from`

    def get_source(self, name):
        """Return a module's source for a traceback; None when the archive does not have it."""
        try:
            return zipimporter(self.archive).get_data(self.place(name)[: -len("c")]).decode()
        except OSError:
            return None

    def place(self, name):
        """Return the path of a module; raise ImportError when it is not in the archive."""
        if name not in self.modules:
            raise ImportError("there is no module %s in %s" % (name, self.archive))
        return os.path.join(self.archive, self.modules[name][3])

    def read(self, name):
        """Return a module as the archive has it."""
        _, start, size, _ = self.modules[name]
        with self.reading:
            self.file.seek(int(start))
            return self.file.read(int(size))


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
    except ImportError as error:
        lacks(error)
    code = 1 if main() else 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    find_program()
    run()
