"""The verification, its gaps, and rolling back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.end_to_end.test_failures import the_error
from tests.on_paper.pipeline import FAILING

if TYPE_CHECKING:
    from tests.pipeline import Pipeline


def test_what_somebody_else_changed_meanwhile_is_left_alone(pipeline: Pipeline) -> None:
    pipeline.run(build_id="1")
    (pipeline.sources / "Dockerfile").write_bytes(FAILING)
    theirs = "DOCKER|contoso.azurecr.io/hello-function:of-somebody-else"

    def interfere(line: str) -> None:
        if "the app's platform log says" in line:
            pipeline.site.config["linuxFxVersion"] = theirs

    run = pipeline.run(build_id="2", verifyTimeoutMinutes="0.15", on_line=interfere)
    assert run.result == "Failed"
    assert "someone else has changed the app's image" in run.log
    assert pipeline.site.config["linuxFxVersion"] == theirs


def test_the_first_image_of_an_app_has_nothing_to_roll_back_to(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_bytes(FAILING)
    run = pipeline.run(verifyTimeoutMinutes="0.1")
    assert the_error(run) == "container-exits"
    assert "there was no previous image" in run.log


@pytest.mark.parametrize(
    ("when", "result"), [("warn", "SucceededWithIssues"), ("succeed", "Succeeded"), ("fail", "Failed")]
)
def test_a_closed_network_leaves_a_gap_and_the_pipeline_decides_what_it_means(
    pipeline: Pipeline, when: str, result: str
) -> None:
    pipeline.azure.restrict_access(pipeline.site)
    run = pipeline.run(smokeTestPath="/api/HttpTriggerSample", whenUnverified=when)
    assert (run.result, run.variables["verification"]) == (result, "unverified"), run.log
    assert "smoke test (the app's network does not allow the agent's address (403))" in run.log
    codes = [issue.properties["code"] for issue in run.issues if issue.type == "error"]
    assert codes == (["app-unverified"] if when == "fail" else [])


def test_a_login_page_is_no_answer_of_the_app(pipeline: Pipeline) -> None:
    pipeline.azure.require_login(pipeline.site)
    run = pipeline.run(smokeTestPath="/api/HttpTriggerSample")
    assert (run.result, run.variables["verification"]) == ("SucceededWithIssues", "unverified"), run.log


def test_a_stopped_app_gets_its_image_and_is_not_started(pipeline: Pipeline) -> None:
    pipeline.azure.stop_app(pipeline.site)
    run = pipeline.run()
    assert (run.result, run.variables["verification"]) == ("SucceededWithIssues", "unverified"), run.log
    assert "the app is stopped" in run.log
    assert pipeline.site.config["linuxFxVersion"].endswith("hello-function:1")
    assert pipeline.site.state == "Stopped"


def test_every_instance_is_counted(pipeline: Pipeline) -> None:
    pipeline.site.instances = 3
    run = pipeline.run()
    assert run.result == "Succeeded", run.log
    assert "on 3 of 3 instances" in run.log


@pytest.mark.parametrize("dialect", ["2025", "classic_raw"])
def test_the_other_dialects_of_the_platform_log_prove_as_well(pipeline: Pipeline, dialect: str) -> None:
    site = pipeline.azure.add_app("other-func", log=dialect)  # type: ignore[arg-type] # a table of dialects
    pipeline.azure.grant(pipeline.principal, "Website Contributor", site.id)
    for _ in range(2):
        run = pipeline.run(appName="other-func", build_id=uuid4().hex)  # a tag that is there tells less
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log


def test_an_app_without_a_platform_log_is_unverified(pipeline: Pipeline) -> None:
    site = pipeline.azure.add_app("other-func", log=None)
    pipeline.azure.grant(pipeline.principal, "Website Contributor", site.id)
    run = pipeline.run(appName="other-func", verifyTimeoutMinutes="0.1")
    assert (run.result, run.variables["verification"]) == ("SucceededWithIssues", "unverified"), run.log


def test_a_change_by_somebody_else_between_write_and_read_is_told(pipeline: Pipeline) -> None:
    def interfere() -> None:
        pipeline.site.config["linuxFxVersion"] = "DOCKER|contoso.azurecr.io/hello-function:of-somebody-else"

    pipeline.azure.faults.meanwhile(r"PATCH management\.azure\.com", interfere, after=True)
    run = pipeline.run()
    assert the_error(run) == "image-not-set"
    assert "of-somebody-else" in run.log
