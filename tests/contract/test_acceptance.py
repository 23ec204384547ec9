"""The acceptance for an owner: every command, every answer recorded without secrets, everything deleted."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.acceptance.cleaning import Cleaner
from tests.acceptance.place import AzureByCli, PaperPlace
from tests.acceptance.recording import Exchange, exchange_of, key_of, read
from tests.acceptance.session import accept
from tests.acceptance.steps import Names
from tests.agent.under_test import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NAMES = Names(
    subscription="aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    tenant="99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    group="rg-fac1",
    app="fac1",
    slot="staging",
    container_app="fac1c",
    registry="fac1r.azurecr.io",
)


def test_everything_is_taken_away_also_when_the_creation_fails() -> None:
    done: list[str] = []

    class Fails(PaperPlace):
        def __init__(self) -> None:
            self.names = NAMES

        def create(self) -> None:
            done.append("create")
            raise RuntimeError("no quota")

        def delete(self) -> None:
            done.append("delete")

        @property
        def secrets(self) -> frozenset[str]:
            return frozenset()

    with pytest.raises(RuntimeError, match="no quota"):
        accept(Fails(), ROOT / "build" / "nothing", ROOT / "build" / "nothing", lambda _: None)
    assert done == ["create", "delete"]


def test_all_that_is_created_is_in_the_group_that_is_deleted() -> None:
    commands = AzureByCli(names=NAMES, location="westeurope", sku="EP1").creating()
    assert len(commands) == 10
    for command in commands[1:]:
        assert command[command.index("--resource-group") + 1] == "rg-fac1"
    assert "purpose=function-app-container-acceptance" in commands[0]


def cleaned(text: str, secrets: frozenset[str] = frozenset()) -> str:
    return Cleaner(names={"fac1": "hello-function"}, secrets=secrets).body(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"properties": {"AzureWebJobsStorage": "canary-1234", "MY_SETTING": "canary-1234"}}',
        '{"keys": {"default": "canary-1234"}}',
        '{"masterKey": "canary-1234", "functionKeys": {"default": "canary-1234"}}',
        '{"passwords": [{"name": "password", "value": "canary-1234"}], "username": "x"}',
        '{"access_token": "canary-1234", "token_type": "Bearer"}',
        '{"env": [{"name": "DB", "value": "canary-1234"}]}',
        '{"connectionString": "InstrumentationKey=canary-1234"}',
        "https://x.example/api?code=canary-1234",
        '{"location": "https://x.example/logs?sig=canary-1234&se=1"}',
    ],
)
def test_a_secret_is_hidden_wherever_azure_puts_it(text: str) -> None:
    assert "canary-1234" not in cleaned(text)


def test_a_secret_that_was_seen_once_is_hidden_everywhere() -> None:
    cleaner = Cleaner(names={})
    cleaner.body('{"properties": {"MY_SETTING": "canary-1234"}}')
    assert "canary" not in cleaner.text("the app printed canary-1234")


def test_an_id_has_one_stand_in_and_keeps_its_form() -> None:
    one, other = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "11111111-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    told = cleaned(f"{one} {other} {one.upper()} 7f951dda-4ed3-4680-a7ca-43fe172d538d")
    first, second, third, role = told.split()
    assert first == third != second
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first)
    assert role == "7f951dda-4ed3-4680-a7ca-43fe172d538d"  # AcrPull is the same for everybody


def test_a_token_keeps_its_claims_but_no_signature() -> None:
    claims = {"access": [{"Name": "fac1", "Actions": ["pull"]}], "oid": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    head, told, signature = json.loads(cleaned(f'{{"access_token": "eyJhbGciOi.{body}.c2VjcmV0"}}'))[
        "access_token"
    ].split(".")
    kept = json.loads(base64.urlsafe_b64decode(told + "=="))
    assert (head, signature) == ("e30", "c2ln")
    assert kept["access"] == [{"Name": "hello-function", "Actions": ["pull"]}]
    assert kept["oid"].startswith("00000000-")


@pytest.mark.parametrize("text", ["4.1046.100.25616", "sha256:" + "a" * 64, "2026-11-28T01:49:36Z", "127.0.0.1"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert cleaned(text) == text


def test_addresses_of_the_network_and_of_people_are_stand_ins() -> None:
    assert cleaned("20.50.2.17 jo@contoso.com") == "192.0.2.17 someone@example.com"


def test_the_same_request_is_known_again_whatever_varies() -> None:
    role = "https://h/x/providers/Microsoft.Authorization/roleAssignments/{}?api-version=1"
    assert key_of("PUT", role.format("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")) == key_of(
        "put", role.format("11111111-bbbb-4ccc-8ddd-eeeeeeeeeeee")
    )
    assert key_of("GET", "https://h/a?scope=pull") != key_of("GET", "https://h/a?scope=push")


def test_a_body_that_is_too_large_is_left_out_and_one_that_is_no_text_is_kept(tmp_path: Path) -> None:
    del tmp_path
    common = {"asked": "2026-11-28T01:00:00+00:00", "at": "2026-11-28T01:00:01+00:00"}
    at = Exchange(**common, method="", url="", status=0, headers={}).time  # type: ignore[arg-type] # by name
    given = {"asked": at, "at": at, "method": "GET", "url": "https://h/", "status": 200, "headers": {"X-Other": "y"}}
    assert exchange_of(**given, body=b"\xff\xfe").body == b"\xff\xfe"  # type: ignore[arg-type] # by name
    assert exchange_of(**given, body=b"x" * 1_000_001).left_out  # type: ignore[arg-type] # by name
    assert exchange_of(**given, body=b"").headers == {}  # type: ignore[arg-type] # by name


def test_there_is_nothing_in_a_recording_that_was_not_made(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == ()


def test_the_pipeline_runs_the_command_signed_in_and_keeps_the_recordings() -> None:
    file = ROOT / "examples" / "acceptance" / "azure-pipelines-recorded.yml"
    steps_of = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"][0]["steps"]
    command, _ = (one for one in steps_of if one.get("task") == "AzureCLI@2")
    assert "npm run acceptance -- --yes" in command["inputs"]["inlineScript"]
    assert "az group delete" in steps_of[-1]["inputs"]["inlineScript"]
    assert any("build/acceptance" in str(one.get("publish")) for one in steps_of)
