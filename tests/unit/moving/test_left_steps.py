"""Steps that are left as they are, with the reason."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.unit.moving.old_steps import BUILD, DEPLOY, MAIN_ONLY, OURS, PUSH, SCRIPT_STEP, job, move, only, tasks


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


def test_an_old_version_of_docker_is_named_with_what_to_do() -> None:
    _, told = move(job("\n- task: Docker@0\n  inputs:\n    imageName: a\n", DEPLOY))
    assert "line 2: Docker@0: left: this version has other inputs; make it Docker@1" in told
