"""Starting other programs without a shell, reading their output by line, and leaving no orphans."""

from __future__ import annotations

import codecs
import os
import re
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 15
_LINE_END = re.compile(r"\r?\n|\r(?!\n|\Z)")


def answer(
    arguments: Sequence[str], environment: Mapping[str, str], *, descriptors: Sequence[int] = ()
) -> subprocess.Popen[str]:
    """Start a program that prints little and inherits the `descriptors`; read its output with `read_answer`."""
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        text=True,
        errors="replace",
        pass_fds=descriptors,
    )


def read_answer(process: subprocess.Popen[str], seconds: float) -> str:
    """Return what a program prints; a program that takes longer than `seconds` is killed, and the text says so."""
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"no response in {seconds:g} s"


@contextmanager
def running(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds_to_end: float,
    descriptors: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a running program, which inherits the `descriptors`.

    When the block exits early, the program and everything it started are ended.
    """
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
        pass_fds=descriptors,
    )
    try:
        yield process
    finally:
        end(process, seconds_to_end)
        if process.stdout:
            process.stdout.close()


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """End a program and its group: ask first, and kill after `seconds`. Do nothing when it has already ended."""
    if process.poll() is not None:
        return
    _signal(process, signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if os.name != "posix":
        process.terminate()
        return
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def lines(stream: IO[bytes]) -> Iterator[str]:
    r"""Yield the lines of a program's output as they arrive, ended by `\n`, `\r` or both.

    Bytes that are not UTF-8 become `�`. A line of more than 32 Ki characters comes in pieces; a logging command that is
    cut apart has no effect.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pending = ""
    while chunk := os.read(stream.fileno(), _CHUNK):
        *whole, pending = _LINE_END.split(pending + decoder.decode(chunk))
        yield from whole
        while len(pending) > _LONGEST_LINE:
            yield pending[:_LONGEST_LINE]
            pending = pending[_LONGEST_LINE:]
    pending += decoder.decode(b"", final=True)
    if pending:
        yield pending
