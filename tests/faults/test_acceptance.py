"""A whole acceptance on the local Azure, and its recordings once more: `npm run acceptance -- --local`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.place import PaperPlace
from tests.acceptance.session import accept
from tests.acceptance.steps import steps
from tests.agent.under_test import ROOT
from tests.contract.test_acceptance import NAMES
from tests.corpus.__main__ import main as corpus
from tests.corpus.cases import RecordedRun, cases_in
from tests.corpus.judging import Verdict, judge
from tests.faults.paper_azure import PaperAzure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str], PaperAzure]]:
    """Return the recordings of an acceptance on the local Azure, what it said, and what it left."""
    folder = tmp_path_factory.mktemp("acceptance")
    said: list[str] = []
    with PaperAzure(folder / "azure") as azure:
        place = PaperPlace(azure=azure, sources=folder / "run" / "s")
        failed = accept(place, folder / "run", folder / "recordings", said.append)
        assert failed == 0, "\n".join(said)
        yield folder / "recordings", said, azure


def test_every_command_runs_and_ends_as_it_has_to(session: tuple[Path, list[str], PaperAzure]) -> None:
    _, said, _ = session
    assert len([line for line in said if line.startswith("ok")]) == len(steps(NAMES))
    commands = {step.inputs.get("command", "buildPushDeploy") for step in steps(NAMES)}
    task = json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8"))
    assert commands == set(next(one["options"] for one in task["inputs"] if one["name"] == "command"))


def test_the_corpus_reads_the_recordings_and_each_run_ends_as_it_did(
    session: tuple[Path, list[str], PaperAzure], capsys: pytest.CaptureFixture[str]
) -> None:
    recordings, _, _ = session
    assert corpus([str(recordings)]) == 0
    told = capsys.readouterr().out
    assert f"recorded runs: {len(steps(NAMES))} of {len(steps(NAMES))} (100 %) passed" in told
    assert "platform logs: 3 of 3 (100 %) passed" in told


def test_a_recording_that_answers_otherwise_does_not_pass(session: tuple[Path, list[str], PaperAzure]) -> None:
    recordings, _, _ = session
    [case] = [one for one in cases_in([recordings / "09-does-not-start"]) if isinstance(one, RecordedRun)]
    judgment = judge(replace(case, code="", verification="verified"))
    assert judgment.verdict is Verdict.FAILED
    assert "wanted ok verified, came container-exits failed" in judgment.told


def test_a_request_that_was_not_recorded_is_named(session: tuple[Path, list[str], PaperAzure]) -> None:
    recordings, _, _ = session
    [case] = [one for one in cases_in([recordings / "01-check"]) if isinstance(one, RecordedRun)]
    judgment = judge(replace(case, inputs={**case.inputs, "slotName": "other"}))
    assert judgment.verdict is Verdict.FAILED
    assert "asked for what is not recorded: " in judgment.told


def test_no_recording_has_a_secret_or_a_name_of_the_session(session: tuple[Path, list[str], PaperAzure]) -> None:
    recordings, _, azure = session
    text = "\n".join(path.read_text(encoding="utf-8") for path in recordings.rglob("*") if path.is_file())
    assert "hello-function" in text
    for secret in ("canary-of-a-setting", azure.job_access_token, azure.subscription_id, "fac0123456789ab"):
        assert secret not in text
    for token in re.findall(r"\beyJ[\w-]+\.[\w-]+\.[\w-]{20,}", text):
        raise AssertionError(f"a token with a signature: {token[:20]}")
