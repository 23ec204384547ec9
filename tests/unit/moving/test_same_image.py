"""Which deployment is of the image that was built: names, registries and variables."""

from __future__ import annotations

import pytest

from tests.unit.moving.old_steps import BUILD, BUILD_2, DEPLOY, PUSH, job, move, only, tasks


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


def test_a_repository_that_names_its_registry_by_a_variable_is_the_same_as_a_whole() -> None:
    build = BUILD_2.replace("hello", "$(registry)/hello")
    assert tasks(move(job(build, DEPLOY.replace("contoso.azurecr.io", "$(registry)")))[0]) == ["all"]
    assert tasks(move(job(build, DEPLOY.replace("contoso.azurecr.io", "$(other)")))[0]) == ["Docker@2", "deploy"]
