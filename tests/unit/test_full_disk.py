"""A disk that nothing can be written to is named, and is no defect of ours."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from typing import NoReturn

import pytest

from pytask import edge
from pytask.agent.console import Console
from pytask.agent.environment import temporary_folders
from pytask.clock import Clock, Timeouts
from pytask.job import Job
from pytask.journal import Journal
from pytask.model import Network


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "agent-cannot-write"),
        (errno.EROFS, "agent-cannot-write"),
        (errno.EDQUOT, "agent-cannot-write"),
        (errno.EIO, "agent-cannot-write"),
        (errno.EBADF, "our-bug"),
    ],
)
def test_a_file_that_cannot_be_written_is_the_agents_disk(
    monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fail(_job: Job) -> NoReturn:
        raise OSError(number, os.strerror(number), "/agent/_work/_temp/x")

    monkeypatch.setattr(edge, "run", fail)
    clock = Clock()
    job = Job(
        environment={},
        network=Network(),
        console=Console(io.StringIO(), clock),
        clock=clock,
        timeouts=Timeouts(),
        journal=Journal(lambda _: None),
    )
    (failure,) = edge._failures_of(job)
    assert failure.code == code
    assert failure.leaves_open
    assert "/agent/_work/_temp/x" in failure.tell(failure.happened)


def test_a_system_without_a_usable_temporary_folder_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tempfile does on a full disk, where it cannot write to /tmp either."""

    def none() -> NoReturn:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert temporary_folders({"AGENT_TEMPDIRECTORY": "/agent/_work/_temp"}) == ("/agent/_work/_temp",)
    assert temporary_folders({"TMPDIR": "/full"}) == ("/full",)
    assert temporary_folders({}) == (".",)


def test_the_jobs_own_temporary_folder_comes_first() -> None:
    own, systems = temporary_folders({"AGENT_TEMPDIRECTORY": "/agent/_work/_temp"})
    assert (own, systems) == ("/agent/_work/_temp", tempfile.gettempdir())
