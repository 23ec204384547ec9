"""Signing with the Node that runs the shim: `task/sign.js` uses Node's OpenSSL, which Python has no library for.

The key goes only through a pipe to it.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from pytask.agent.environment import NODE, SIGNER, required_variable, without_the_agents_own
from pytask.clock import Deadline
from pytask.decode import Unreadable, decode
from pytask.errors import Cancelled
from pytask.errors.foreign import shortened
from pytask.errors.sign_in import CertificateSigningFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.clock import Clock

_GLANCE = 0.05
"""Seconds between checks of whether the program has ended."""
_LONGEST_COMPLAINT = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """Node and its program, for one connection's certificate."""

    node: str
    program: str
    environment: Mapping[str, str]
    """The program's environment; not the job's, which holds the certificate and its key."""
    clock: Clock
    seconds: float
    """Time limit for the program."""
    name: str
    """The connection's name in failures."""

    def ask(self, request: Mapping[str, object]) -> object:
        """Return the program's answer, or None when its output is not one. A canceled run ends the program.

        Raises:
            CertificateSigningFailed: when it gives no answer.
            Cancelled: when the agent asks the task to stop.
        """
        # A module that NODE_OPTIONS loads may print something first.
        lines = self._printed(json.dumps(request)).splitlines()
        answer = decode(lines[-1]) if lines else None
        return None if isinstance(answer, Unreadable) else answer

    def failure(self, detail: str) -> CertificateSigningFailed:
        """Return the failure for a signature that was not made."""
        return CertificateSigningFailed(name=self.name, detail=detail)

    def _printed(self, request: str) -> str:
        deadline = Deadline.after(self.clock, self.seconds)
        with self._started() as process:
            Thread(target=_end_in_time, args=(process, deadline), daemon=True, name="signer").start()
            try:
                printed, complaint = process.communicate(request)
            finally:
                process.kill()
        if process.returncode == 0:
            return printed
        if self.clock.cancelled.is_set():
            raise Cancelled
        if deadline.passed():
            raise self.failure(f"{self.node} did not respond within {self.seconds:g} s")
        said = shortened(" ".join(complaint.split()), _LONGEST_COMPLAINT)
        raise self.failure(f"{self.node} ended with exit code {process.returncode}: {said or 'no output'}")

    def _started(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command, environment = [self.node, self.program], dict(self.environment)
        try:
            return subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, encoding="utf-8", errors="replace"
            )
        except OSError as error:
            raise self.failure(f"{self.node} cannot be started: {error.strerror}") from error


def find_signer(environment: Mapping[str, str], *, clock: Clock, seconds: float, name: str) -> Signer:
    """Return the signer that the shim names. No other Node is used: whoever changes `PATH` could get the key.

    Raises:
        AgentVariableMissing: when this program was not started by the shim.
    """
    return Signer(
        node=required_variable(environment, NODE),
        program=required_variable(environment, SIGNER),
        environment=without_the_agents_own(environment),
        clock=clock,
        seconds=seconds,
        name=name,
    )


def _end_in_time(process: subprocess.Popen[str], deadline: Deadline) -> None:
    """End a program at its deadline, or at once on cancel, because this process is about to be killed."""
    while process.poll() is None and not deadline.passed() and not deadline.clock.cancelled.wait(_GLANCE):
        pass
    process.kill()
