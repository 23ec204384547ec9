"""The command on folders that it has never seen, and on cases that nobody can read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus import __main__ as corpus
from tests.corpus.__main__ import main
from tests.corpus.cases import PlatformLog, cases_in
from tests.corpus.judging import holds

if TYPE_CHECKING:
    from pathlib import Path

ERROR = {
    "source": "https://example.com",
    "where": "push",
    "text": "denied: requested access to the resource is denied",
    "expect": "push-denied",
    "must_name": ["Requested Access", "nowhere|contoso.azurecr.io"],
}
LOG = {"since": "2026-01-01T00:00:00Z", "deployed_reference": "r/shop:7", "deployed_digest": None, "ready": False}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *folders: Path) -> tuple[int, list[str]]:
    code = main([str(folder) for folder in folders])
    return code, capsys.readouterr().out.splitlines()


def test_a_folder_of_a_kind_and_a_parent_of_several_count_for_themselves_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "errors/1.json", ERROR)
    write(tmp_path / "logs/1-silent/log.txt", "nothing of the platform\n")
    write(tmp_path / "logs/1-silent/expect.json", LOG)
    write(tmp_path / "README.md", "no case")
    write(tmp_path / "recorded/answer.json", {"access": []})
    for folder, passed in ((tmp_path, 2), (tmp_path / "errors", 1), (tmp_path / "logs", 1)):
        code, lines = run(capsys, folder)
        assert (code, lines[-1]) == (0, f"{passed} passed, 0 failed")
    assert run(capsys, tmp_path / "logs", tmp_path)[1][-1] == "2 passed, 0 failed"


def test_what_is_wrong_is_told_in_one_line_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "errors/1.json", {**ERROR, "expect": "push-failed"})
    code, lines = run(capsys, tmp_path)
    assert (code, lines[-1]) == (1, "0 passed, 1 failed")
    (told,) = (line for line in lines if "errors/1:" in line)
    assert "wanted push-failed, came push-denied: contoso.azurecr.io refuses the push" in told


def test_a_missing_code_is_neither_passed_nor_failed_and_a_missing_fact_fails_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "1.json", {**ERROR, "expect": "none-fits: another code", "must_name": ["nowhere"]})
    write(tmp_path / "2.json", {**ERROR, "expect": "push-failed|push-denied", "must_name": ["nowhere"]})
    code, lines = run(capsys, tmp_path)
    assert (code, lines[-1]) == (0, "1 passed, 0 failed")
    assert any("wanted another code, came push-denied" in line for line in lines)
    assert any("facts: 0 of 2 (0 %) shown" in line for line in lines)


def test_a_code_that_also_fits_is_right_beside_none_that_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "1/log.txt", "2026-01-01T00:00:01.000Z INFO  - Pulling image: r/shop:7\n")
    write(tmp_path / "1/expect.json", {**LOG, "failure": "none-fits: what", "failure_also": ["pull-failed"]})
    assert run(capsys, tmp_path)[1][-1] == "0 passed, 0 failed"
    write(tmp_path / "1/log.txt", "2026-01-01T00:00:01.000Z INFO  - Pulling image: r/shop:7\n")
    write(tmp_path / "1/expect.json", {**LOG, "failure": None, "ready": None, "started_also": "x"})
    assert run(capsys, tmp_path)[1][-1] == "1 passed, 0 failed"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[" * 100_000,
        {**ERROR, "where": "moon"},
        {**ERROR, "where": ["build"]},
        {**ERROR, "call": "grant"},
        {**ERROR, "expect": None},
        {**ERROR, "status": "soon"},
        {**ERROR, "must_name": {"a": 1}},
        {**ERROR, "headers": 3},
        {"must_name": []},
    ],
)
def test_an_error_that_cannot_be_read_is_told_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: object
) -> None:
    write(tmp_path / "broken.json", content)
    code, lines = run(capsys, tmp_path)
    assert (code, lines[-1]) == (1, "0 passed, 1 failed")
    assert any("broken: cannot be read: " in line or "broken.json: cannot be read: " in line for line in lines)


@pytest.mark.parametrize("expect", ["{", "[]", {**LOG, "since": None}, {**LOG, "since": "soon"}, {**LOG, "ready": 1}])
def test_a_log_that_cannot_be_read_is_told_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], expect: object
) -> None:
    write(tmp_path / "1/log.txt", "")
    write(tmp_path / "1/expect.json", expect)
    write(tmp_path / "2/expect.json", LOG)
    write(tmp_path / "3/log.txt", "")
    assert run(capsys, tmp_path)[1][-1] == "0 passed, 3 failed"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run(capsys, tmp_path / "elsewhere")
    assert (code, lines[-1]) == (1, "0 passed, 1 failed")


def test_folders_are_meant_as_npm_was_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "mine/1.json", ERROR)
    monkeypatch.setenv("INIT_CWD", str(tmp_path))
    assert main(["mine"]) == 0
    assert capsys.readouterr().out.endswith("1 passed, 0 failed\n")


def test_the_bytes_of_a_log_arrive_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1/log.txt").write_bytes(b"\xef\xbb\xbfa\r\nb\xff\n")
    write(tmp_path / "1/expect.json", LOG)
    (case,) = cases_in([tmp_path])
    assert isinstance(case, PlatformLog)
    assert case.text == "\ufeffa\r\nb\ufffd\n"


def test_a_files_name_in_a_setup_does_not_lead_out_of_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "outside"
    setup = {str(outside): "x", "../outside": "x", "a/b": "x", ".dockerignore": "a"}
    write(tmp_path / "cases/1.json", {**ERROR, "where": "build", "expect": "build-failed", "setup": setup})
    assert run(capsys, tmp_path / "cases")[1][-1] == "1 passed, 0 failed"
    assert not outside.exists()


TEXT = st.text("a|:-2", max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@given(fields=st.dictionaries(st.sampled_from(sorted({*ERROR, *LOG, "call", "status", "headers", "setup"})), JSON))
def test_no_case_ends_the_reading(tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]) -> None:
    folder = tmp_path_factory.mktemp("cases")
    write(folder / "error.json", {"where": "build", **fields})
    write(folder / "log/log.txt", "")
    write(folder / "log/expect.json", fields)
    assert len(cases_in([folder])) == 2


def test_a_fact_is_held_in_any_case_and_width_and_either_way() -> None:
    assert holds("The Client\n     with IP", "client with ip")
    assert holds("one", "two|ONE")
    assert not holds("one", "two|three")


def test_the_repositorys_own_corpus_is_judged_without_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (corpus.OWN / "platform-logs").is_dir()
    write(tmp_path / "1.json", ERROR)
    monkeypatch.setattr(corpus, "OWN", tmp_path)
    assert main([]) == 0
    assert capsys.readouterr().out.endswith("1 passed, 0 failed\n")
