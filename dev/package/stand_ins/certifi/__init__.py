"""Stand in for certifi. The certificates are in a file beside the archive that this module is loaded from.

certifi itself would unpack them into a temporary file at every start, and leave that file behind if it is killed.
"""

from pathlib import Path

_FILE = Path(__file__).parents[2] / "cacert.pem"  # this module's "file" is python/cpython-3xx.zip/certifi/__init__.pyc


def where() -> str:
    """Return the path of the certificate file."""
    return str(_FILE)


def contents() -> str:
    """Return the certificates, as PEM."""
    return _FILE.read_text(encoding="ascii")
