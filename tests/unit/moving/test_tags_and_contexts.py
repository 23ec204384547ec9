"""Tags, names and build contexts: what old tasks took for granted is written out."""

from __future__ import annotations

import pytest

from tests.unit.moving.old_steps import BUILD, BUILD_2, DEPLOY, PUSH, job, move, only, tasks


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
