"""Signing in through the shim, and during a real build; `tests/on_paper` has every scheme and what refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pipeline import CERTIFICATE, SECRET, Scheme, a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure


@pytest.mark.parametrize("scheme", ["certificate", "federation", "system_identity"])
def test_the_whole_run_signs_in_by_each_kind_of_scheme(azure: LocalAzure, tmp_path: Path, scheme: Scheme) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme) as pipeline:
        run = pipeline.run()
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert pipeline.call()[0] == 200
    assert {call.principal for call in azure.writes} == {"pipeline"}
    assert len(azure.assertions_used) == len(set(azure.assertions_used))
    assert_no_secret_is_shown(run)


def assert_no_secret_is_shown(run: TaskRun) -> None:
    key = "".join(CERTIFICATE.key_pem.splitlines()[1:-1])
    shown = "".join(line for line in run.lines if not line.startswith("##vso[task.setsecret]"))
    for secret in (SECRET, *CERTIFICATE.key_pem.splitlines()[1:-1], key):
        assert secret not in shown
    assert "eyJ" not in shown


# Renewal


# What cannot sign in
