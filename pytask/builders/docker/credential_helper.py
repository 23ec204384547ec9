"""A credential helper that Docker asks for user and password, and that gets them from this process.

Docker starts the helper when it needs to sign in to a registry. The helper asks this process over a socket, so that no
secret is on disk, on a command line or in the environment, and a token is fetched only when it is needed.
Source: https://github.com/docker/docker-credential-helpers#development
"""

from __future__ import annotations

import json
import os
import shlex
import socket
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytask.errors import Cancelled, TaskFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from pytask.model import RegistryLogin

    LoginByName: TypeAlias = Callable[[str], RegistryLogin | None]

NAME = "function-app-container-deploy"
"""The helper's name in Docker's configuration."""
_PROGRAM = """
import os, socket, sys
os.chdir(sys.argv[1])
asked = socket.socket(socket.AF_UNIX)
asked.connect("socket")
asked.sendall(sys.argv[2].encode() + b"\\n" + sys.stdin.buffer.read())
asked.shutdown(socket.SHUT_WR)
answer = b"".join(iter(lambda: asked.recv(65536), b""))
sys.stdout.buffer.write(answer[1:])
sys.exit(answer[:1] != b"+")
"""
"""The first byte of the answer is `+` for success and `-` for failure."""
_NOT_FOUND = "credentials not found in native keychain"
"""On this message Docker continues without credentials.
https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go"""
_SECONDS_TO_ASK = 10.0
_SHOULD_BE_SHORT = "/proc/self/fd"


def write_helper(folder: Path, bin_folder: Path) -> bool:
    """Write the program that Docker starts and that asks at `folder`; tell whether it can be started from there."""
    script = bin_folder / f"docker-credential-{NAME}"
    # This process's interpreter, the only one sure to exist. -I -S: load no foreign code.
    words = [sys.executable, "-I", "-S", "-c", _PROGRAM, str(folder)]
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    return os.access(script, os.X_OK)


@contextmanager
def answering(folder: Path, login: LoginByName) -> Iterator[None]:
    """Answer the helpers that ask at `folder` during the block; only this user may have access to `folder`.

    `login` returns the credentials for a server by Docker's name for it; Docker gets the text of a `TaskFailure`.
    """
    with _listening(folder) as listener:
        threading.Thread(target=_answer_all, args=(listener, login), daemon=True, name="credentials").start()
        try:
            yield
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _listening(folder: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # The path of a socket is limited to about 100 characters: https://man7.org/linux/man-pages/man7/unix.7.html
        here = f"{_SHOULD_BE_SHORT}/{descriptor}" if Path(_SHOULD_BE_SHORT).is_dir() else str(folder)
        listener.bind(f"{here}/socket")
    finally:
        os.close(descriptor)
    listener.listen()
    return listener


def _answer_all(listener: socket.socket, login: LoginByName) -> None:
    with suppress(OSError):
        while True:
            caller, _ = listener.accept()
            threading.Thread(target=_answer, args=(caller, login), daemon=True, name="credential").start()


def _answer(caller: socket.socket, login: LoginByName) -> None:
    with suppress(OSError), caller:
        caller.settimeout(_SECONDS_TO_ASK)
        if _is_ours(caller):
            question = b"".join(iter(lambda: caller.recv(4096), b"")).decode(errors="replace")
            caller.sendall(_told(question, login).encode())


def _told(question: str, login: LoginByName) -> str:
    verb, _, server = question.partition("\n")
    if verb == "list":
        return "+{}"
    if verb != "get":
        return "-this helper stores nothing"
    try:
        found = login(server.strip())
    except TaskFailure as failure:
        return f"-{failure}"
    except Cancelled:
        return "-the run was cancelled"
    if found is None:
        return f"-{_NOT_FOUND}"
    return "+" + json.dumps({"ServerURL": server, "Username": found.user, "Secret": found.password.reveal()})


def _is_ours(caller: socket.socket) -> bool:
    """Tell whether the caller is this user or root; where the system does not say, the folder's mode protects us."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    # https://man7.org/linux/man-pages/man7/unix.7.html: struct ucred { pid, uid, gid }
    _, user, _ = struct.unpack("iII", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII")))
    return user in {os.getuid(), 0}
