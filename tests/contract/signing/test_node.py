"""A Node that is missing, fails, answers nonsense, or hangs."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from pytask.agent.environment import NODE
from pytask.clock import Clock, Timeouts
from pytask.cloud.credentials import open_credentials
from pytask.errors import Cancelled, render
from pytask.errors.agent import AgentVariableMissing
from pytask.errors.sign_in import CertificateSigningFailed
from pytask.model import Secret
from tests.contract.http_clients import an_http_client
from tests.contract.signing.signers import (
    OWN,
    assert_nothing_of_the_key,
    assertions,
    connection_with,
    in_connection,
    script,
)
from tests.shim import TOLD_BY_SHIM

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def failing(*, node: str = TOLD_BY_SHIM[NODE], **environment: str) -> str:
    with pytest.raises(CertificateSigningFailed) as caught:
        assertions(node=node, environment=environment).fresh()
    text = render(caught.value)
    assert text.startswith("certificate-signing-failed: ")
    assert_nothing_of_the_key(text)
    return text


def test_a_node_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert f"{tmp_path}/node cannot be started: No such file" in failing(node=f"{tmp_path}/node")


def test_a_node_that_does_not_start_says_why_in_its_own_words() -> None:
    assert "--no-such-option is not allowed in NODE_OPTIONS" in failing(NODE_OPTIONS="--no-such-option")


def test_a_node_without_the_fips_rules_that_it_is_told_to_keep_signs_nothing() -> None:
    assert "ended with exit code" in failing(NODE_OPTIONS="--force-fips", OPENSSL_MODULES="/nowhere")


def test_what_is_no_answer_is_told_without_showing_it(tmp_path: Path) -> None:
    for printed in ("echo nonsense", "cat", "true", "echo '[]'"):
        assert "printed something unexpected" in failing(node=script(tmp_path, printed))


def test_a_program_that_nobody_started_by_the_shim_takes_no_other_node() -> None:
    with pytest.raises(AgentVariableMissing, match=NODE):
        open_credentials(
            connection_with(in_connection(OWN.pem)),
            http=an_http_client(Timeouts()),
            fresh_assertion=str,
            mask=Secret,
            environment={"PATH": os.environ["PATH"]},
        )


def hanging(folder: Path) -> str:
    """Return a Node that writes its process id into the file `pid`, and then does nothing."""
    return script(folder, f"echo $$ > {folder}/pid.new", f"mv {folder}/pid.new {folder}/pid", "exec sleep 60")


def pid_in(folder: Path) -> int:
    until = time.monotonic() + 20
    while not (folder / "pid").exists() and time.monotonic() < until:
        time.sleep(0.01)
    return int((folder / "pid").read_text())


def when_started(folder: Path, act: Callable[[], None]) -> None:
    """Act in another thread, once the Node that hangs has been started."""

    def wait() -> None:
        pid_in(folder)
        act()

    threading.Thread(target=wait).start()


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_node_that_hangs_is_ended_after_its_time(tmp_path: Path) -> None:
    with pytest.raises(CertificateSigningFailed) as caught:
        assertions(seconds=0.5, node=hanging(tmp_path)).fresh()
    assert "did not respond within 0.5 s" in render(caught.value)
    assert is_gone(pid_in(tmp_path))


def test_a_cancelled_run_ends_the_node_that_another_thread_waits_for(tmp_path: Path) -> None:
    clock = Clock()
    when_started(tmp_path, clock.cancelled.set)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        assertions(clock=clock, node=hanging(tmp_path)).fresh()
    assert time.monotonic() - began < 20
    assert is_gone(pid_in(tmp_path))


def test_a_signal_ends_the_node_that_the_main_thread_waits_for(tmp_path: Path) -> None:
    def cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise Cancelled

    before = signal.signal(signal.SIGUSR1, cancel)
    main = threading.main_thread().ident or 0
    when_started(tmp_path, lambda: signal.pthread_kill(main, signal.SIGUSR1))
    try:
        with pytest.raises(Cancelled):
            assertions(node=hanging(tmp_path)).fresh()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert is_gone(pid_in(tmp_path))
