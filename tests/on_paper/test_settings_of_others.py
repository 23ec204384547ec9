"""Settings that somebody else writes during a run: nobody's are lost, and what cannot be kept is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.test_failures import the_error
from tests.on_paper.settings import deploy, writes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.pipeline import Pipeline

LIST, PUT = "POST .*/config/appsettings/list", "PUT .*/config/appsettings"


def add_to(pipeline: Pipeline, settings: Mapping[str, str]) -> None:
    """Be somebody else who writes settings, with those that were there when this run began."""
    pipeline.site.settings = dict(settings)


def test_whoever_writes_before_or_after_us_loses_nothing_and_neither_do_we(promotion: Pipeline) -> None:
    site, faults = promotion.site, promotion.azure.faults
    as_it_was = dict(site.settings)
    # Somebody adds a setting between our first look and our own reading just before the write …
    faults.meanwhile(LIST, lambda: site.settings.update(EARLY="1"), after=True)
    # … and somebody else, who has read before us, writes after us.
    faults.meanwhile(PUT, lambda: add_to(promotion, {**as_it_was, "LATE": "2"}), after=True)
    run = deploy(promotion, appSettings="GREETING=Hi", verify="false")
    assert run.result == "Succeeded", run.log
    assert site.settings == {**as_it_was, "EARLY": "1", "LATE": "2", "GREETING": "Hi"}
    assert "overwritten by another change at the same time, and written again, and EARLY restored" in run.log
    assert faults.unused == []


def test_a_setting_that_disappears_beside_ours_is_named(promotion: Pipeline) -> None:
    site = promotion.site
    site.settings["OLD"] = "x"
    promotion.azure.faults.meanwhile(PUT, lambda: site.settings.pop("OLD"), after=True)
    run = deploy(promotion, appSettings="GREETING=Hi", verify="false")
    (warning,) = run.issues
    assert "another change at the same time removed app settings that this run kept: OLD" in warning.message
    assert run.result == "Succeeded"
    assert ("OLD" in site.settings, site.settings["GREETING"]) == (False, "Hi")


def test_a_writer_who_goes_on_ends_the_run_before_the_image_and_it_says_how_things_are(promotion: Pipeline) -> None:
    stale = dict(promotion.site.settings)
    promotion.azure.faults.meanwhile(PUT, lambda: add_to(promotion, stale), after=True, times=None)
    run = deploy(promotion, appSettings="GREETING=Hi")
    assert the_error(run) == "settings-overwritten"
    assert "these no longer have the values that were written: GREETING" in run.log
    assert (
        "docker-func-sample still has its previous image; settings: GREETING written, but overwritten by someone else"
        in run.log
    )
    assert writes(promotion) == ["PUT appsettings", "PUT appsettings"]
    assert promotion.site.config["linuxFxVersion"] == ""


def test_a_writer_during_the_verification_is_told(promotion: Pipeline) -> None:
    stale = dict(promotion.site.settings)

    def interfere(line: str) -> None:
        if line.startswith("image  "):
            promotion.site.settings = stale

    given = {"command": "deploy", "imageName": "hello-function:good", "appSettings": "GREETING=Hi"}
    run = promotion.run(given, on_line=interfere)
    assert the_error(run) == "settings-overwritten"
    assert run.variables["verification"] == "verified"
    assert promotion.site.config["linuxFxVersion"].endswith("hello-function:good")
    assert "the new image runs, but not everything is as requested" in run.summaries[0][1]


def test_a_rollback_leaves_alone_what_somebody_else_set_since(promotion: Pipeline) -> None:
    before = dict(promotion.site.settings)
    assert deploy(promotion).result == "Succeeded"

    def interfere(line: str) -> None:
        if "the app's platform log says" in line:
            promotion.site.settings.update(GREETING="theirs", THEIRS="1")

    given = {"command": "deploy", "imageName": "hello-function:bad", "verifyTimeoutMinutes": "0.15"}
    run = promotion.run({**given, "appSettings": "GREETING=Hi\nNEW=1"}, on_line=interfere)
    assert the_error(run) == "container-exits"
    assert "settings  NEW restored" in run.log
    assert "settings  GREETING left unchanged: someone else has changed them" in run.log
    assert promotion.site.settings == {**before, "GREETING": "theirs", "THEIRS": "1"}


def test_what_azure_does_not_keep_is_told(promotion: Pipeline) -> None:
    def undo() -> None:
        promotion.site.config["alwaysOn"] = False

    promotion.azure.faults.meanwhile("PATCH .*/config/web", undo, after=True)
    run = deploy(promotion, configurationStrings="alwaysOn=true", verify="false")
    assert the_error(run) == "property-not-set"
    assert "these properties do not: alwaysOn" in run.log
