"""The request for a run of ACR Tasks: what the program that carries it out makes of it, and that it shows no secret."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytask.builders.acr.task import Order, can_be_quick, encoded_task, quick_build
from pytask.errors.acr_build import AcrSecretUnsendable
from pytask.model import BuildArgument, BuildSecret, Recipe, RegistryHost, RegistryLogin, Secret
from tests.local_azure.tasks.task_file import definition, steps_of

RECIPE = Recipe(
    dockerfile=Path("/s/Dockerfile"),
    context=Path("/s"),
    sources=Path("/s"),
    platform="linux/amd64",
    target="",
    arguments=(),
    secrets=(),
    labels=(),
    flags=(),
)
REFERENCES = ("contoso.azurecr.io/shop:1", "contoso.azurecr.io/shop:latest")
_TRICKY = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r"), max_size=60)


def order(**facts: Any) -> Order:  # noqa: ANN401 - fields of both records
    recipe = replace(
        RECIPE, **{name: facts.pop(name) for name in list(facts) if hasattr(RECIPE, name) and name != "arguments"}
    )
    known = {"location": "source/202604180000/5e1f.tar.gz", "references": REFERENCES, "pushes": True, "arguments": ()}
    return Order(recipe=recipe, **{**known, **facts})


def values_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the values of a run."""
    found: list[dict[str, Any]] = body["values"]
    return found


def words_and_environment(body: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return what a shell makes of the first step, as the program of ACR Tasks has one split it."""
    step = steps_of(body, "contoso.azurecr.io", "ca1")[0]
    shown = 'env -0; for word in "$@"; do printf \'%s\\0\' "$word"; done'
    line = " ".join(["env", "-i", *step.env, "/bin/sh", "-c", "'" + shown.replace("'", "'\"'\"'") + "'", step.cmd])
    told = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
    own = [one for one in told if one.partition("=")[0] not in {"PWD", "SHLVL", "_", "OLDPWD"}]
    names = {"DOCKER_BUILDKIT", *(f"BUILD_SECRET_{number}" for number in range(3))}
    environment = dict(one.split("=", 1) for one in own if one.partition("=")[0] in names)
    return [one for one in own if one.partition("=")[0] not in names], environment


def test_a_run_builds_with_buildkit_and_pushes_every_tag() -> None:
    body = encoded_task(order(target="app", labels=(("org.opencontainers.image.revision", "abc"),), flags=("--pull",)))
    build, push = steps_of(body, "contoso.azurecr.io", "ca1")
    words, environment = words_and_environment(body)
    assert environment == {"DOCKER_BUILDKIT": "1"}
    assert words == [
        *("build", "--progress=plain", "--platform=linux/amd64"),
        "--file=.function-app-container-deploy/Dockerfile",
        *(f"--tag={reference}" for reference in REFERENCES),
        *("--target=app", "--label=org.opencontainers.image.revision=abc", "--pull", "."),
    ]
    assert push.push == REFERENCES
    assert build.id == "build-5e1f"
    assert build.timeout == push.timeout == body["timeout"] == 28_800, "otherwise a step ends after 10 minutes"
    assert body["platform"] == {"os": "Linux", "architecture": "amd64"}
    assert body["sourceLocation"] == "source/202604180000/5e1f.tar.gz"


def test_a_run_that_only_builds_pushes_nothing() -> None:
    assert [step.id for step in steps_of(encoded_task(order(pushes=False)), "x", "ca1")] == ["build-5e1f"]
    assert quick_build(order(pushes=False))["isPushEnabled"] is False


@settings(max_examples=20, deadline=None)
@example(secret="\U00010000\u2028\x7f\x85\ufeff", value="'\"\\$(x)`")
@given(_TRICKY, _TRICKY)
def test_whatever_is_in_a_secret_or_an_argument_arrives_and_is_seen_nowhere(secret: str, value: str) -> None:
    arguments = (
        BuildArgument(name="KEY", value=f"arg-{value}"),
        BuildArgument(name="HTTP_PROXY", value="http://u:p@x"),
    )
    secrets = (BuildSecret(id="token", content=Secret(f"s3cret-{secret}")),)
    body = encoded_task(order(arguments=arguments, secrets=secrets))
    words, environment = words_and_environment(body)
    assert environment["BUILD_SECRET_0"] == f"s3cret-{secret}"
    assert f"--build-arg=KEY=arg-{value}" in words
    assert "--secret=id=token,env=BUILD_SECRET_0" in words
    assert all(one["isSecret"] for one in values_of(body))
    shown = definition(body) + json.dumps(
        {name: body[name] for name in body if name not in {"values", "encodedTaskContent"}}
    )
    assert not any(text in shown for text in ("s3cret-", "arg-", "u:p", "KEY", "token"))


def test_a_secret_of_several_lines_and_one_in_a_file_arrive(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("-----BEGIN 'KEY'-----\n$HOME `id` <no value> {{.Values.x}}\n")
    secrets = (BuildSecret(id="a", content=Secret('x\ny="z"\\\n')), BuildSecret(id="b", content=tmp_path / "key"))
    _, environment = words_and_environment(encoded_task(order(secrets=secrets)))
    assert environment["BUILD_SECRET_0"] == 'x\ny="z"\\\n'
    assert environment["BUILD_SECRET_1"] == (tmp_path / "key").read_text()


def test_a_secret_that_is_no_text_or_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "zero").write_bytes(b"a\0b")
    for content in (tmp_path / "binary", tmp_path / "zero", tmp_path / "missing", Secret("x" * 70_000)):
        with pytest.raises(AcrSecretUnsendable, match="the build secret token cannot be passed"):
            encoded_task(order(secrets=(BuildSecret(id="token", content=content),)))


def test_an_agent_pool_the_callers_rights_and_logins_of_base_images_are_asked_for() -> None:
    login = RegistryLogin(host=RegistryHost("other.azurecr.io"), user="robot", password=Secret("pass"))
    for body in (of(order(agent_pool="pool1", as_caller=True, logins=(login,))) for of in (encoded_task, quick_build)):
        assert body["agentPoolName"] == "pool1"
        given = {"userName": {"type": "Opaque", "value": "robot"}, "password": {"type": "Opaque", "value": "pass"}}
        assert body["credentials"] == {
            "sourceRegistry": {"identity": "[caller]"},
            "customRegistries": {"other.azurecr.io": given},
        }
    assert "credentials" not in encoded_task(order())
    assert "agentPoolName" not in encoded_task(order())


def test_a_quick_build_has_the_same_names_stage_and_arguments() -> None:
    asked = order(target="app", arguments=(BuildArgument(name="A", value="a b"),))
    build, push = steps_of(quick_build(asked), "contoso.azurecr.io", "ca1")
    assert push.push == REFERENCES
    words, environment = words_and_environment(quick_build(asked))
    assert {"--tag=contoso.azurecr.io/shop:1", "--build-arg=A=a b", "--target=app", "."} <= set(words)
    assert environment == {"DOCKER_BUILDKIT": "0"}
    assert build.id == "build"


def test_only_a_build_that_needs_no_buildkit_can_be_quick() -> None:
    assert can_be_quick(RECIPE)
    assert not can_be_quick(replace(RECIPE, flags=("--pull",)))
    assert not can_be_quick(replace(RECIPE, platform="linux/arm64"))
    assert not can_be_quick(replace(RECIPE, secrets=(BuildSecret(id="a", content=Secret("b")),)))


def test_a_value_is_base64_of_json_without_what_templates_take_out() -> None:
    body = encoded_task(order(secrets=(BuildSecret(id="a", content=Secret("<no value>")),)))
    values = {one["name"]: base64.b64decode(one["value"]).decode() for one in values_of(body)}
    assert all("<" not in text for text in values.values())
    assert json.loads(values["images"]) == list(REFERENCES)
