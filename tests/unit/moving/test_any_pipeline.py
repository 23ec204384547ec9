"""Any pipeline at all: what holds of it after the mover, whatever its steps are."""

from __future__ import annotations

import re
from collections import Counter
from textwrap import indent

from hypothesis import given, settings
from hypothesis import strategies as st

from dev.mover.tasks import TASKS
from tests.unit.moving.old_steps import BUILD, BUILD_2, DEPLOY, MAIN_ONLY, PUSH, SWAP, declared, is_ours, move, steps_in


def with_comments(step: str) -> str:
    """Return a step with a comment at every place that may have one."""
    first, *lines = step.strip("\n").split("\n")
    inner = [part for line in lines for part in ("    # c", f"{line} # e")]
    return "\n".join([f"{first} # d", "  displayName: D # d", *inner, "    # c", "  # c", ""])


# Pieces of a pipeline: each is a step, and says whether it is one that may be touched.
OTHERS = (
    "- script: echo hello\n",
    "- script: |\n    # a comment of the shell\n    docker images\n\n    - task: Docker@1\n  displayName: 'List: #1'\n",
    "# about the next step\n- bash: >-\n    echo a\n\n    b\n  env: {A: b, C: 'd: e'}\n",
    '- task: UsePythonVersion@0\n  inputs:\n    versionSpec: "3.x" # any\n',
    "- template: steps.yml\n  parameters:\n    a: '- b'\n",
    "- ${{ if eq(variables['a'], 'b') }}:\n  - task: Docker@1\n    inputs:\n      command: run\n",
    "- checkout: self\n  fetchDepth:   1\n\n\n",
    "- pwsh: |\n    \tWrite-Host\t'tabs'\n  errorActionPreference: stop\n",
    "- { task: PublishBuildArtifacts@1, inputs: { pathToPublish: 'a, b' } }\n",
    "- ${{ each a in parameters.b }}:\n  - script: echo ${{ a }}\n",
)
OLD = [BUILD, PUSH, DEPLOY, BUILD_2, BUILD_2.replace("2\n", "2\n  displayName: x\n") + "    command: build\n"]
OLD += [BUILD_2 + "    command: push\n", BUILD_2 + "    command: login\n", DEPLOY.replace("hello", "other")]
OLD += [BUILD.replace("hello", "other"), PUSH.replace("hello", "other"), DEPLOY.replace(*MAIN_ONLY)]
OLD += [BUILD_2.replace("contoso-registry", "second"), DEPLOY.replace("contoso.azurecr.io/", "second.azurecr.io/")]
OLD += [
    DEPLOY.replace("contoso.azurecr.io/", ""),
    DEPLOY.replace("FunctionApp", "WebApp"),
    BUILD + "    arguments: -t a\n",
]
OLD += [SWAP, SWAP.replace("hello", "other")]
OLD += ["- {task: Docker@2, inputs: {containerRegistry: contoso-registry, repository: hello}} # brackets\n"]
OLD += [with_comments(step) for step in (BUILD, PUSH, DEPLOY, BUILD_2, BUILD_2 + "    command: login\n")]
OLD += [DEPLOY.replace("\n  inputs:", " # c\n\n  # d\n  inputs: # e")]


@st.composite
def pipelines(draw: st.DrawFn, pieces: tuple[str, ...] = (*OTHERS, *OLD)) -> tuple[str, list[str]]:
    """Return a pipeline, and those of its lines that belong to no step of an old task."""
    text, kept = "trigger: none  # yet\njobs:\n", ["trigger: none  # yet", "jobs:"]
    for number in range(draw(st.integers(1, 3))):
        head = (
            f"- job: j{number}\n"
            + draw(st.sampled_from(["", "  pool: a\n", "  # ?\n  dependsOn: j0\n"]))
            + "  steps:\n"
        )
        text, deep = text + head, " " * draw(st.sampled_from([2, 4, 7]))
        kept += [*head.splitlines()]
        for piece in draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=7)):
            part = indent(piece.lstrip("\n"), deep) + draw(st.sampled_from(["", "\n", "  # between\n"]))
            text += part
            kept += [line for line in part.splitlines() if piece in OTHERS or line == "  # between"]
    return text, kept


def missing(kept: list[str], lines: list[str]) -> list[str]:
    """Return the fewest of the lines without which the others are there in their order."""
    longest: list[list[str]] = [[] for _ in range(len(lines) + 1)]
    for line in kept:
        before = longest
        longest = [[]]
        for at, other in enumerate(lines):
            found = [*before[at], line] if line == other else max(before[at + 1], longest[at], key=len)
            longest.append(found)
    left = Counter(kept)
    left.subtract(longest[-1])
    return list(left.elements())


@settings(max_examples=25)
@given(pipelines(), st.sampled_from(["\n", "\r\n"]))
def test_lines_outside_of_the_steps_that_move_never_change(drawn: tuple[str, list[str]], ending: str) -> None:
    text, kept = drawn[0].replace("\n", ending), drawn[1]
    moved, _ = move(text)
    gone = missing([line for line in kept if line.strip()], moved.split(ending))
    assert all(is_of_a_job(line) for line in gone)
    assert not gone or moved.count("- job: j") < text.count("- job: j")
    assert moved.count("\n") == moved.count(ending)


def is_of_a_job(line: str) -> bool:
    """Tell whether a line is the head of a job or its checkout: those may go with their last step."""
    head = r"- job: j|  pool: a|  dependsOn: j0|  steps:| +- checkout: self$| +fetchDepth: "
    return bool(re.match(head, line))


@settings(max_examples=25)
@given(pipelines())
def test_no_comment_is_lost(drawn: tuple[str, list[str]]) -> None:
    comments = re.compile(r"# (?:yet|between|\?|about|brackets|a comment|[cde]\b)")
    assert Counter(comments.findall(move(drawn[0])[0])) == Counter(comments.findall(drawn[0]))


@settings(max_examples=25)
@given(pipelines(OTHERS), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_pipeline_without_old_tasks_stays_byte_for_byte(drawn: tuple[str, list[str]], ending: str, bom: bool) -> None:
    text = "\ufeff" * bom + drawn[0].replace("\n", ending).replace("docker images", "true")
    moved, told = move(text)
    assert moved == text
    assert "moved" not in told


@settings(max_examples=25)
@given(pipelines())
def test_a_second_run_changes_nothing(drawn: tuple[str, list[str]]) -> None:
    moved, _ = move(drawn[0])
    again, told = move(moved)
    assert again == moved
    assert ": moved: " not in told


@settings(max_examples=25)
@given(pipelines())
def test_every_old_step_is_moved_or_left_and_what_comes_out_is_yaml_with_inputs_that_exist(
    drawn: tuple[str, list[str]],
) -> None:
    moved, told = move(drawn[0])
    before, after = list(steps_in(drawn[0])), list(steps_in(moved))
    old = {task.name for task in TASKS}
    assert len(re.findall(r"(?m): (?:moved|left): ", told)) == len([step for step in before if step.get("task") in old])
    assert [step for step in before if step.get("task") not in old] == [
        step for step in after if step.get("task") not in old and not is_ours(step)
    ]
    for step in filter(is_ours, after):
        assert set(step["inputs"]) <= set(declared())
        assert {"azureSubscription", "containerRegistry"} & set(step["inputs"])
    assert not any(step.get("task") == "AzureFunctionAppContainer@1" for step in after)
