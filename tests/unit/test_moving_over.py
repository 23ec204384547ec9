"""The mover: what becomes of a pipeline, and that nothing else in its file changes."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.mover.arguments import OWN_INPUTS
from dev.mover.command import move as moved_by
from dev.mover.source import Unreadable
from dev.mover.tasks import REFUSED_PROPERTIES, SITE_PROPERTIES, TASKS
from pytask.targets.site import site_properties

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
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
MAIN_ONLY = ("@1\n", "@1\n  condition: eq(variables['Build.SourceBranch'], 'refs/heads/main')\n")


def move(text: str, *apps: str) -> tuple[str, str]:
    """Return the pipeline as it is afterwards, and what the report says of single steps."""
    moved = moved_by(text, apps)
    return moved.after, "\n".join(line for line in moved.lines if not line.startswith("every "))


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
    names = [(step.get("task", "script"), step.get("inputs", {})) for step in steps_in(text)]
    return [inputs.get("command", "all") if name == OURS else name for name, inputs in names]


def is_ours(step: dict[str, Any]) -> bool:
    return step.get("task") == OURS


def only(text: str) -> dict[str, str]:
    """Return the inputs of the one step of ours."""
    (step,) = (step for step in steps_in(text) if is_ours(step))
    return dict(step["inputs"])


def declared() -> dict[str, Any]:
    fields = json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8"))["inputs"]
    return {field["name"]: field for field in fields}


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("line ")]


def test_build_and_push_and_deployment_in_one_job_become_one_step() -> None:
    moved, told = move(job(BUILD, PUSH, DEPLOY))
    assert [line.partition(": ")[2] for line in told.splitlines()] == [
        "Docker@1: moved: one step with line 15",
        "Docker@1: moved: into the step of line 2",
        "AzureFunctionAppContainer@1: moved: into the step of line 2",
    ]
    assert list(steps_in(moved)) == [
        {
            "task": OURS,
            "inputs": {
                "azureSubscription": "contoso-azure",
                "appName": "hello-function",
                "imageName": "contoso.azurecr.io/hello:$(Build.BuildId)",
                "azureContainerRegistry": "contoso.azurecr.io",
            },
        }
    ]


def test_a_deployment_of_a_docker_registry_connection_names_its_registry_so_that_another_one_fails_at_once() -> None:
    moved, _ = move(job(BUILD_2, DEPLOY))
    assert tasks(moved) == ["all"]
    assert only(moved)["containerRegistry"] == "contoso-registry"
    assert only(moved)["imageName"] == "contoso.azurecr.io/hello:$(Build.BuildId)"


@pytest.mark.parametrize(
    "image",
    [
        "contoso.azurecr.io/legacy/hello:$(Build.BuildId)",
        "contoso.azurecr.io/hello/legacy:$(Build.BuildId)",
        "contoso.azurecr.io/hello-legacy:$(Build.BuildId)",
        "contoso.azurecr.io/legacy-hello:$(Build.BuildId)",
        "legacy/hello:$(Build.BuildId)",
        "contoso.azurecr.io/hello:$(Build.BuildNumber)",
        "contoso.azurecr.io/hello:1",
        "contoso.azurecr.io/hello@sha256:" + 64 * "0",
        "$(registry)/$(name):$(Build.BuildId)",
        "$(image)",
    ],
)
@pytest.mark.parametrize("build", [BUILD + PUSH, BUILD_2])
def test_an_image_that_is_not_surely_the_built_one_is_deployed_by_its_own_name(image: str, build: str) -> None:
    moved, _ = move(job(build, DEPLOY.replace("contoso.azurecr.io/hello:$(Build.BuildId)", image)))
    assert tasks(moved)[-1] == "deploy"
    assert only(moved)["imageName"].removeprefix("docker.io/") == image


def test_a_registry_that_the_build_names_is_compared_by_its_whole_host() -> None:
    for other in (
        "other.azurecr.io",
        "contoso.azurecr.io.other.com",
        "azurecr.io",
        "$(registry)",
        "contoso.azurecr.io:443",
    ):
        moved, _ = move(job(BUILD, PUSH, DEPLOY.replace("contoso.azurecr.io", other)))
        assert tasks(moved) == ["Docker@1", "Docker@1", "deploy"]
    moved, _ = move(job(BUILD, PUSH, DEPLOY.replace("contoso.azurecr.io", "CONTOSO.azurecr.io")))
    assert tasks(moved) == ["all"]


def test_a_variable_with_a_path_is_no_registry() -> None:
    deploy = DEPLOY.replace("contoso.azurecr.io", "$(prefix)")
    for prefix, expected in (("contoso.azurecr.io/legacy", ["Docker@2", "deploy"]), ("contoso.azurecr.io", ["all"])):
        assert tasks(move(f"variables:\n  prefix: {prefix}\n{job(BUILD_2, deploy)}")[0]) == expected


def test_what_may_be_the_same_image_in_another_spelling_is_said_on_both_steps() -> None:
    deploy = DEPLOY.replace("contoso.azurecr.io/hello", "contoso.azurecr.io/$(name)")
    _, told = move(f"variables:\n- name: name\n  value: hello\n{job(BUILD_2, deploy)}")
    assert "not recognized as the image that line 10 deploys" in told
    assert "not recognized as the image of line 5: it is written differently" in told


def test_a_variable_that_a_script_sets_is_not_taken_for_what_the_file_says() -> None:
    script = "\n- script: echo '##vso[task.setvariable variable=prefix]x/y'\n"
    steps = job(script, BUILD_2, DEPLOY.replace("contoso.azurecr.io", "$(prefix)"))
    text = f"variables:\n  prefix: contoso.azurecr.io/legacy\n{steps}"
    assert tasks(move(text)[0]) == ["script", "all"]


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
    moved, _ = move(job(build, PUSH, deploy))
    kept = [line for line in (*build.splitlines()[7:], *deploy.splitlines()[3:]) if "useDefaultContext" not in line]
    for line in kept:
        assert line in moved.splitlines()
    assert set(only(moved)) <= set(declared())


def test_docker_1s_json_of_a_registry_stays_what_it_is() -> None:
    told = """'{"loginServer":"contoso.azurecr.io", "id" : "/subscriptions/1/x/contoso"}'"""
    moved, _ = move(job(*(step.replace("contoso.azurecr.io\n", f"{told}\n") for step in (BUILD, PUSH)), DEPLOY))
    assert f"azureContainerRegistry: {told}\n" in moved
    assert tasks(moved) == ["all"]


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
    ("image", "build", "push", "tags", "name"),
    [
        ("hello:$(Build.BuildId)", "", "", None, "hello:$(Build.BuildId)"),
        ("hello:$(Build.BuildId)", "includeLatestTag: True", "", None, "hello:$(Build.BuildId)"),
        (
            "hello:$(Build.BuildId)",
            "includeLatestTag: True",
            "includeLatestTag: true",
            "latest",
            "hello:$(Build.BuildId)",
        ),
        ("hello", "", "", "$(Build.BuildId)\nlatest\n", "hello:$(Build.BuildId)"),
        ("$(image)", "", "", None, "$(image)"),
    ],
)
def test_the_tags_that_docker_1_pushes_without_their_being_written_are_written_out(
    image: str, build: str, push: str, tags: str, name: str
) -> None:
    steps = [step.replace("hello:$(Build.BuildId)", image) for step in (BUILD, PUSH, DEPLOY)]
    moved, _ = move(job(f"{steps[0]}    {build}\n", f"{steps[1]}    {push}\n", steps[2]))
    assert only(moved).get("tags") == tags
    assert only(moved)["imageName"] == f"contoso.azurecr.io/{name}"


def test_a_push_of_latest_of_its_own_belongs_to_the_build_that_made_that_tag() -> None:
    latest = PUSH.replace("$(Build.BuildId)", "latest")
    moved, _ = move(job(f"{BUILD}    includeLatestTag: true\n", PUSH, latest, DEPLOY))
    assert (tasks(moved), only(moved)["tags"]) == (["all"], "latest")
    assert tasks(move(job(BUILD, PUSH, latest, DEPLOY))[0]) == ["buildAndPush", "Docker@1", "deploy"]


def test_tags_that_docker_2_builds_and_does_not_push_are_not_pushed() -> None:
    build = f"{BUILD_2}    command: build\n    tags: |\n      $(Build.BuildId)\n      kept-here\n"
    moved, told = move(job(build, f"{BUILD_2}    command: push\n    tags: $(Build.BuildId)\n", DEPLOY))
    assert only(moved)["tags"] == "$(Build.BuildId)"
    assert "tags are those that were pushed" in told
    moved, _ = move(job(build, f"{BUILD_2}    command: push\n    tags: other\n", DEPLOY))
    assert tasks(moved) == ["Docker@2", "Docker@2", "deploy"]


@pytest.mark.parametrize("tag", [":latest", ""])
def test_a_deployment_of_latest_is_one_of_this_runs_tag_and_says_so(tag: str) -> None:
    build = BUILD_2 + "    tags: |\n      $(Build.BuildId)\n      latest\n"
    moved, told = move(job(build, DEPLOY.replace(":$(Build.BuildId)", tag)))
    assert tasks(moved) == ["all"]
    assert only(moved)["imageName"] == "contoso.azurecr.io/hello:$(Build.BuildId)"
    assert "the tag $(Build.BuildId) of this run is deployed, not latest" in told


@pytest.mark.parametrize(
    ("image", "repository", "expected"),
    [
        ("hello:1", "", "docker.io/library/hello:1"),
        ("contoso/hello:1", "", "docker.io/contoso/hello:1"),
        ("$(name):1", "hello", "docker.io/library/$(name):1"),
        ("$(name):1", "contoso/hello", "docker.io/$(name):1"),
        ("$(name):1", "contoso.azurecr.io/hello", "$(name):1"),
        ("$(name):1", "", "$(name):1"),
        ("$(name)/hello:1", "contoso", "docker.io/$(name)/hello:1"),
        ("localhost:5000/hello:1", "", "localhost:5000/hello:1"),
    ],
)
def test_an_image_without_a_registry_is_on_docker_hub_as_azure_takes_it(
    image: str, repository: str, expected: str
) -> None:
    head = f"variables:\n  name: {repository}\n" if repository else ""
    moved, told = move(head + job(DEPLOY.replace("contoso.azurecr.io/hello:$(Build.BuildId)", image)))
    assert only(moved)["imageName"] == expected
    assert ("docker.io/" in told) == (expected != image or (image == "$(name):1" and not repository))


def test_an_image_without_a_tag_is_deployed_by_the_tag_that_it_had() -> None:
    moved, _ = move(job(DEPLOY.replace(":$(Build.BuildId)", "")))
    assert only(moved)["imageName"] == "contoso.azurecr.io/hello"
    assert only(moved)["tags"] == "latest"


@pytest.mark.parametrize("flag", ["", "useDefaultContext: True"])
def test_a_context_that_docker_1_ignored_is_none_now(flag: str) -> None:
    moved, told = move(job(f"{BUILD}    buildContext: app\n    {flag}\n", PUSH, DEPLOY))
    assert "buildContext" not in only(moved)
    assert "buildContext is left out" in told


def test_a_context_that_is_the_root_without_being_written_is_written() -> None:
    moved, told = move(job(f"{BUILD}    useDefaultContext: false\n", PUSH, DEPLOY))
    assert only(moved)["buildContext"] == "."
    assert "buildContext is the repository's root" in told


def test_inputs_of_docker_2_mean_nothing_to_docker_1() -> None:
    build = "\n- task: Docker@1\n  inputs:\n    containerRegistry: acr\n    repository: hello\n"
    moved, told = move(job(build, build + "    command: push\n", DEPLOY))
    assert tasks(moved) == ["Docker@1", "Docker@1", "deploy"]
    assert "it names no registry" in told


@pytest.mark.parametrize("context", ["$(Build.SourcesDirectory)", ".", "app/..", "'**'"])
def test_a_context_goes_over_as_it_is_written_since_it_means_the_same(context: str) -> None:
    for build in (
        f"{BUILD}    useDefaultContext: false\n    buildContext: {context}\n{PUSH}",
        f"{BUILD_2}    buildContext: {context}\n",
    ):
        assert only(move(job(build, DEPLOY))[0])["buildContext"] == context.strip("'")


@pytest.mark.parametrize("flag", ["true", "false"])
def test_the_slot_that_was_deployed_to_is_deployed_to(flag: str) -> None:
    # The old task never looks at deployToSlotOrASE: what stands in slotName is where it deploys to.
    slot = f"    deployToSlotOrASE: {flag}\n    slotName: staging\n    resourceGroupName: rg\n"
    moved, _ = move(job(BUILD, PUSH, DEPLOY + slot))
    assert only(moved)["slotName"] == "staging"
    assert "deployToSlotOrASE" not in only(moved)


def test_names_are_the_same_in_capitals_as_docker_makes_them_small() -> None:
    for build in (BUILD.replace("hello", "Hello") + PUSH.replace("hello", "HELLO"), BUILD_2.replace("hello", "Hello")):
        assert tasks(move(job(build, DEPLOY))[0]) == ["all"]


def test_variables_and_expressions_are_the_same_in_capitals_and_with_spaces() -> None:
    assert tasks(move(job(BUILD_2, DEPLOY.replace("$(Build.BuildId)", "$(build.buildid)")))[0]) == ["all"]
    build, deploy = (
        BUILD_2.replace("hello", "${{ parameters.name }}"),
        DEPLOY.replace("/hello:", "/${{parameters.name}}:"),
    )
    assert tasks(move(job(build, deploy))[0]) == ["all"]


def test_a_deployment_within_the_job_leaves_its_job() -> None:
    assert tasks(move(jobs(BUILD, PUSH, DEPLOY, SCRIPT_STEP))[0]) == ["all", "script"]


def test_a_job_that_only_deploys_goes_and_its_comments_stay() -> None:
    moved, told = move(jobs(BUILD, PUSH, DEPLOY, besides="# needs no agent of its own\ndisplayName: x\n"))
    assert tasks(moved) == ["all"]
    assert moved.count("- job:") == 1
    assert "  # needs no agent of its own" in moved
    assert "its job is removed" in told


def test_the_same_pool_may_be_written_in_other_columns() -> None:
    moved, _ = move(jobs(BUILD, PUSH, DEPLOY, besides="pool:\n    name: a\n", first="pool:\n  name: a # here\n"))
    assert tasks(moved) == ["all"]


@pytest.mark.parametrize("text", [job(DEPLOY, BUILD, PUSH), jobs(DEPLOY, BUILD, PUSH, SCRIPT_STEP)])
def test_a_deployment_before_the_build_stays_before_it(text: str) -> None:
    moved, told = move(text)
    assert tasks(moved)[:2] == ["deploy", "buildAndPush"]
    assert "stays a separate step: other steps stand between" in told


def test_what_has_no_place_in_the_new_step_is_named() -> None:
    build = f"{BUILD}    includeSourceTags: true\n    memoryLimit: 2GB\n"
    moved, told = move(job(build, f"{PUSH}    imageDigestFile: d\n", DEPLOY))
    assert tasks(moved) == ["all"]
    for name in ("includeSourceTags: true", "memoryLimit: 2GB", "imageDigestFile: d"):
        assert f"    {name} has no equivalent in the new step" in told


def test_the_name_by_which_the_address_is_read_stays() -> None:
    moved, _ = move(job(BUILD, PUSH, DEPLOY.replace("@1\n", "@1\n  name: to_azure\n  displayName: Now\n")))
    (step,) = steps_in(moved)
    assert (step["name"], step["displayName"]) == ("to_azure", "Now")


def test_a_display_name_stays_or_becomes_a_comment() -> None:
    build, push, deploy = (
        step.replace("@1\n", f"@1\n  displayName: {name} # {name}!\n")
        for step, name in ((BUILD, "Make"), (PUSH, "Push"), (DEPLOY, "Run"))
    )
    moved, _ = move(job(build, push, deploy))
    assert "  # displayName: Make # Make!\n  # displayName: Push # Push!\n  displayName: Run # Run!\n" in moved
    for steps in ((build, push, DEPLOY), (build, push, SCRIPT_STEP, DEPLOY)):
        assert "  # displayName: Push # Push!\n  displayName: Make # Make!\n" in move(job(*steps))[0]


def test_what_all_three_say_of_themselves_is_said_of_the_one() -> None:
    terms = "@1\n  condition: eq(variables.go, 'yes')\n  env:\n    A: 1\n  timeoutInMinutes: 9\n  enabled: false\n"
    moved, _ = move(job(*(step.replace("@1\n", terms) for step in (BUILD, PUSH, DEPLOY))))
    (step,) = steps_in(moved)
    assert (step["condition"], step["env"], step["timeoutInMinutes"]) == ("eq(variables.go, 'yes')", {"A": "1"}, "9")
    assert step["enabled"] == "false"


@pytest.mark.parametrize(
    ("pipeline", "why"),
    [
        (job(BUILD, PUSH, SCRIPT_STEP, DEPLOY), "other steps stand between"),
        (job(BUILD, PUSH, "\n- ${{ if true }}:\n  - script: a\n", DEPLOY), "other steps stand between"),
        (job(BUILD, PUSH, "\n- template: a.yml\n", DEPLOY), "other steps stand between"),
        (job(BUILD, PUSH, DEPLOY.replace(*MAIN_ONLY)), "its condition, env, limits"),
        (job(BUILD, PUSH, DEPLOY.replace("@1\n", "@1\n  enabled: false\n")), "its condition, env, limits"),
        (job(BUILD, PUSH, DEPLOY.replace("@1\n", "@1\n  continueOnError: true\n")), "its condition, env, limits"),
        (jobs(BUILD, PUSH, SCRIPT_STEP, DEPLOY), "other steps stand between"),
        (jobs(BUILD, PUSH, DEPLOY + SCRIPT_STEP), "a pool, conditions or steps of its own"),
        (jobs(BUILD, PUSH, DEPLOY, besides="pool: inside\n"), "a pool, conditions or steps of its own"),
        (jobs(BUILD, PUSH, DEPLOY, besides="condition: always()\n"), "a pool, conditions or steps of its own"),
        (jobs(BUILD, PUSH, DEPLOY, besides="condition: not(succeeded())\n"), "a pool, conditions or steps"),
        (jobs(BUILD, PUSH, DEPLOY, besides="variables:\n  a: b\n"), "a pool, conditions or steps of its own"),
        (
            jobs(BUILD, PUSH, DEPLOY, first="strategy:\n  matrix:\n    a: {}\n"),
            "a pool, conditions or steps of its own",
        ),
        (jobs(BUILD, PUSH, DEPLOY) + "- job: after\n  dependsOn: deploy\n", "waits for other jobs, or they for it"),
        (jobs(BUILD, PUSH, DEPLOY) + "- job: after\n  dependsOn:\n  - deploy\n", "waits for other jobs"),
        (jobs(BUILD, PUSH, DEPLOY).replace("dependsOn: build", "dependsOn: [build, lint]"), "waits for other jobs"),
        (jobs(BUILD, PUSH, DEPLOY).replace("- job: deploy", "- deployment: deploy"), "a deployment job"),
    ],
)
def test_a_deployment_of_other_terms_is_a_step_of_its_own(pipeline: str, why: str) -> None:
    moved, told = move(pipeline)
    assert [name for name in tasks(moved) if name != "script"] == ["buildAndPush", "deploy"]
    assert why in told


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((BUILD, SCRIPT_STEP, PUSH), "is not the next step"),
        ((BUILD, PUSH.replace("hello", "other")), "is not the next step"),
        ((BUILD, PUSH.replace("contoso.azurecr.io", "other.azurecr.io")), "is not the next step"),
        ((BUILD, PUSH.replace(*MAIN_ONLY)), "is not the next step"),
        ((BUILD, f"{PUSH}    arguments: --all-tags\n"), "its push has arguments of its own"),
        ((BUILD, f"{PUSH}    pushMultipleImages: true\n"), "it pushes several images"),
        ((f"{BUILD}    dockerHostEndpoint: other\n", PUSH), "it uses another Docker host"),
        (
            (f"{BUILD}    arguments: --tag other:1\n", PUSH),
            "--tag in arguments: name the image with imageName and tags",
        ),
        ((f"{BUILD}    arguments: -tother:1\n", PUSH), "-t in arguments"),
        ((f"{BUILD}    arguments: --secret id=a,mode=1,src=b\n", PUSH), "--secret in arguments: use buildSecrets"),
        ((f"{BUILD}    arguments: A=1\n", PUSH), "KEY=VALUE goes into buildArgs"),
        ((f'{BUILD}    arguments: --label "\n', PUSH), "a quote in arguments is not closed"),
    ],
)
def test_a_build_that_the_new_step_cannot_do_is_left_with_the_reason_and_its_deployment_moves(
    steps: tuple[str, ...], why: str
) -> None:
    text = job(*steps, DEPLOY)
    moved, told = move(text)
    assert moved.partition(f"- task: {OURS}")[0] == text.partition("- task: AzureF")[0]
    assert tasks(moved)[-1] == "deploy"
    assert why in told


def test_flags_with_an_input_of_their_own_go_there() -> None:
    flags = "--no-cache --secret id=a,src=b --secret=id=c,env=D --platform linux/arm64 --build-arg A=$(b)"
    moved, told = move(job(f"{BUILD}    arguments: {flags}\n", PUSH, DEPLOY))
    assert only(moved)["arguments"] == "--no-cache --build-arg A=$(b)"
    assert only(moved)["buildSecrets"] == "a,src=b\nc,env=D\n"
    assert only(moved)["platform"] == "linux/arm64"
    assert "--secret in arguments becomes buildSecrets" in told


def test_properties_with_an_input_of_their_own_go_there() -> None:
    told = "    configurationStrings: -alwaysOn true -acrUseManagedIdentityCreds true -linuxFxVersion DOCKER|a\n"
    moved, _ = move(job(DEPLOY + told))
    assert (only(moved)["configurationStrings"], only(moved)["appPullAccess"]) == ("-alwaysOn true", "managedIdentity")


def test_the_mover_knows_each_property_that_the_program_knows() -> None:
    names = (*site_properties.SWITCHES, *site_properties.NUMBERS, *site_properties.TEXTS, *site_properties.CHOICES)
    known = {name.lower() for name in (*names, *site_properties.LISTS, *site_properties.OBJECTS)}
    assert known == SITE_PROPERTIES
    assert {name.lower() for name in site_properties.REFUSED} == REFUSED_PROPERTIES | set(OWN_INPUTS)


@pytest.mark.parametrize("text", ["-A:B 1", "-A 1 -B-C 2", '-A "x -y:z" -D: 3'])
def test_a_setting_whose_name_the_new_step_refuses_leaves_the_step_as_it_is(text: str) -> None:
    step = job(f"{DEPLOY}    appSettings: '{text}'\n")
    moved, told = move(step)
    assert moved == step
    assert "in appSettings is not allowed on Linux" in told


@pytest.mark.parametrize("text", ['-A "-x:y" -B 1', "-A -1", "A:B=1", '-A.B__C "x" -URL https://a.b/c-d:e'])
def test_a_setting_whose_value_only_looks_like_such_a_name_moves(text: str) -> None:
    assert tasks(move(job(f"{DEPLOY}    appSettings: '{text}'\n"))[0]) == ["deploy"]


@pytest.mark.parametrize(
    "value",
    [
        "-acrUseManagedIdentityCreds $(x)",
        "-connectionStrings a",
        "-acrUserManagedIdentityID a",
        "-noSuchThing a",
        "'-phpVersion: 7'",
    ],
)
def test_a_property_that_the_new_step_refuses_leaves_the_step_as_it_is(value: str) -> None:
    text = job(f"{DEPLOY}    configurationStrings: {value}\n")
    moved, told = move(text)
    assert moved == text
    assert "left:" in told


SWAP = """
- task: AzureAppServiceManage@0
  inputs:
    azureSubscription: contoso-azure
    WebAppName: hello-function
    ResourceGroupName: rg
    SourceSlot: staging
"""


def test_a_swap_of_an_app_that_the_file_deploys_to_moves() -> None:
    moved, told = move(job(DEPLOY, SWAP))
    assert tasks(moved) == ["deploy", "swap"]
    assert list(steps_in(moved))[1]["inputs"] == {
        "command": "swap",
        "azureSubscription": "contoso-azure",
        "appName": "hello-function",
        "resourceGroupName": "rg",
        "slotName": "staging",
    }
    assert "swapped back if it does not run the image" in told
    assert move(moved)[0] == moved


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("hello-function", "other"), "--function-app 'other'"),
        (("staging", "production"), "swaps a slot into production"),
        (("staging", "staging\n    SwapWithProduction: false\n    TargetSlot: warm"), "it swaps with the slot warm"),
        (("staging", "staging\n    Action: Complete Swap"), "no swap with preview"),
        (("staging", "staging\n    ${{ if a }}:\n      PreserveVnet: true"), "depends on a template expression"),
    ],
)
def test_a_swap_that_the_new_step_cannot_do_is_left_with_the_reason(change: tuple[str, str], why: str) -> None:
    swap = SWAP.replace(*change)
    moved, told = move(job(DEPLOY, swap))
    assert moved.endswith(swap)
    assert why in told


def test_what_else_the_old_task_does_to_an_app_is_no_swap() -> None:
    stop = SWAP.replace("staging", "staging\n    Action: Stop Azure App Service")
    assert tasks(move(job(DEPLOY, stop))[0]) == ["deploy", "AzureAppServiceManage@0"]


@pytest.mark.parametrize("command", ["Run an image", "run", "tag", "logout extra", "image prune"])
def test_docker_commands_of_other_kinds_are_left_and_named(command: str) -> None:
    step = f"\n- task: Docker@1\n  inputs:\n    command: {command}\n"
    moved, told = move(job(step, BUILD, PUSH, DEPLOY))
    assert tasks(moved) == ["Docker@1", "all"]
    assert "line 2: Docker@1: left: the new step has no such command" in told


def test_steps_below_a_template_expression_move_as_they_stand_or_fall_together() -> None:
    text = job("\n- ${{ if parameters.deploy }}:" + indent(BUILD + PUSH + DEPLOY, "  "))
    assert tasks(move(text)[0]) == ["all"]
    apart = job(BUILD, PUSH, "\n- ${{ if parameters.deploy }}:" + indent(DEPLOY, "  "))
    assert tasks(move(apart)[0]) == ["buildAndPush", "deploy"]


@pytest.mark.parametrize(
    "line", ["    ${{ if true }}:\n      slotName: a\n", "    ${{ insert }}: ${{ parameters.more }}\n"]
)
def test_inputs_below_a_template_expression_leave_the_step_as_it_is(line: str) -> None:
    text = job(DEPLOY + line)
    moved, told = move(text)
    assert moved == text
    assert "depends on a template expression" in told


@pytest.mark.parametrize(
    ("task", "name", "image"),
    [
        ("AzureWebAppContainer@1", "appName", "imageName"),
        ("AzureWebAppContainer@1", "appName", "containers"),
        ("AzureContainerApps@1", "containerAppName", "imageToDeploy"),
    ],
)
def test_a_step_for_other_apps_too_moves_when_its_app_is_said_to_be_a_function_app(
    task: str, name: str, image: str
) -> None:
    inputs = f"    azureSubscription: a\n    {name}: hello\n    {image}: c.azurecr.io/a:1\n"
    step = f"\n- task: {task}\n  inputs:\n{inputs}"
    moved, told = move(job(step))
    assert moved == job(step)
    assert "--function-app 'hello'" in told
    moved, _ = move(job(step), "hello")
    assert only(moved) == {
        "command": "deploy", "azureSubscription": "a", "appName": "hello", "imageName": "c.azurecr.io/a:1"
    }  # fmt: skip
    assert move(job(step), "other")[0] == job(step)


@pytest.mark.parametrize("line", ["    appName: other\n", "    APPNAME: other\n", "  inputs:\n    appName: other\n"])
def test_a_step_that_gives_a_key_twice_is_left_as_which_one_counts_is_unknown(line: str) -> None:
    text = job(DEPLOY + line)
    moved, told = move(text)
    assert moved == text
    assert "left: it gives a key twice" in told


def test_a_build_whose_deployment_is_left_is_left() -> None:
    text = job(BUILD, PUSH, DEPLOY.replace("FunctionApp", "WebApp"))
    moved, told = move(text)
    assert moved == text
    assert "the deployment of its image, line 15, is left" in told


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
    moved, _ = move(job(login, login.lstrip(), BUILD_2, DEPLOY, login.replace("login", "logout"), SCRIPT_STEP))
    assert tasks(moved) == ["all", "script"]
    moved, told = move(job(login, BUILD_2, DEPLOY, "\n- script: Docker image ls\n"))
    assert moved.count("login") == 1
    assert "line 2: Docker@2: left: other steps of its job use Docker" in told


def test_a_login_for_another_registry_stays_as_a_base_image_may_be_there() -> None:
    login = "\n- task: Docker@2\n  inputs:\n    command: login\n    containerRegistry: base-images\n"
    logout = "\n- task: Docker@2\n  inputs:\n    command: logout\n"
    moved, told = move(job(login, BUILD_2, DEPLOY, logout))
    assert tasks(moved) == ["Docker@2", "all", "Docker@2"]
    assert "it is for another registry than the new steps push to" in told
    own = login.replace("base-images", "contoso-registry")
    assert tasks(move(job(own, BUILD_2, DEPLOY, logout))[0]) == ["all"]
    assert tasks(move(job(own, login, BUILD_2, DEPLOY, logout))[0]) == ["Docker@2", "all", "Docker@2"]


def test_a_login_of_docker_1_goes_with_its_build() -> None:
    login = BUILD.replace("imageName: hello:$(Build.BuildId)", "command: login")
    assert tasks(move(job(login, BUILD, PUSH, DEPLOY))[0]) == ["all"]
    assert tasks(move(job(login.replace("contoso.azurecr", "base.azurecr"), BUILD, PUSH, DEPLOY))[0]) == [
        "Docker@1",
        "all",
    ]


@pytest.mark.parametrize(
    "reading",
    [
        "$(make.DockerOutput)",
        "$(DockerOutput)",
        "$(DockerOutputPath)",
        "$MAKE_DOCKEROUTPUT",
        "$[ dependencies.b.outputs['make.DockerOutput'] ]",
    ],
)
def test_an_output_that_is_gone_is_named_with_its_line(reading: str) -> None:
    text = job(BUILD.replace("@1\n", "@1\n  name: make\n"), PUSH, DEPLOY) + f"- script: echo {reading}\n"
    _, told = move(text)
    assert f"line {text.count(chr(10))}: output variable: note: " in told
    assert "DockerOutput" not in move(job(BUILD_2.replace("hello", "x")) + f"- script: echo {reading}\n")[1]


def test_a_name_that_is_gone_is_named_with_the_lines_that_read_it() -> None:
    build, deploy = (step.replace("@1\n", f"@1\n  name: {name}\n") for step, name in ((BUILD, "make"), (DEPLOY, "run")))
    _, told = move(job(build, PUSH, deploy) + "- script: echo $(make.DockerOutput) $(run.AppServiceApplicationUrl)\n")
    assert "the name make is gone; read in line 22" in told
    assert "the name run" not in told


@pytest.mark.parametrize(
    "script",
    [
        "az functionapp config container set -n a",
        "az functionapp \\\n      config container set",
        "az webapp config container set `\n      --name a",
        "az functionapp restart -n a",
        "az containerapp update -n a",
        "az functionapp deployment slot swap -n a",
    ],
)
@pytest.mark.parametrize("kind", ["bash: |\n    ", "task: AzureCLI@2\n  inputs:\n    inlineScript: |\n      "])
def test_a_script_that_does_the_same_is_named(script: str, kind: str) -> None:
    text = job(f"\n- {kind}{script}\n", DEPLOY)
    assert "line 2: " in move(text)[1]
    assert tasks(move(text)[0])[-1] == "deploy"


def test_tabs_that_only_separate_stay_and_tabs_that_indent_are_no_yaml() -> None:
    text = job(DEPLOY).replace("a: contoso", "a:\tcontoso").replace("hello-function", "hello-function\t# here") + "\t\n"
    moved, _ = move(text)
    assert tasks(moved.replace("\t", " ")) == ["deploy"]
    assert moved.count("\t") == text.count("\t")
    with pytest.raises(Unreadable):
        move(job(DEPLOY).replace("    appName", "\tappName"))


def test_an_old_version_of_docker_is_named_with_what_to_do() -> None:
    _, told = move(job("\n- task: Docker@0\n  inputs:\n    imageName: a\n", DEPLOY))
    assert "line 2: Docker@0: left: this version has other inputs; make it Docker@1" in told


def test_a_repository_that_names_its_registry_by_a_variable_is_the_same_as_a_whole() -> None:
    build = BUILD_2.replace("hello", "$(registry)/hello")
    assert tasks(move(job(build, DEPLOY.replace("contoso.azurecr.io", "$(registry)")))[0]) == ["all"]
    assert tasks(move(job(build, DEPLOY.replace("contoso.azurecr.io", "$(other)")))[0]) == ["Docker@2", "deploy"]


def test_text_that_looks_like_steps_is_none() -> None:
    text = job("\n- script: |\n    cat <<END\n    steps:" + indent(BUILD + PUSH + DEPLOY, "    ") + "    END\n")
    assert move(text) == (text, "")


def test_line_ends_and_a_missing_last_one_stay() -> None:
    text = ("\ufeff# ä\n" + job(BUILD, PUSH, DEPLOY)).rstrip().replace("\n", "\r\n")
    moved, _ = move(text + "\r\n- script: echo")
    assert moved.startswith("\ufeff# ä\r\n")
    assert moved.endswith("\r\n- script: echo")
    assert moved.count("\n") == moved.count("\r\n")
    assert not move(text)[0].endswith("\n")


@pytest.mark.parametrize("text", ["a: [", "steps:\n\t- task: a\n", "a: b: c\n", "- a\nb: c\n", "[" * 200])
def test_what_is_no_yaml_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unreadable):
        move(text)


def test_every_input_of_the_new_step_that_an_old_one_becomes_exists() -> None:
    assert {name for task in TASKS for name in task.inputs.values()} <= set(declared())


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


@settings(max_examples=25)
@given(st.text(alphabet="-: #|>'\"{}[]&*!$()ab\n\r\t\ufeff", max_size=200))
def test_any_text_at_all_comes_out_as_it_was_or_is_said_to_be_no_yaml(text: str) -> None:
    try:
        assert move(text) == (text, "")
    except Unreadable:
        return


def test_before_and_after_in_the_document_are_what_the_mover_makes() -> None:
    document = (ROOT / "docs" / "moving-over.md").read_text(encoding="utf-8")
    before, after = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    assert move(before)[0] == after
