"""The plan: what docker is told, and how it is shown before anything is done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytask.builders.docker.build import buildkit_environment, command_line, with_hidden_proxies
from pytask.builders.docker.cli import DockerCli
from pytask.builders.docker.diagnosis import failure
from pytask.model import (
    AppAddress,
    AppPlan,
    BuildArgument,
    BuildCache,
    BuildPushDeploy,
    BuildSecret,
    Cloud,
    DeployBy,
    Destination,
    KeyIdentity,
    Recipe,
    RegistryAddress,
    RegistryHost,
    Secret,
    ServiceConnection,
    VerifyPlan,
    WhenUnchanged,
    WhenUnverified,
)
from pytask.report.plan import render_plan

CLI = DockerCli(path="/usr/bin/docker", version="28.0.4", buildx=True)
CONNECTION = ServiceConnection(
    id="id",
    input="azureSubscription",
    page="https://the.page",
    tenant_id="tenant",
    subscription_id="sub",
    subscription_name="Contoso",
    cloud=Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope="https://arm/.default"),
    identity=KeyIdentity(client_id="client", secret=Secret("s")),
)


def a_recipe(**changes: object) -> Recipe:
    given: dict[str, object] = {
        "dockerfile": Path("/s/app/Dockerfile"),
        "context": Path("/s/app"),
        "sources": Path("/s"),
        "platform": "linux/amd64",
        "target": "",
        "arguments": (),
        "secrets": (),
        "labels": (),
        "flags": (),
        **changes,
    }
    return Recipe(**given)  # type: ignore[arg-type] # a table of fields


def a_plan(recipe: Recipe | None = None, registry: RegistryAddress | None = None) -> BuildPushDeploy:
    address = registry or RegistryAddress(name="contoso", login_server=RegistryHost("contoso.azurecr.io"))
    verification = VerifyPlan(
        seconds=90, smoke_test=None, when_unverified=WhenUnverified.WARN, roll_back=True, annotate=True
    )
    return BuildPushDeploy(
        connection=CONNECTION,
        registry_connection=None,
        recipe=recipe or a_recipe(),
        names=Destination(registry=address, repository="hello", tags=("1", "latest")),
        app=AppPlan(
            app=AppAddress(name="my-app"),
            deploy_by=DeployBy.TAG,
            when_unchanged=WhenUnchanged.DEPLOY,
            verify=verification,
        ),
        record_file=None,
        signs_in_to=frozenset(),
        notes=("something was fixed",),
    )


def words_for(recipe: Recipe, environment: dict[str, str] | None = None) -> list[str]:
    return command_line(recipe, a_plan().names.references, CLI, environment or {})


def test_docker_is_told_what_was_planned_and_nothing_else() -> None:
    assert words_for(a_recipe()) == [
        "/usr/bin/docker",
        "build",
        "--progress=plain",
        "--platform=linux/amd64",
        "--file=/s/app/Dockerfile",
        "--tag=contoso.azurecr.io/hello:1",
        "--tag=contoso.azurecr.io/hello:latest",
        "/s/app",
    ]


def test_options_come_in_their_order_and_the_users_flags_last() -> None:
    recipe = a_recipe(target="run", labels=(("a", "b=c"),), flags=("--network", "host"))
    words = words_for(recipe)
    assert words[7:] == ["--target=run", "--label=a=b=c", "--network", "host", "/s/app"]


def test_the_value_of_a_build_argument_stays_off_the_command_line() -> None:
    recipe = a_recipe(arguments=(BuildArgument(name="TOKEN", value="secret"), BuildArgument(name="HOME", value=None)))
    words = words_for(recipe, {"HOME": "/root"})
    assert words[7:11] == ["--build-arg", "TOKEN", "--build-arg", "HOME"]
    assert "secret" not in " ".join(words)


@pytest.mark.parametrize("environment", [{}, {"HTTP_PROXY": "http://other"}])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "DOCKER_HOST", "PATH", "BUILDKIT_PROGRESS", "no_proxy"])
def test_a_build_argument_that_docker_itself_would_obey_does_not_reach_its_environment(
    environment: dict[str, str], name: str
) -> None:
    recipe = a_recipe(arguments=(BuildArgument(name=name, value="http://proxy"),))
    assert f"{name}=http://proxy" in words_for(recipe, environment)


PROXY = "http://bob:s%2Fcret@proxy:8080"


@pytest.mark.parametrize("environment", [{}, {"HTTPS_PROXY": "http://127.0.0.1:4711", "NO_PROXY": "localhost"}])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_with_a_password_is_in_dockers_environment_and_not_on_its_command_line(
    environment: dict[str, str], name: str
) -> None:
    recipe = a_recipe(
        arguments=(BuildArgument(name=name, value=PROXY), BuildArgument(name="NO_PROXY", value="localhost"))
    )
    found = with_hidden_proxies(recipe, {**environment, "DOCKER_HOST": "tcp://engine:2375"})
    words = words_for(recipe, found)
    assert (found[name], words[7:9]) == (PROXY, ["--build-arg", name])
    assert "s%2Fcret" not in " ".join(words)
    assert words[10] == "NO_PROXY=localhost"
    # Docker itself uses no proxy where it had none, and none to its engine.
    assert found["NO_PROXY"] == ("localhost,engine" if environment else "*")


def test_a_proxy_without_a_password_changes_nothing_for_docker() -> None:
    recipe = a_recipe(arguments=(BuildArgument(name="HTTPS_PROXY", value="http://proxy:8080"),))
    assert with_hidden_proxies(recipe, {"PATH": "/bin"}) == {"PATH": "/bin"}


def test_a_build_argument_stays_off_the_command_line_though_the_environment_has_its_name() -> None:
    arguments = (
        BuildArgument(name="PIP_INDEX_URL", value="https://u:p@feed"),
        BuildArgument(name="NO_PROXY", value="x"),
    )
    words = words_for(a_recipe(arguments=arguments), {"PIP_INDEX_URL": "https://other", "NO_PROXY": "x"})
    assert words[7:11] == ["--build-arg", "PIP_INDEX_URL", "--build-arg", "NO_PROXY"]


def test_a_secret_is_told_by_the_path_it_is_handed_over_at_or_by_that_of_its_file() -> None:
    secrets = (
        BuildSecret(id="feed", content=Secret("s3cret")),
        BuildSecret(id="npmrc", content=Path('/s/a "b", c')),
        BuildSecret(id="pip", content=Secret("s3cret too")),
    )
    words = command_line(a_recipe(secrets=secrets), ("x",), CLI, {}, ("/proc/self/fd/3", "/proc/self/fd/4"))
    assert words[-4:-1] == [
        "--secret=id=feed,src=/proc/self/fd/3",
        '--secret=id=npmrc,"src=/s/a ""b"", c"',
        "--secret=id=pip,src=/proc/self/fd/4",
    ]


def test_the_plan_names_secrets_and_private_registries_and_no_value() -> None:
    plan = a_plan(a_recipe(secrets=(BuildSecret(id="feed", content=Secret("s3cret")),)))
    shown = render_plan(replace(plan, signs_in_to=frozenset(map(RegistryHost, ("b.azurecr.io", "a.azurecr.io")))))
    assert shown.splitlines()[1:3] == [
        "  build   app/Dockerfile, context app, linux/amd64, secrets feed",
        "  base    from a.azurecr.io, b.azurecr.io with this run's credentials, unless Docker has its own",
    ]
    assert "s3cret" not in shown


def test_buildkit_is_asked_for_and_attestations_are_not() -> None:
    told = buildkit_environment("default")
    assert told["DOCKER_BUILDKIT"] == "1"
    assert told["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"


def test_a_registry_that_azure_has_yet_to_name_leaves_the_host_out_of_the_build() -> None:
    plan = a_plan(registry=RegistryAddress(name="contoso"))
    assert plan.names.references == ("hello:1", "hello:latest")
    assert "(login server of contoso, from Azure)/hello:1, also as latest" in render_plan(plan)


def test_the_plan_is_shown_as_a_person_reads_it() -> None:
    assert render_plan(a_plan()).splitlines() == [
        "Plan (buildPushDeploy)",
        "  build   app/Dockerfile, context app, linux/amd64",
        "  push    contoso.azurecr.io/hello:1, also as latest",
        "  deploy  my-app, production, resource group found by name, subscription Contoso",
        "  verify  for up to 1.5 minutes; if the new image does not start, roll back",
        "  note    something was fixed",
    ]


def test_what_docker_said_last_names_the_failure() -> None:
    recipe = a_recipe()
    solve = 'ERROR: failed to solve: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3'
    assert "exit code: 3" in failure(recipe, 1, ["#5 x", solve, "done"]).tell("{reason}")
    assert (
        failure(recipe, 1, ["ERROR: Cannot connect to the Docker daemon at unix:///x."]).code
        == "docker-engine-unreachable"
    )
    assert failure(recipe, 1, ["write /x: no space left on device"]).code == "agent-disk-full"
    assert failure(recipe, 137, []).tell("{reason}") == "it printed nothing"


def test_every_tag_of_the_cache_is_a_source_of_the_build_and_none_is_written_by_it() -> None:
    cache = BuildCache(
        host=RegistryHost("contoso.azurecr.io"), repository="shop-cache", tag="x-1", others=("main-2",), writes=True
    )
    words = command_line(a_recipe(cache=cache), ["shop:1"], CLI, {})
    sources = [word for word in words if word.startswith("--cache-")]
    assert sources == [
        "--cache-from=type=registry,ref=contoso.azurecr.io/shop-cache:x-1",
        "--cache-from=type=registry,ref=contoso.azurecr.io/shop-cache:main-2",
    ]


def test_a_docker_command_without_buildx_gets_the_cache_in_the_form_that_it_knows() -> None:
    cache = BuildCache(host=RegistryHost("contoso.azurecr.io"), repository="shop-cache", tag="main-1")
    own = DockerCli(path="/usr/bin/docker", version="20.10.24", buildx=False)
    assert "--cache-from=contoso.azurecr.io/shop-cache:main-1" in command_line(
        a_recipe(cache=cache), ["shop:1"], own, {}
    )
