"""What people paste, type and fold into the inputs of a build is taken as they mean it, or told in the Plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytask.report.plan import render_plan
from tests.plans import app_of, deploying
from tests.unit.inputs.environments import an_environment, built, codes, read

if TYPE_CHECKING:
    from pathlib import Path

BOM = "\ufeff"
FOLDED = "is used as one value"


def notes(sources: Path, **inputs: str) -> str:
    return "\n".join(read(an_environment(sources, **inputs)).notes)


@pytest.mark.parametrize("value", ["{root}", "{root}/", ".", "docker/..", "{root}/docker/.."])
def test_the_checkout_as_context_is_the_checkout(tmp_path: Path, value: str) -> None:
    environment = an_environment(tmp_path, dockerFile="docker/Dockerfile", buildContext=value.format(root=tmp_path))
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text("FROM scratch\nCOPY root.txt /\n")
    assert built(environment)[0].context == tmp_path
    assert "docker/Dockerfile, context the checkout" in render_plan(read(environment))


def test_in_a_release_the_root_is_the_folder_of_the_artifacts(tmp_path: Path) -> None:
    (tmp_path / "_drop" / "docker").mkdir(parents=True)
    (tmp_path / "_drop" / "docker" / "Dockerfile").write_text("FROM scratch\n")
    environment = {
        **an_environment(tmp_path, dockerFile="_drop/docker/Dockerfile", buildContext=str(tmp_path), imageName="a:1"),
        "SYSTEM_HOSTTYPE": "release",
    }
    assert built(environment)[0].context == tmp_path


def test_the_agents_temporary_folder_is_not_sent_unasked_and_that_is_told(tmp_path: Path) -> None:
    """An earlier step wrote the Dockerfile there, and DownloadSecureFile@1 a secret beside it."""
    temporary, sources = tmp_path / "_temp", tmp_path / "s"
    temporary.mkdir()
    sources.mkdir()
    for name in ("Dockerfile", "secure-npmrc"):
        (temporary / name).write_text("FROM scratch\n")
    for context in ("**", str(sources / "**"), str(sources)):
        environment = {
            **an_environment(sources, dockerFile=str(temporary / "Dockerfile"), buildContext=context),
            "AGENT_TEMPDIRECTORY": str(temporary),
        }
        assert built(environment)[0].context == sources
        told = f"the build context is the checkout: the Dockerfile's folder {temporary} also has files from other steps"
        assert (told in read(environment).notes) is context.endswith("**")


def test_a_byte_order_mark_in_front_of_an_input_is_no_part_of_it(tmp_path: Path) -> None:
    environment = an_environment(
        tmp_path,
        appName=f"{BOM}my-app",
        imageName=f"{BOM}app:1",
        buildArgs=f"{BOM}A=1\r\nB=2",
        arguments=f"{BOM}--pull",
        appSettings=f'{BOM}{{"C": "3"}}',
        dockerFile=f"{BOM}Dockerfile",
    )
    recipe, destination = built(environment)
    assert [(one.name, one.value) for one in recipe.arguments] == [("A", "1"), ("B", "2")]
    assert (recipe.flags, destination.repository, destination.tags) == (("--pull",), "app", ("1",))
    deploy = app_of(read(environment))
    assert (deploy.app.name, deploy.settings.values) == ("my-app", {"C": "3"})


def test_a_byte_order_mark_in_a_record_is_no_part_of_it(tmp_path: Path) -> None:
    record = {"imageReference": "contoso.azurecr.io/app:1", "imageDigest": f"sha256:{'0' * 64}"}
    (tmp_path / "image.json").write_text(BOM + json.dumps(record), encoding="utf-8")
    plan = read(an_environment(tmp_path, command="deploy", recordFile="image.json"))
    assert deploying(plan).image.reference.repository == "app"


@pytest.mark.parametrize(
    ("name", "key"),
    [("appSettings", "A"), ("buildArgs", "A"), ("configurationStrings", "ftpsState"), ("buildSecrets", "id")],
)
def test_lines_that_yaml_folded_into_one_are_noted_without_their_values(tmp_path: Path, name: str, key: str) -> None:
    told = notes(tmp_path, **{name: f"{key}=Disabled B=s3cret WEBSITES_PORT=80"})
    assert f"{name}: the value of {key} contains 2 more NAME=VALUE pairs" in told
    assert FOLDED in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    "inputs",
    [
        {"appSettings": '{"A": "1 B=2"}'},
        {"appSettings": "-A '1 B=2' -C 3"},
        {"appSettings": "A=1\nB=2"},
        {"buildArgs": "A=1\nB=2"},
        {"appSettings": "A=Data Source=x;Initial Catalog=y;User ID=z"},
    ],
)
def test_what_is_written_apart_is_not_noted(tmp_path: Path, inputs: dict[str, str]) -> None:
    assert FOLDED not in notes(tmp_path, **inputs)


def test_flags_are_shown_by_name_and_their_notes_with_them(tmp_path: Path) -> None:
    environment = an_environment(
        tmp_path, arguments='--label s3cret=s3cret --load \\\r\n  --build-arg A={"s3cret":1} --new s3cret -x s3cret'
    )
    shown = render_plan(read(environment))
    assert "build arguments A, flags --label, --new, -x" in shown
    assert "--load in arguments is ignored" in shown
    assert "--build-arg A looks like JSON" in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("USERNAME=a\nPASSWORD=b", "argument-not-a-flag"),
        ("--builder mine", "argument-refused"),
        ("--network", "argument-without-value"),
        ("--label 'a", "arguments-unreadable"),
    ],
)
def test_mistakes_in_arguments_are_told_before_the_build(tmp_path: Path, arguments: str, code: str) -> None:
    assert codes(an_environment(tmp_path, arguments=arguments)) == [code]
