"""Where a private key does not go: command lines, environments, files, and other programs."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from pytask.agent.environment import NODE, SIGNER, without_the_agents_own
from tests.contract.signing.signers import OWN, assert_nothing_of_the_key, assertions, script
from tests.shim import TOLD_BY_SHIM

if TYPE_CHECKING:
    from pathlib import Path


def test_the_key_is_on_no_command_line_in_no_environment_and_in_no_file(tmp_path: Path) -> None:
    seen, scratch = tmp_path / "seen", tmp_path / "scratch"
    scratch.mkdir()
    node = script(
        tmp_path,
        f'cat /proc/$$/cmdline /proc/$$/environ | tr "\\0" "\\n" > "{seen}"',
        f'exec {TOLD_BY_SHIM[NODE]} "$@"',
    )
    field = {"ENDPOINT_AUTH_PARAMETER_ID_SERVICEPRINCIPALCERTIFICATE": OWN.pem, "TMPDIR": str(scratch)}
    assert assertions(node=node, environment=field).fresh()
    text = seen.read_text()
    assert "sign.js" in text
    assert str(scratch) in text
    assert_nothing_of_the_key(text)
    assert list(scratch.iterdir()) == []


def test_the_program_tells_nothing_of_a_request_that_it_does_not_understand() -> None:
    key = "".join(OWN.key_pem.splitlines()[1:-1])
    for request in (f'{{"key": {key}', json.dumps({"key": key}), json.dumps(None), ""):
        done = subprocess.run(
            [TOLD_BY_SHIM[NODE], TOLD_BY_SHIM[SIGNER]], input=request, check=True, capture_output=True, text=True
        )
        assert list(json.loads(done.stdout)) == ["failed"]
        assert_nothing_of_the_key(done.stdout + done.stderr)


def test_docker_and_what_a_build_runs_hear_nothing_of_the_signer() -> None:
    assert without_the_agents_own({**TOLD_BY_SHIM, "PATH": "/bin"}) == {"PATH": "/bin"}
