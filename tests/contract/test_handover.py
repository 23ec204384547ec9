"""Texts that are on no disk are handed to another program as paths; real processes read them."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytask.builders.docker.handover import handed_over, in_memory, through_pipes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from pytask.builders.docker.handover import Handed

    Way: TypeAlias = Callable[[Sequence[bytes]], AbstractContextManager[Handed]]

LARGE = bytes(range(256)) * 2000
"""More than a pipe holds, and as much as BuildKit takes."""

WAYS = pytest.mark.parametrize("way", [in_memory, through_pipes])


def read(handed: Handed, number: int) -> bytes:
    """Have another program read what was handed over."""
    command = ["cat", handed.paths[number]]
    return subprocess.run(command, pass_fds=handed.descriptors, capture_output=True, check=True, timeout=10).stdout


@WAYS
def test_a_program_reads_each_content_as_often_as_it_likes(way: Way) -> None:
    with way([b"one", LARGE, b""]) as handed:
        for _ in range(3):
            assert [read(handed, number) for number in range(3)] == [b"one", LARGE, b""]


@WAYS
def test_a_program_that_stops_reading_spoils_nothing(way: Way) -> None:
    with way([LARGE]) as handed:
        command = ["head", "-c", "1", handed.paths[0]]
        subprocess.run(command, pass_fds=handed.descriptors, check=True, capture_output=True, timeout=10)
        assert read(handed, 0) == LARGE


@WAYS
def test_behind_the_block_nothing_is_left(way: Way) -> None:
    before = set(threading.enumerate())
    with way([b"secret"]) as handed:
        pass
    for path in handed.paths:
        assert not Path(path).parent.is_dir() or "secret" not in str(Path(path).resolve())
        with pytest.raises(OSError, match=r"No such file|Bad file"):
            Path(path).open("rb").close()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


def test_with_memory_nothing_is_on_a_disk() -> None:
    with in_memory([b"secret"]) as handed:
        path = Path(handed.paths[0])
        assert path.read_bytes() == b"secret"
        assert "memfd:" in str(path.readlink())


def test_pipes_lie_where_nobody_else_may_look() -> None:
    with through_pipes([b"secret"]) as handed:
        path = Path(handed.paths[0])
        assert path.is_fifo()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_linux_hands_over_memory() -> None:
    with handed_over([b"x"]) as handed:
        assert handed.descriptors


def test_nothing_to_hand_over_is_nothing_to_inherit() -> None:
    with handed_over([]) as handed:
        assert (handed.paths, handed.descriptors) == ((), ())
