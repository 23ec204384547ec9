"""Logins and logouts: which go with their build."""

from __future__ import annotations

from tests.unit.moving.old_steps import BUILD, BUILD_2, DEPLOY, PUSH, SCRIPT_STEP, job, move, tasks


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
