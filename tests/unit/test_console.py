"""What reaches the log."""

from __future__ import annotations

import io

import pytest

from pytask.agent.console import Console
from pytask.clock import Clock
from pytask.errors.app import AppNotFound


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(stream: io.StringIO) -> Console:
    return Console(stream, Clock())


def test_a_foreign_command_becomes_text(console: Console, stream: io.StringIO) -> None:
    console.line("x ##vso[task.complete result=Succeeded]\n##[error]no")
    assert stream.getvalue() == "x #vso[task.complete result=Succeeded]\n#[error]no\n"


def test_a_secret_is_masked_before_anything_else_can_be_written(console: Console, stream: io.StringIO) -> None:
    secret = console.secret("s3cr3t-value")
    console.line("the value is s3cr3t-value")
    console.warning("s3cr3t-value")
    first, *others = stream.getvalue().splitlines()
    assert first == "##vso[task.setsecret]s3cr3t-value"
    assert not [line for line in others if "s3cr3t" in line]
    assert "s3cr3t" not in repr(secret) + str(secret)
    assert secret.reveal() == "s3cr3t-value"


def test_each_line_of_a_secret_is_masked(console: Console, stream: io.StringIO) -> None:
    console.secret("first line\nsecond line\n\n")
    assert stream.getvalue().count("##vso[task.setsecret]") == 2


def test_an_empty_secret_masks_nothing(console: Console, stream: io.StringIO) -> None:
    console.secret("")
    console.line("hello")
    assert stream.getvalue() == "hello\n"


def test_a_group_is_closed_also_when_its_work_fails(console: Console, stream: io.StringIO) -> None:
    with pytest.raises(ZeroDivisionError), console.group("Build"):
        raise ZeroDivisionError
    assert stream.getvalue().startswith("##[group]Build\n")
    assert stream.getvalue().endswith(" s)\n##[endgroup]\n")


def test_a_failure_is_one_issue_with_code_cause_and_fix(console: Console, stream: io.StringIO) -> None:
    console.failure(AppNotFound(app="x", where="the ##vso[task.x]group"), "nothing was changed")
    (line,) = stream.getvalue().splitlines()
    assert line.startswith(
        "##vso[task.logissue type=error;code=app-not-found]app-not-found: there is no Function App x"
    )
    assert line.count("##vso[") == 1
    for part in ("happened", "cause", "fix", "nothing was changed", "docs/troubleshooting.md#app-not-found"):
        assert part in line
