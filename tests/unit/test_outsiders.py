"""What other people choose stays one entry of a list, and no link of the repository leads out of the checkout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytask.model import BuildPushDeploy
from tests.plans import app_of, building
from tests.unit.inputs.environments import an_environment, codes, read

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = "Fix the greeting\nADMIN_PASSWORD=known"


@pytest.mark.parametrize(
    ("variable", "value", "name", "text"),
    [
        ("Build.SourceBranchName", "main,latest", "tags", "{}"),
        ("Build.SourceBranchName", "main,latest", "tags", "$(Build.BuildId)\n{}"),
        ("Build.SourceVersionMessage", MESSAGE, "appSettings", "MESSAGE={}"),
        ("Build.SourceVersionMessage", MESSAGE, "configurationStrings", "appCommandLine={}"),
        ("Build.SourceVersionMessage", MESSAGE, "buildArgs", "MESSAGE={}"),
        ("Build.SourceVersionMessage", MESSAGE, "buildSecrets", "message={}"),
        ("Build.RequestedFor", "Ada --network=host", "arguments", "--label by={}"),
        ("Build.SourceVersionMessage", 'x"},{"name":"A","value":"1', "appSettings", '[{{"name":"M","value":"{}"}}]'),
    ],
)
def test_a_value_that_adds_entries_is_refused(tmp_path: Path, variable: str, value: str, name: str, text: str) -> None:
    written = text.format(value).replace("$(Build.BuildId)", "77")
    environment = an_environment(tmp_path, **{name: written}) | {variable.upper().replace(".", "_"): value}
    assert "variable-splits-input" in codes(environment)


@pytest.mark.parametrize(
    ("variable", "value", "name", "text"),
    [
        ("Build.SourceBranchName", "main", "tags", "{},latest"),
        ("Build.SourceBranchName", "77", "tags", "77,{}"),
        ("Build.SourceVersionMessage", "Fix the greeting", "appSettings", "MESSAGE={}\nA=1"),
        ("Build.RequestedFor", "Ada", "arguments", "--label by={}"),
        ("Build.SourceVersionMessage", MESSAGE, "appSettings", "A=1\nB=2"),
    ],
)
def test_a_value_that_stays_one_entry_is_fine(tmp_path: Path, variable: str, value: str, name: str, text: str) -> None:
    environment = an_environment(tmp_path, **{name: text.format(value)})
    assert isinstance(read(environment | {variable.upper().replace(".", "_"): value}), BuildPushDeploy)


def test_a_link_of_the_repository_gives_no_build_secret_of_the_machine(tmp_path: Path) -> None:
    outside, checkout = tmp_path / "home", tmp_path / "checkout"
    for folder in (outside, checkout):
        folder.mkdir()
    (outside / "id_rsa").write_text("the key of the agent")
    (checkout / "Dockerfile").write_text("FROM scratch\n")
    (checkout / "npmrc").symlink_to(outside / "id_rsa")
    assert codes(an_environment(checkout, buildSecrets="npmrc,src=npmrc")) == ["path-leaves-checkout"]
    named = an_environment(checkout, buildSecrets=f"npmrc,src={outside / 'id_rsa'}")
    assert building(read(named)).recipe.secrets[0].content == outside / "id_rsa"


def test_a_link_within_the_repository_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("//feed/:_authToken=x")
    (tmp_path / "npmrc").symlink_to(tmp_path / "real")
    assert building(read(an_environment(tmp_path, buildSecrets="npmrc,src=npmrc"))).recipe.secrets


@pytest.mark.parametrize("command", ["buildPushDeploy", "deploy"])
def test_a_link_of_the_repository_leads_no_record_elsewhere(tmp_path: Path, command: str) -> None:
    outside, checkout = tmp_path / "home", tmp_path / "checkout"
    for folder in (outside, checkout):
        folder.mkdir()
    (checkout / "Dockerfile").write_text("FROM scratch\n")
    (outside / "image.json").write_text(json.dumps({"imageReference": "contoso.azurecr.io/app:1"}))
    (checkout / "out").symlink_to(outside)
    environment = an_environment(checkout, command=command, recordFile="out/image.json")
    assert "path-leaves-checkout" in codes(environment)


def test_the_app_is_read_beside_a_message_of_two_lines(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, appSettings="A=1") | {"BUILD_SOURCEVERSIONMESSAGE": MESSAGE}
    assert app_of(read(environment)).settings.values == {"A": "1"}
