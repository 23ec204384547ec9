"""Settings, configuration and command line: written before the image or with it, and nothing of others is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.on_paper.settings import deploy, writes

if TYPE_CHECKING:
    from tests.pipeline import Pipeline

STORAGE = "WEBSITES_ENABLE_APP_SERVICE_STORAGE"


def test_only_what_differs_is_written(promotion: Pipeline) -> None:
    inputs = {"appSettings": "GREETING=Hi", "configurationStrings": "alwaysOn=true", "verify": "false"}
    assert deploy(promotion, **inputs).result == "Succeeded"
    at = len(promotion.azure.writes)
    assert deploy(promotion, "better", **inputs).result == "Succeeded"
    assert writes(promotion, since=at) == ["PATCH web"]
    at = len(promotion.azure.writes)
    assert deploy(promotion, "better", **inputs).result == "Succeeded"
    assert writes(promotion, since=at) == ["POST restart"]


@pytest.mark.parametrize(
    ("inputs", "written"),
    [
        ({"appSettings": "GREETING=Salve"}, ["PUT appsettings"]),
        ({"configurationStrings": "alwaysOn=true"}, ["PATCH web"]),
        ({"appSettings": "GREETING=Salve", "configurationStrings": "alwaysOn=true"}, ["PUT appsettings", "PATCH web"]),
    ],
)
def test_the_same_image_is_restarted_by_the_change_itself_and_verified(
    promotion: Pipeline, inputs: dict[str, str], written: list[str]
) -> None:
    assert deploy(promotion).result == "Succeeded"
    at = len(promotion.azure.writes)
    run = deploy(promotion, **inputs)
    assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
    assert writes(promotion, since=at) == written
    assert "hello-function:good unchanged" in run.log
    assert "the other changes restart the app, so that it pulls the image again" in run.log
    assert promotion.call()[1].startswith("Salve" if "appSettings" in inputs else "Hello")


def test_the_command_line_is_left_alone_unless_it_is_given(promotion: Pipeline) -> None:
    promotion.site.config["appCommandLine"] = ""
    command = "/bin/sh -c 'exec python3 -m functions_host'"
    run = deploy(promotion, containerCommand=command, verify="false")
    assert "  set     startup command\n" in run.log
    assert "configuration  startup command changed" in run.log
    assert promotion.site.config["appCommandLine"] == command
    assert deploy(promotion, "better", verify="false").result == "Succeeded"
    assert promotion.site.config["appCommandLine"] == command


@pytest.mark.parametrize("before", [None, "true", "false"])
def test_the_storage_setting_is_set_where_it_is_absent_and_said_and_never_overwritten(
    promotion: Pipeline, before: str | None
) -> None:
    promotion.site.settings.pop(STORAGE)
    if before:
        promotion.site.settings[STORAGE] = before
    run = deploy(promotion, verify="false")
    assert run.result == "Succeeded", run.log
    assert promotion.site.settings[STORAGE] == (before or "false")
    assert writes(promotion) == [*([] if before else ["PUT appsettings"]), "PATCH web"]
    assert (f"{STORAGE} is not set; a deployment sets it to false" in run.log) is (before is None)
    assert (f"settings  {STORAGE} added" in run.log) is (before is None)


def test_a_normal_deployment_takes_few_calls(promotion: Pipeline) -> None:
    def calls(**inputs: str) -> int:
        at = len(promotion.azure.calls)
        assert deploy(promotion, verify="false", **inputs).result == "Succeeded"
        return len([one for one in promotion.azure.calls[at:] if one.host == "management.azure.com"])

    assert calls() <= 6
    assert calls(appSettings="GREETING=Hi") <= 6 + 3  # read right before the write, the write, read afterwards
    assert calls(appSettings="GREETING=Hi") <= 6


def test_sticky_settings_stay_with_their_slot_and_others_lists_stay_as_they_are(promotion: Pipeline) -> None:
    site = promotion.site
    slot = promotion.azure.add_slot(site, "staging", settings=site.settings)
    site.slot_names.update(appSettingNames=["OLD"], connectionStringNames=["Db"])
    array = [{"name": "PLACE", "value": "staging", "slotSetting": True}, {"name": "A", "value": "1"}]
    run = deploy(promotion, slotName="staging", appSettings=json.dumps(array), verify="false")
    assert run.result == "Succeeded", run.log
    assert "2 app settings (PLACE, A); slot settings: PLACE" in run.log
    assert site.slot_names["appSettingNames"] == ["OLD", "PLACE"]
    assert site.slot_names["connectionStringNames"] == ["Db"]
    assert (slot.settings["PLACE"], "PLACE" in site.settings) == ("staging", False)
    at = len(promotion.azure.writes)
    assert deploy(promotion, "better", slotName="staging", appSettings=json.dumps(array), verify="false").result
    assert writes(promotion, since=at) == ["PATCH web"]


def test_nothing_is_skipped_while_settings_differ(promotion: Pipeline) -> None:
    assert deploy(promotion).result == "Succeeded"
    inputs = {"appSettings": "GREETING=Hi", "configurationStrings": "alwaysOn=true", "whenUnchanged": "skip"}
    run = deploy(promotion, **inputs)
    assert "; to be changed: setting GREETING, property alwaysOn" in run.log
    assert run.variables["verification"] == "verified"
    at = len(promotion.azure.writes)
    again = deploy(promotion, **inputs)
    assert "and is healthy: nothing is written" in again.log
    assert writes(promotion, since=at) == []


def test_a_check_tells_what_would_be_changed_and_changes_nothing(promotion: Pipeline) -> None:
    assert deploy(promotion).result == "Succeeded"
    promotion.site.settings.pop(STORAGE)
    at = len(promotion.azure.writes)
    array = [{"name": "GREETING", "value": "Hi", "slotSetting": True}]
    run = promotion.run(
        command="check", appSettings=json.dumps(array), configurationStrings="alwaysOn=true", containerCommand="x"
    )
    assert run.result == "Succeeded", run.log
    would = f"setting GREETING, setting {STORAGE}, startup command, property alwaysOn"
    assert f"  a deployment would change: {would}\n" in run.log
    assert writes(promotion, since=at) == []


def test_settings_that_may_not_be_read_end_the_run_in_the_preflight(promotion: Pipeline) -> None:
    azure = promotion.azure
    role = azure.add_role("blind", actions=["Microsoft.Web/*"], not_actions=["Microsoft.Web/sites/config/list/action"])
    azure.revoke(promotion.principal, "Website Contributor")
    azure.grant(promotion.principal, role, promotion.site.id)
    run = promotion.run(appSettings="GREETING=Hi")
    assert the_error(run) == "settings-not-readable"
    assert "Microsoft.Web/sites/config/list/action" in run.log
    assert "nothing was pushed and nothing was changed" in run.log

    promotion.site.settings.pop(STORAGE)
    run = deploy(promotion, verify="false")
    assert run.result == "Succeeded", run.log
    assert f"{STORAGE} is not checked" in run.log
    assert STORAGE not in promotion.site.settings


def test_a_mistake_in_settings_is_told_before_anything_is_done(promotion: Pipeline) -> None:
    run = promotion.run(appSettings="-A it's -B 'x", configurationStrings="-linuxFxVersion: DOCKER|x")
    assert [issue.properties["code"] for issue in run.issues] == ["setting-quote-open", "setting-name-invalid"]
    # The app's host may still be pulling for the test before.
    assert [call for call in promotion.azure.calls if call.origin == "agent"] == []


def test_a_change_that_azure_refuses_after_the_settings_says_that_they_were_changed(promotion: Pipeline) -> None:
    promotion.azure.faults.script("PATCH .*/config/web", status=400)
    run = deploy(promotion, appSettings="GREETING=Hi")
    assert the_error(run) == "azure-refused"
    assert "docker-func-sample still has its previous image; settings: GREETING added" in run.log
    assert promotion.site.settings["GREETING"] == "Hi"
