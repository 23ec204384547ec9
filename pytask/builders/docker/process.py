"""Starting other programs without a shell, reading their output by line, and leaving no orphans."""

from __future__ import annotations

import codecs
import os
import re
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 15
_AROUND = 1 << 13
"""Characters before a cut and behind it in which a secret that is cut would stand."""
_SECONDS_TO_DIE = 1.0
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
        start_new_session=True,
        pass_fds=descriptors,
    )


def read_answer(process: subprocess.Popen[str], seconds: float) -> str:
    """Return what a program prints; one that takes longer than `seconds` is killed, and the text says so."""
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        give_up(process)
        return f"no response in {seconds:g} s"
    except BaseException:  # the run is canceled
        give_up(process)
        raise


def give_up(process: subprocess.Popen[str]) -> None:
    """Kill a program whose answer is no longer needed, and what it started, unless it has already ended.

    What runs as another user cannot be killed, and is left.
    """
    with suppress(OSError, subprocess.TimeoutExpired):
        if process.poll() is None:
            _signal(process, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
            process.wait(_SECONDS_TO_DIE)
    if process.stdout and os.name == "posix":  # on Windows, a thread of `communicate` may still be reading
        process.stdout.close()


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


def _signal(process: subprocess.Popen[bytes] | subprocess.Popen[str], number: signal.Signals) -> None:
    if os.name != "posix":
        process.terminate()
        return
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def lines(stream: IO[bytes], redacted: Callable[[str], str]) -> Iterator[str]:
    r"""Yield the lines of a program's output as they arrive, ended by `\n`, `\r` or both.

    Bytes that are not UTF-8 become `�`. A line of more than 32 Ki characters comes in pieces; a logging command that is
    cut apart has no effect. What is around a cut is `redacted` before: of a secret that is cut apart, no half would
    be found.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pending = ""
    while chunk := os.read(stream.fileno(), _CHUNK):
        *whole, pending = _LINE_END.split(pending + decoder.decode(chunk))
        for line in whole:
            yield from _pieces(line, redacted)
        *pieces, pending = _pieces(pending, redacted)
        yield from pieces
    pending += decoder.decode(b"", final=True)
    if pending:
        yield pending


def _pieces(text: str, redacted: Callable[[str], str]) -> Iterator[str]:
    """Yield a line, in pieces where it is too long."""
    while len(text) > _LONGEST_LINE + _AROUND:
        piece, text = _cut(text, redacted)
        yield piece
    yield text


def _cut(text: str, redacted: Callable[[str], str]) -> tuple[str, str]:
    """Return the beginning of a line that is too long, and the rest, without a secret that both have a part of."""
    around = redacted(text[_LONGEST_LINE - _AROUND : _LONGEST_LINE + _AROUND])
    half = len(around) // 2
    return text[: _LONGEST_LINE - _AROUND] + around[:half], around[half:] + text[_LONGEST_LINE + _AROUND :]
