"""Runs a command on a machine that is alone: loopback, and a name server that knows no name.

`python -m tests.package.alone COMMAND…`, as root, in namespaces of its own for network and mounts (`ALONE`).
"""

from __future__ import annotations

import socketserver
import subprocess
import sys
import tempfile
import threading

ALONE = ("unshare", "--net", "--mount", "--", sys.executable, "-m", "tests.package.alone")
"""What to put before a command."""
_ADDRESS = "127.0.0.1"
_HEADER = 12
_ANSWER = b"\x81\x83\0\1\0\0\0\0\0\0"
"""The flags of an answer that there is no such name, and one question but no records.
https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1"""


class _NoSuchName(socketserver.BaseRequestHandler):
    """Answers every question with its own id and words."""

    def handle(self) -> None:
        question, socket = self.request
        socket.sendto(question[:2] + _ANSWER + _first(question[_HEADER:]), self.client_address)


def _first(questions: bytes) -> bytes:
    """Return the one question, without what a resolver adds about itself: labels, the empty label, type and class."""
    end = questions.index(b"\0") + 1 + 4
    return questions[:end]


def main(command: list[str]) -> int:
    """Run the command, and give its exit code."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with (
        socketserver.ThreadingUDPServer((_ADDRESS, 53), _NoSuchName) as names,
        tempfile.NamedTemporaryFile("w", prefix="resolv-") as configuration,
    ):
        configuration.write(f"nameserver {_ADDRESS}\n")
        configuration.flush()
        subprocess.run(["mount", "--bind", configuration.name, "/etc/resolv.conf"], check=True)
        threading.Thread(target=names.serve_forever, args=(0.05,), daemon=True).start()
        code = subprocess.run(command, check=False).returncode
        names.shutdown()
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
