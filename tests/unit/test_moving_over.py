"""docs/move_over.py: what becomes of a pipeline, and that nothing else in its file changes."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from docs.move_over import NAMES, Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "move_over.py"
KEPT = sorted((Path(__file__).parent / "moving_over").glob("*.before.yml"))
OURS = "FunctionAppContainerDeploy@1"

BUILD = """
- task: Docker@1
  inputs:
    azureSubscriptionEndpoint: contoso-azure
    azureContainerRegistry: contoso.azurecr.io
    imageName: hello:$(Build.BuildId)
"""
PUSH = """
- task: Docker@1
  inputs:
    command: Push an image
    azureSubscriptionEndpoint: contoso-azure
    azureContainerRegistry: contoso.azurecr.io
    imageName: hello:$(Build.BuildId)
"""
DEPLOY = """
- task: AzureFunctionAppContainer@1
  inputs:
    azureSubscription: contoso-azure
    appName: hello-function
    imageName: contoso.azurecr.io/hello:$(Build.BuildId)
"""
SCRIPT_STEP = "\n- script: npm test\n"
BUILD_2 = """
- task: Docker@2
  inputs:
    containerRegistry: contoso-registry
    repository: hello
"""


def move(text: str) -> tuple[str, dict[int, str]]:
    """Return the pipeline as it is afterwards, and the words on it by line."""
    pipeline = Pipeline(text)
    pipeline.move()
    return "".join(pipeline.lines), dict(pipeline.words)


def job(*steps: str) -> str:
    return "steps:" + "".join(steps)


def jobs(*steps: str, besides: str = "", first: str = "") -> str:
    """Return two jobs: the last of the steps is the second job's."""
    return (
        f"jobs:\n- job: build\n{indent(dedent(first), '  ')}  steps:{indent(''.join(steps[:-1]), '  ')}"
        f"- job: deploy\n  dependsOn: build\n{indent(dedent(besides), '  ')}  steps:{indent(steps[-1], '  ')}"
    )


def steps_in(text: str) -> Iterator[dict[str, Any]]:
    """Return the steps of a pipeline as a YAML parser reads them."""
    yield from _steps_below(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506 - the loader that makes texts only


def _steps_below(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield from ([node] if "task" in node or "script" in node else [])
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _steps_below(child)


def tasks(text: str) -> list[str]:
    """Return what the steps are: the task, and of ours its command."""
    return [step.get("inputs", {}).get("command", "all") if is_ours(step) else step["task"] for step in steps_in(text)]


def is_ours(step: dict[str, Any]) -> bool:
    return step.get("task") == OURS


def only(text: str) -> dict[str, str]:
    """Return the inputs of the one step of ours."""
    (step,) = (step for step in steps_in(text) if is_ours(step))
    return dict(step["inputs"])


def declared() -> dict[str, Any]:
    fields = json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8"))["inputs"]
    return {field["name"]: field for field in fields}


@pytest.mark.parametrize("before", KEPT, ids=lambda path: path.name.partition(".")[0])
def test_a_whole_pipeline_becomes_what_is_kept_beside_it(before: Path) -> None:
    moved, _ = move(before.read_text(encoding="utf-8"))
    assert moved == before.with_name(before.name.replace("before", "after")).read_text(encoding="utf-8")
    assert move(moved) == (moved, {})
    for step in filter(is_ours, steps_in(moved)):
        assert set(step["inputs"]) <= set(declared())
        assert step["inputs"].get("command", "buildPushDeploy") in declared()["command"]["options"]


def test_three_tasks_in_two_jobs_become_one_step_in_one_job() -> None:
    moved, words = move((Path(__file__).parent / "moving_over" / "two-jobs.before.yml").read_text(encoding="utf-8"))
    assert (tasks(moved), words) == (["all"], {})
    assert moved.count("- job:") == 1


def test_build_and_push_and_deployment_in_one_job_become_one_step() -> None:
    moved, words = move(job(BUILD, PUSH, DEPLOY))
    assert words == {}
    assert list(steps_in(moved)) == [
        {
            "task": OURS,
            "inputs": {
                "azureSubscription": "contoso-azure",
                "appName": "hello-function",
                "imageName": "hello:$(Build.BuildId)",
                "azureContainerRegistry": "contoso.azurecr.io",
            },
        }
    ]


def test_the_one_command_of_docker_2_needs_no_push() -> None:
    moved, _ = move(job(BUILD_2, DEPLOY))
    assert tasks(moved) == ["all"]
    assert only(moved)["containerRegistry"] == "contoso-registry"
    assert only(moved)["imageName"] == "hello"


def test_every_input_goes_over_as_it_is_written() -> None:
    build = BUILD + dedent(
        """
        # more
            dockerFile: "app/Docker file"  # in quotes
            useDefaultContext: false
            buildContext: 'app'
            arguments: >-
              --build-arg A=1

              --network host
        """
    )
    deploy = DEPLOY + indent(
        "resourceGroupName: $(rg)\nslotName: ${{ parameters.slot }}\ncontainerCommand: run\n", "    "
    )
    deploy += indent('appSettings: -A "1 2" -B 3\nconfigurationStrings: |\n  -alwaysOn true\n', "    ")
    moved, words = move(job(build, PUSH, deploy))
    assert words == {}
    for line in (*build.splitlines()[10:], *deploy.splitlines()[6:]):
        assert line in moved.splitlines()
    assert set(only(moved)) <= set(declared())


def test_docker_1s_json_of_a_registry_stays_what_it_is() -> None:
    told = """'{"loginServer":"contoso.azurecr.io", "id" : "/subscriptions/1/x/contoso"}'"""
    moved, _ = move(job(*(step.replace("contoso.azurecr.io\n", f"{told}\n") for step in (BUILD, PUSH)), DEPLOY))
    assert f"azureContainerRegistry: {told}\n" in moved


def test_a_registry_of_another_kind_keeps_its_connection() -> None:
    hub = ("    azureSubscriptionEndpoint: contoso-azure\n    azureContainerRegistry: contoso.azurecr.io\n", "")
    own = "    containerregistrytype: Container Registry\n    dockerRegistryEndpoint: hub\n"
    moved, _ = move(job(*(step.replace(*hub) + own for step in (BUILD, PUSH)), DEPLOY))
    assert only(moved)["containerRegistry"] == "hub"
    assert only(moved)["azureSubscription"] == "contoso-azure"


def test_another_connection_for_the_registry_becomes_one_of_its_own() -> None:
    other = [step.replace("contoso-azure", "contoso-shared") for step in (BUILD, PUSH)]
    moved, _ = move(job(*other, DEPLOY))
    assert only(moved)["azureSubscription"] == "contoso-azure"
    assert only(moved)["azureSubscriptionForACR"] == "contoso-shared"


@pytest.mark.parametrize(
    ("image", "more", "tags", "name"),
    [
        ("hello:$(Build.BuildId)", "", None, "hello:$(Build.BuildId)"),
        ("hello:$(Build.BuildId)", "includeLatestTag: True", "latest", "hello:$(Build.BuildId)"),
        ("hello", "", "$(Build.BuildId), latest", "hello"),
        ("$(image)", "", None, "$(image)"),
        ("$(image)", "includeLatestTag: true", "latest", "$(image)"),
    ],
)
def test_the_tags_that_docker_1_adds_by_itself_are_written_out(image: str, more: str, tags: str, name: str) -> None:
    build, push, deploy = (step.replace("hello:$(Build.BuildId)", image) for step in (BUILD, PUSH, DEPLOY))
    moved, _ = move(job(f"{build}    {more}\n", push, deploy))
    assert only(moved).get("tags") == tags
    assert only(moved)["imageName"] == name


def test_the_image_name_that_docker_1_has_by_itself_is_that_of_the_new_step() -> None:
    build, push = (step.replace("    imageName: hello:$(Build.BuildId)\n", "") for step in (BUILD, PUSH))
    image = "$(Build.Repository.Name):$(Build.BuildId)"
    moved, _ = move(job(f"{build}    includeLatestTag: true\n", push, DEPLOY.replace("hello:$(Build.BuildId)", image)))
    assert only(moved)["imageName"] == f"contoso.azurecr.io/{image}"
    assert only(moved)["tags"] == "$(Build.BuildId), latest"


def test_what_is_deployed_by_another_tag_is_told() -> None:
    build = BUILD_2 + "    tags: |\n      $(Build.BuildId)\n      latest\n"
    moved, words = move(job(build, DEPLOY.replace("$(Build.BuildId)", "latest")))
    assert tasks(moved) == ["all"]
    assert list(words.values()) == ["now deploys the tag $(build.buildid)"]


def test_an_image_without_a_tag_is_deployed_by_the_tag_that_it_had() -> None:
    moved, _ = move(job(DEPLOY.replace(":$(Build.BuildId)", "")))
    assert only(moved) == {
        "command": "deploy",
        "azureSubscription": "contoso-azure",
        "appName": "hello-function",
        "imageName": "contoso.azurecr.io/hello",
        "tags": "latest",
    }


@pytest.mark.parametrize("flag", ["", "useDefaultContext: True"])
def test_a_context_that_docker_1_ignored_is_none_now(flag: str) -> None:
    moved, _ = move(job(f"{BUILD}    buildContext: app\n    {flag}\n", PUSH, DEPLOY))
    assert "buildContext" not in only(moved)


@pytest.mark.parametrize("context", ["$(Build.SourcesDirectory)", ".", "app/..", "'**'"])
def test_a_context_goes_over_as_it_is_written_since_it_means_the_same(context: str) -> None:
    moved, words = move(job(f"{BUILD}    useDefaultContext: false\n    buildContext: {context}\n", PUSH, DEPLOY))
    assert (only(moved)["buildContext"], words) == (context.strip("'"), {})
    moved, words = move(job(f"{BUILD_2}    buildContext: {context}\n", DEPLOY))
    assert (only(moved)["buildContext"], words) == (context.strip("'"), {})


@pytest.mark.parametrize("flag", ["true", "false"])
def test_the_slot_that_was_deployed_to_is_deployed_to(flag: str) -> None:
    # The old task never looks at deployToSlotOrASE: what stands in slotName is where it deploys to.
    slot = f"    deployToSlotOrASE: {flag}\n    slotName: staging\n    resourceGroupName: rg\n"
    moved, _ = move(job(BUILD, PUSH, DEPLOY + slot))
    assert only(moved)["slotName"] == "staging"
    assert "deployToSlotOrASE" not in only(moved)


def test_an_input_that_is_commented_out_is_none() -> None:
    moved, words = move(job(f"{BUILD}    # memoryLimit: 1\n    arguments: a\n", PUSH, DEPLOY))
    assert words == {}
    assert set(only(moved)) == {"azureSubscription", "appName", "imageName", "azureContainerRegistry", "arguments"}


def test_names_are_the_same_in_capitals_as_docker_makes_them_small() -> None:
    for build in (
        (BUILD.replace("hello", "Hello"), PUSH.replace("hello", "HELLO")),
        (BUILD_2.replace("hello", "Hello"),),
    ):
        assert tasks(move(job(*build, DEPLOY))[0]) == ["all"]


def test_any_tag_of_the_image_is_the_image() -> None:
    latest = DEPLOY.replace("$(Build.BuildId)", "latest")
    assert tasks(move(job(f"{BUILD_2}    tags: ' $(Build.BuildId) , latest,'\n", latest))[0]) == ["all"]
    assert tasks(move(job(f"{BUILD}    includeLatestTag: True\n", PUSH, latest))[0]) == ["all"]
    assert tasks(move(job(BUILD, PUSH, latest))[0]) == ["Docker@1", "Docker@1", "deploy"]


def test_a_deployment_within_the_job_leaves_its_job() -> None:
    moved, _ = move(jobs(BUILD, PUSH, DEPLOY, SCRIPT_STEP))
    assert tasks(moved.replace("script:", "task:")) == ["all", "npm test"]


def test_the_same_pool_may_be_written_in_other_columns() -> None:
    moved, _ = move(jobs(BUILD, PUSH, DEPLOY, besides="pool:\n    name: a\n", first="pool:\n  name: a\n"))
    assert tasks(moved) == ["all"]


@pytest.mark.parametrize("text", [job(DEPLOY, BUILD, PUSH), jobs(DEPLOY, BUILD, PUSH, SCRIPT_STEP)])
def test_a_deployment_before_the_build_stays_before_it(text: str) -> None:
    moved, words = move(text)
    assert tasks(moved.replace("script:", "task:"))[:2] == ["deploy", "buildAndPush"]
    assert list(words.values()) == ["deploys in a separate step: there are other steps in between"]


def test_what_has_no_place_in_the_new_step_is_named() -> None:
    build = f"{BUILD}    includeSourceTags: true\n    memoryLimit: 2GB\n"
    moved, words = move(job(build, f"{PUSH}    imageDigestFile: d\n", DEPLOY))
    assert tasks(moved) == ["all"]
    assert {text.partition(" ")[0] for text in words.values()} == {
        "includeSourceTags",
        "memoryLimit",
        "imageDigestFile",
    }
    assert build.splitlines()[6] in job(build).splitlines()[min(words) - 1]


def test_the_name_by_which_the_address_is_read_stays() -> None:
    moved, _ = move(job(BUILD, PUSH, DEPLOY.replace("@1\n", "@1\n  name: to_azure\n  displayName: Now\n")))
    (step,) = steps_in(moved)
    assert (step["name"], step["displayName"]) == ("to_azure", "Now")


def test_what_all_three_say_of_themselves_is_said_of_the_one() -> None:
    terms = "@1\n  condition: eq(variables.go, 'yes')\n  env:\n    A: 1\n  timeoutInMinutes: 9\n"
    moved, words = move(job(*(step.replace("@1\n", terms) for step in (BUILD, PUSH, DEPLOY))))
    (step,) = steps_in(moved)
    assert (step["condition"], step["env"], step["timeoutInMinutes"]) == ("eq(variables.go, 'yes')", {"A": "1"}, "9")
    assert words == {}


MAIN_ONLY = ("@1\n", "@1\n  condition: eq(variables['Build.SourceBranch'], 'refs/heads/main')\n")


@pytest.mark.parametrize(
    ("pipeline", "why"),
    [
        (job(BUILD, PUSH, SCRIPT_STEP, DEPLOY), "other steps in between"),
        (job(BUILD, PUSH, DEPLOY.replace(*MAIN_ONLY)), "condition, environment or limits"),
        (jobs(BUILD, PUSH, SCRIPT_STEP, DEPLOY), "other steps in between"),
        (jobs(BUILD, PUSH, DEPLOY + SCRIPT_STEP), "its own pool, conditions or other steps"),
        (jobs(BUILD, PUSH, DEPLOY, besides="pool: inside\n"), "its own pool, conditions or other steps"),
        (jobs(BUILD, PUSH, DEPLOY, besides="condition: always()\n"), "its own pool, conditions or other steps"),
        (jobs(BUILD, PUSH, DEPLOY, besides="condition: not(succeeded())\n"), "its own pool, conditions"),
        (jobs(BUILD, PUSH, DEPLOY, besides="variables:\n  a: b\n"), "its own pool, conditions or other steps"),
        (jobs(BUILD, PUSH, DEPLOY, first="strategy:\n  parallel: 2\n"), "its own pool, conditions or other steps"),
        (
            jobs(BUILD, PUSH, DEPLOY) + "- job: smoke\n  dependsOn: deploy\n  steps: []\n",
            "other jobs, or they depend on it",
        ),
        (jobs(BUILD, PUSH, DEPLOY) + "- job: smoke\n  dependsOn:\n  - deploy\n", "other jobs, or they depend on it"),
        (jobs(BUILD, PUSH, DEPLOY) + "- job: smoke\n  condition: dependencies.deploy.result\n", "other jobs, or they"),
        (
            jobs(BUILD, PUSH, DEPLOY).replace("dependsOn: build", "dependsOn: [build, test]"),
            "other jobs, or they depend on it",
        ),
        (jobs(BUILD, PUSH, DEPLOY).replace("job: deploy", "deployment: deploy"), "in a deployment job"),
    ],
)
def test_a_deployment_with_terms_of_its_own_stays_a_step_of_its_own(pipeline: str, why: str) -> None:
    moved, words = move(pipeline)
    assert [task for task in tasks(moved.replace("- script: npm test", "- task: test")) if task != "test"] == [
        "buildAndPush",
        "deploy",
    ]
    assert any(why in text for text in words.values())
    assert "imageName: contoso.azurecr.io/hello:$(Build.BuildId)" in moved
    assert moved.count("job") == pipeline.count("job")


@pytest.mark.parametrize("condition", ["succeeded()", "succeeded('build')", "and(succeeded(), succeeded())"])
def test_a_condition_that_only_says_all_went_well_is_none(condition: str) -> None:
    moved, words = move(jobs(BUILD, PUSH, DEPLOY, besides=f"condition: {condition}\n"))
    assert (tasks(moved), words) == (["all"], {})


def test_a_job_that_stays_out_of_the_checkout_has_no_steps_of_its_own() -> None:
    moved, _ = move(jobs(BUILD, PUSH, "\n- checkout: none" + DEPLOY))
    assert tasks(moved) == ["all"]


@pytest.mark.parametrize(
    ("pipeline", "left", "why"),
    [
        (job(BUILD, SCRIPT_STEP, PUSH, DEPLOY), 2, "next step does not push its image"),
        (job(BUILD, PUSH.replace(*MAIN_ONLY), DEPLOY), 2, "next step does not push its image"),
        (job(BUILD, PUSH.replace("hello", "other"), DEPLOY), 2, "next step does not push its image"),
        (
            job(BUILD, PUSH.replace("contoso.azurecr.io", "other.azurecr.io"), DEPLOY),
            2,
            "next step does not push its image",
        ),
        (job(BUILD.replace("hello", "other"), PUSH.replace("hello", "other"), DEPLOY), 2, "deploys its image"),
        (
            job(BUILD.replace("@1\n  inputs:", "@1\n  inputs:\n    dockerHostEndpoint: far"), PUSH, DEPLOY),
            2,
            "cannot do this",
        ),
        (job(f"{BUILD}    ${{{{ if eq(1, 1) }}}}:\n      dockerFile: a\n", PUSH, DEPLOY), 2, "template expressions"),
        (job("\n- task: Docker@1\n  inputs: {imageName: a}\n", DEPLOY), 1, "separate lines"),
        (job(BUILD.replace("@1", "@0"), DEPLOY), 1, "cannot do this"),
        (job(f"{BUILD}    pushMultipleImages: True\n", PUSH, DEPLOY), 2, "cannot do this"),
    ],
)
def test_what_is_not_certain_stays_and_the_deployment_goes_on_by_name(pipeline: str, left: int, why: str) -> None:
    moved, words = move(pipeline)
    assert sum("Docker@" in task for task in tasks(moved.replace("script: npm test", "task: test"))) == left
    assert only(moved)["command"] == "deploy"
    assert any(why in text for text in words.values())
    assert pipeline.partition("- task: AzureF")[0] == moved.partition(f"- task: {OURS}")[0]


@pytest.mark.parametrize("command", ["Run an image", "run", "tag", "logout extra", "image prune"])
def test_docker_commands_of_other_kinds_are_left_and_named(command: str) -> None:
    step = f"\n- task: Docker@1\n  inputs:\n    command: {command}\n"
    moved, words = move(job(step, BUILD, PUSH, DEPLOY))
    assert tasks(moved) == ["Docker@1", "all"]
    assert words == {2: "unchanged: the new step cannot do this"}


def test_what_depends_on_a_template_expression_is_left_whole() -> None:
    text = job("\n- ${{ if parameters.deploy }}:" + indent(BUILD + PUSH + DEPLOY, "  "))
    moved, words = move(text)
    assert moved == text
    assert len(words) == 3


def test_a_web_app_is_left_with_what_to_do_if_it_is_none() -> None:
    text = job(BUILD, PUSH, DEPLOY.replace("FunctionApp", "WebApp"))
    moved, words = move(text)
    assert moved == text
    assert (
        "for a Function App use AzureFunctionAppContainer@1"
        in words[text[: text.index("- task: AzureW")].count("\n") + 1]
    )


def test_two_images_of_one_job_keep_apart() -> None:
    other = [step.replace("hello", "other") for step in (BUILD, PUSH, DEPLOY)]
    moved, _ = move(job(BUILD, PUSH, DEPLOY, *other))
    assert [step["inputs"]["appName"] for step in steps_in(moved)] == ["hello-function", "other-function"]
    moved, _ = move(job(BUILD, PUSH, other[0], other[1], DEPLOY, other[2]))
    assert tasks(moved) == ["buildAndPush", "buildAndPush", "deploy", "deploy"]


def test_a_second_app_of_the_same_image_gets_it_by_name() -> None:
    moved, _ = move(job(BUILD, PUSH, DEPLOY, DEPLOY.replace("hello-function", "second")))
    assert tasks(moved) == ["all", "deploy"]


def test_logins_go_unless_something_else_uses_docker() -> None:
    login = "\n- task: Docker@2\n  inputs:\n    command: login\n    containerRegistry: contoso-registry\n"
    moved, words = move(job(login, login.lstrip(), BUILD_2, DEPLOY, login.replace("login", "logout"), SCRIPT_STEP))
    assert [step.get("task", "script") for step in steps_in(moved)] == [OURS, "script"]
    assert words == {}
    moved, words = move(job(login, BUILD_2, DEPLOY, "\n- script: Docker image ls\n"))
    assert moved.count("login") == 1
    assert words == {2: "unchanged: other steps use Docker"}


def test_text_that_looks_like_steps_is_none() -> None:
    text = job("\n- script: |\n    cat <<END\n    steps:" + indent(BUILD + PUSH + DEPLOY, "    ") + "    END\n")
    assert move(text) == (text, {})


def test_line_ends_and_a_missing_last_one_stay() -> None:
    text = ("\ufeff# ä\n" + job(BUILD, PUSH, DEPLOY)).rstrip().replace("\n", "\r\n")
    moved, _ = move(text + "\r\n- script: echo")
    assert moved.startswith("\ufeff# ä\r\n")
    assert moved.endswith("\r\n- script: echo")
    assert moved.count("\n") == moved.count("\r\n")


def test_the_script_is_one_short_file_for_python_3_8() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    names = {node.names[0].name.partition(".")[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)}
    ast.parse(text, feature_version=(3, 8))
    assert names == {"argparse", "difflib", "re", "sys"}
    assert len(text.splitlines()) < 300


# Pieces of a pipeline: each is a step, and says whether it is one that may be touched.
OTHERS = (
    "- script: echo hello\n",
    "- script: |\n    # a comment of the shell\n    docker images\n\n    - task: Docker@1\n  displayName: 'List: #1'\n",
    "# about the next step\n- bash: >-\n    echo a\n\n    b\n  env: {A: b, C: 'd: e'}\n",
    '- task: UsePythonVersion@0\n  inputs:\n    versionSpec: "3.x" # any\n',
    "- template: steps.yml\n  parameters:\n    a: '- b'\n",
    "- ${{ if eq(variables['a'], 'b') }}:\n  - task: Docker@1\n    inputs:\n      command: build\n",
    "- checkout: self\n  fetchDepth:   1\n\n\n",
)
OLD = [BUILD, PUSH, DEPLOY, BUILD_2, BUILD_2.replace("2\n", "2\n  displayName: x\n") + "    command: build\n"]
OLD += [BUILD_2 + "    command: push\n", BUILD_2 + "    command: login\n", DEPLOY.replace("hello", "other")]
OLD += [BUILD.replace("hello", "other"), PUSH.replace("hello", "other"), DEPLOY.replace(*MAIN_ONLY)]


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[str, list[str]]:
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
        for piece in draw(st.lists(st.sampled_from([*OTHERS, *OLD]), min_size=1, max_size=7)):
            part = indent(piece.lstrip("\n"), deep) + draw(st.sampled_from(["", "\n", "  # between\n"]))
            text += part
            kept += [line for line in part.splitlines() if piece in OTHERS or line.lstrip().startswith("#")]
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
    head = r"- job: j|  pool: a|  # \?|  dependsOn: j0|  steps:| +- checkout: self$| +fetchDepth: "
    return bool(re.match(head, line)) or line.strip() == "# between"


@given(pipelines())
def test_a_second_run_changes_nothing(drawn: tuple[str, list[str]]) -> None:
    moved, _ = move(drawn[0])
    assert move(moved)[0] == moved


@given(pipelines())
def test_what_comes_out_is_yaml_with_all_other_steps_in_order_and_inputs_that_exist(
    drawn: tuple[str, list[str]],
) -> None:
    moved, _ = move(drawn[0])
    before, after = list(steps_in(drawn[0])), list(steps_in(moved))
    old = ("Docker@1", "Docker@2", "AzureFunctionAppContainer@1")
    assert [step for step in before if step.get("task") not in old] == [
        step for step in after if step.get("task") not in old and not is_ours(step)
    ]
    for step in filter(is_ours, after):
        assert set(step["inputs"]) <= set(declared())
        assert {"azureSubscription", "containerRegistry"} & set(step["inputs"])
    assert not any(step.get("task") == "AzureFunctionAppContainer@1" for step in after)


@given(st.text(alphabet="-: #|>'\"{}[]&*!$()ab\n\r\t\ufeff", max_size=200))
def test_any_text_at_all_comes_out_as_it_was(text: str) -> None:
    assert move(text) == (text, {})


def test_before_and_after_in_the_document_are_what_the_script_makes() -> None:
    document = (ROOT / "docs" / "moving-over.md").read_text(encoding="utf-8")
    before, after = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    assert move(before) == (after, {})


def test_the_document_tells_every_input_that_the_old_tasks_have_a_use_for() -> None:
    document = (ROOT / "docs" / "moving-over.md").read_text(encoding="utf-8").lower()
    for name in (*NAMES, "includelatesttag", "deploytoslotorase", "imagedigestfile", "includesourcetags"):
        assert f"`{name}" in document, name
