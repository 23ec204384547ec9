"""Steps of the old tasks that become one: which inputs it has, and where it stands."""

from __future__ import annotations

import re
from textwrap import dedent, indent

import pytest

from dev.mover.tasks import TASKS
from tests.unit.moving.old_steps import (
    BUILD,
    BUILD_2,
    DEPLOY,
    MAIN_ONLY,
    OURS,
    PUSH,
    ROOT,
    SCRIPT_STEP,
    declared,
    job,
    jobs,
    move,
    only,
    steps_in,
    tasks,
)


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


@pytest.mark.parametrize("flag", ["true", "false"])
def test_the_slot_that_was_deployed_to_is_deployed_to(flag: str) -> None:
    # The old task never looks at deployToSlotOrASE: what stands in slotName is where it deploys to.
    slot = f"    deployToSlotOrASE: {flag}\n    slotName: staging\n    resourceGroupName: rg\n"
    moved, _ = move(job(BUILD, PUSH, DEPLOY + slot))
    assert only(moved)["slotName"] == "staging"
    assert "deployToSlotOrASE" not in only(moved)


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


def test_one_blank_line_between_two_steps_that_go_takes_nothing_else_with_it() -> None:
    moved, _ = move(job(BUILD + PUSH.lstrip(), DEPLOY) + "# between\n- script: npm test\n")
    assert tasks(moved) == ["all", "script"]
    assert "# between\n- script: npm test\n" in moved


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


def test_two_images_of_one_job_keep_apart() -> None:
    other = [step.replace("hello", "other") for step in (BUILD, PUSH, DEPLOY)]
    moved, _ = move(job(BUILD, PUSH, DEPLOY, *other))
    assert [step["inputs"]["appName"] for step in steps_in(moved)] == ["hello-function", "other-function"]
    moved, _ = move(job(BUILD, PUSH, other[0], other[1], DEPLOY, other[2]))
    assert tasks(moved) == ["buildAndPush", "buildAndPush", "deploy", "deploy"]


def test_a_second_app_of_the_same_image_gets_it_by_name() -> None:
    moved, _ = move(job(BUILD, PUSH, DEPLOY, DEPLOY.replace("hello-function", "second")))
    assert tasks(moved) == ["all", "deploy"]


def test_every_input_of_the_new_step_that_an_old_one_becomes_exists() -> None:
    assert {name for task in TASKS for name in task.inputs.values()} <= set(declared())


def test_before_and_after_in_the_document_are_what_the_mover_makes() -> None:
    document = (ROOT / "docs" / "moving-over.md").read_text(encoding="utf-8")
    before, after = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    assert move(before)[0] == after
