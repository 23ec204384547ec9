"""Lines of a task, read and masked and carried out by the rules of the real agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.log_commands import parse
from tests.agent.secret_masker import SecretMasker
from tests.agent.step_log import StepLog, worst
from tests.agent.task_definition import read_task
from tests.contract.tiny_task import DECLARED, tiny_task

if TYPE_CHECKING:
    from pathlib import Path

text = st.text(st.characters(exclude_categories=["Cs"]))


def escaped(value: str, *, in_property: bool) -> str:
    """Escape as Microsoft's own library does for tasks.

    https://github.com/microsoft/azure-pipelines-task-lib/blob/master/node/taskcommand.ts
    """
    value = value.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return value.replace("]", "%5D").replace(";", "%3B") if in_property else value


@given(data=text, value=text.filter(lambda value: value and not value.startswith("=")))
def test_what_was_escaped_comes_back(data: str, value: str) -> None:
    line = f"##vso[task.x key={escaped(value, in_property=True)};]{escaped(data, in_property=False)}"
    command = parse(line)
    assert command is not None
    assert (command.data, command.properties) == (data, {"key": value})


@given(before=text.filter(lambda before: "##vso[" not in f"{before}##vso"))
def test_a_command_is_found_anywhere_in_a_line(before: str) -> None:
    command = parse(f"{before}##vso[task.complete result=Failed]done")
    assert command is not None
    assert (command.area, command.event, command.properties) == ("task", "complete", {"result": "Failed"})


@given(line=text)
def test_any_line_is_read_or_shown(line: str) -> None:
    parse(line)


def test_names_and_keys_ignore_case() -> None:
    command = parse("##VSO is none, ##vso[TASK.LogIssue TYPE=Error]x")
    assert command is not None
    assert (command.area, command.event, command.properties) == ("task", "logissue", {"type": "Error"})


@pytest.mark.parametrize(
    "line", ["##vso[task]x", "##vso[task.a.b]x", "##vso[task.complete result=Failed", "##VSO[task.x]"]
)
def test_what_is_no_command_is_shown(line: str) -> None:
    assert parse(line) is None


def test_the_first_bracket_ends_the_command() -> None:
    command = parse("##vso[task.x key=a]b]c")
    assert command is not None
    assert (command.properties, command.data) == ({"key": "a"}, "b]c")


def test_a_property_loses_equal_signs_before_it_and_disappears_when_empty() -> None:
    command = parse("##vso[task.x a==1;b=;c=1=2]")
    assert command is not None
    assert command.properties == {"a": "1", "c": "1=2"}


def test_percent_is_unescaped_last() -> None:
    command = parse("##vso[task.debug]%AZP250A%0A")
    assert command is not None
    assert command.data == "%0A\n"


def test_a_secret_is_masked_also_within_json_and_urls() -> None:
    masker = SecretMasker()
    masker.add('p"ss wörd')
    assert masker.mask('p"ss wörd {"p": "p\\"ss wörd"} ?p=p%22ss%20w%C3%B6rd') == '*** {"p": "***"} ?p=***'


def test_overlapping_secrets_become_one_run_of_stars() -> None:
    masker = SecretMasker()
    masker.add("abcd")
    masker.add("cdef")
    assert masker.mask("xabcdefx abcdabcd") == "x***x ***"


def test_the_password_in_a_url_is_masked_unasked() -> None:
    assert SecretMasker().mask("https://user:hunter2@example.com/") == "https://user:***@example.com/"


def test_a_secret_variable_is_masked_in_base64_too() -> None:
    masker = SecretMasker()
    masker.add_variable("correct horse")
    assert masker.mask("Y29ycmVjdCBob3JzZQ==") == "***"


@given(secret=text.filter(bool), around=text)
def test_no_secret_survives(secret: str, around: str) -> None:
    masker = SecretMasker()
    masker.add(secret)
    shown = masker.mask(f"{around}{secret}{around}")
    assert secret not in shown.replace("***", "") or set(secret) <= set("*")


@pytest.fixture
def log(tmp_path: Path) -> StepLog:
    return StepLog(task=read_task(tiny_task(tmp_path, "")), masker=SecretMasker())


def test_the_worst_result_wins_and_failed_cannot_be_taken_back(log: StepLog) -> None:
    for result in ("Succeeded", "SucceededWithIssues", "Failed", "Succeeded"):
        log.take(f"##vso[task.complete result={result}]")
    assert log.result == "Failed"
    assert worst("Canceled", "Failed") == "Canceled"
    assert worst("Failed", "Canceled") == "Canceled"


def test_a_secret_is_masked_from_the_line_after(log: StepLog) -> None:
    for line in (
        "token abc",
        "##vso[task.setsecret]abc",
        "token abc",
        "##vso[task.logissue type=error]abc",
    ):
        log.take(line)
    assert log.shown == ["token abc", "token ***", "##[error]***"]
    assert log.issues[0].message == "***"
    assert log.secret_values == {"abc"}


def test_only_variables_that_the_task_declares_can_be_set(log: StepLog) -> None:
    log.take("##vso[task.setvariable variable=IMAGEDIGEST]sha256:1")
    log.take("##vso[task.setvariable variable=proofOfIt;issecret=true]hush")
    log.take("##vso[task.setvariable variable=PATH]/evil")
    log.take("##vso[task.prependpath]/evil")
    assert log.variables == {"IMAGEDIGEST": "sha256:1", "proofOfIt": "hush"}
    assert log.secret_values == {"hush"}
    assert [issue.type for issue in log.issues] == ["warning", "warning"]
    assert log.prepended_path == []


def test_without_restrictions_any_variable_can_be_set(tmp_path: Path) -> None:
    task = tiny_task(tmp_path, "", {**DECLARED, "restrictions": {}})
    log = StepLog(task=read_task(task), masker=SecretMasker())
    log.take("##vso[task.setvariable variable=anything]x")
    assert log.variables == {"anything": "x"}


def test_restricted_commands_forbid_the_summary(tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("# Done")
    task = tiny_task(tmp_path, "", {**DECLARED, "restrictions": {"commands": {"mode": "restricted"}}})
    log = StepLog(task=read_task(task), masker=SecretMasker())
    log.take(f"##vso[task.uploadsummary]{tmp_path}/summary.md")
    assert (log.summaries, log.result) == ([], None)
    assert "is not allowed in this step" in log.issues[0].message


def test_a_summary_is_read_and_a_missing_one_fails_the_step(log: StepLog, tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("# Done ✓", encoding="utf-8")
    log.take(f"##vso[task.uploadsummary]{tmp_path}/summary.md")
    assert (log.summaries, log.result) == ([("summary.md", "# Done ✓")], None)
    log.take(f"##vso[task.uploadsummary]{tmp_path}/missing.md")
    assert log.result == "Failed"


@pytest.mark.parametrize(
    "line",
    [
        "##vso[task.complete result=Great]",
        "##vso[task.complete result=failed]",
        "##vso[task.setvariable]x",
        "##vso[task.setvariable variable=imageDigest;issecret=true]two%0Alines",
        "##vso[task.logissue type=hint]x",
        "##vso[task.frobnicate]x",
    ],
)
def test_a_command_that_cannot_be_carried_out_fails_the_step(log: StepLog, line: str) -> None:
    log.take(line)
    assert log.result == "Failed"
    assert "Unable to process command" in log.issues[0].message


def test_unknown_commands_are_recorded(log: StepLog) -> None:
    log.take("##vso[build.addbuildtag]x")
    log.take("##vso[task.frobnicate]x")
    assert log.unknown_commands == ["##vso[build.addbuildtag]x", "##vso[task.frobnicate]x"]


def test_a_marker_without_a_command_is_shown_with_a_warning(log: StepLog) -> None:
    log.take("##vso is a prefix")
    assert log.shown[-1] == "##vso is a prefix"
    assert log.issues[0].type == "warning"


def test_only_ten_errors_become_issues(log: StepLog) -> None:
    for number in range(12):
        log.take(f"##vso[task.logissue type=error;code=c]{number}")
    assert [issue.message for issue in log.issues] == [str(number) for number in range(10)]
    assert log.shown[-1] == "##[error]11"


def test_groups_are_known_by_their_titles(log: StepLog) -> None:
    for line in ("##[group]Build image", "Step 1/2", "##[endgroup]"):
        log.take(line)
    assert log.groups == ["Build image"]


def test_debug_lines_are_shown_in_debug_mode_only(log: StepLog, tmp_path: Path) -> None:
    log.take("##vso[task.debug]x")
    assert log.shown == []
    task = read_task(tiny_task(tmp_path / "debug", ""))
    verbose = StepLog(task=task, masker=SecretMasker(), debug=True)
    verbose.take("##vso[task.debug]x")
    verbose.take("##vso[task.setprogress value=5]")
    assert verbose.shown == ["##[debug]x", "##[debug]Processed: ##vso[task.setprogress value=5]"]
