"""The verification, its gaps, and rolling back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.end_to_end.test_failures import BASE, the_error
from tests.local_azure.client import point_at

if TYPE_CHECKING:
    from tests.pipeline import Pipeline

FAILING = (
    BASE
    + """ENTRYPOINT ["/bin/sh", "-c", "echo '##vso[task.complete result=Succeeded]'; echo no such module; exit 1"]\n"""
)


def test_an_image_that_does_not_start_is_explained_and_the_old_one_is_put_back(pipeline: Pipeline) -> None:
    good = pipeline.run(build_id="1")
    (pipeline.sources / "Dockerfile").write_text(FAILING)
    run = pipeline.run(build_id="2", verifyTimeoutMinutes="0.15")
    assert the_error(run) == "container-exits"
    assert "no such module" in run.log
    assert "#vso[task.complete" in run.log
    assert "rolled back to contoso.azurecr.io/hello-function:1 and verified" in run.log
    assert run.variables["runningImage"] == "contoso.azurecr.io/hello-function:1"
    assert pipeline.site.config["linuxFxVersion"] == f"DOCKER|{good.variables['imageReference']}"
    assert pipeline.call()[1].startswith("Hello, you")


def test_a_tag_that_moved_is_put_back_by_its_digest(pipeline: Pipeline) -> None:
    good = pipeline.run(tags="stable")
    (pipeline.sources / "Dockerfile").write_text(FAILING)
    run = pipeline.run(tags="stable", verifyTimeoutMinutes="0.15")
    assert the_error(run) == "container-exits"
    pinned = f"contoso.azurecr.io/hello-function@{good.variables['imageDigest']}"
    assert run.variables["runningImage"] == pinned
    assert pipeline.site.config["linuxFxVersion"] == f"DOCKER|{pinned}"
    assert pipeline.call()[1].startswith("Hello, you")


def test_what_somebody_else_changed_meanwhile_is_left_alone(pipeline: Pipeline) -> None:
    pipeline.run(build_id="1")
    (pipeline.sources / "Dockerfile").write_text(FAILING)
    theirs = "DOCKER|contoso.azurecr.io/hello-function:of-somebody-else"

    def interfere(line: str) -> None:
        if "the app's platform log says" in line:
            pipeline.site.config["linuxFxVersion"] = theirs

    run = pipeline.run(build_id="2", verifyTimeoutMinutes="0.15", on_line=interfere)
    assert run.result == "Failed"
    assert "someone else has changed the app's image" in run.log
    assert pipeline.site.config["linuxFxVersion"] == theirs


def test_the_first_image_of_an_app_has_nothing_to_roll_back_to(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(FAILING)
    run = pipeline.run(verifyTimeoutMinutes="0.1")
    assert the_error(run) == "container-exits"
    assert "there was no previous image" in run.log


def test_the_smoke_test_uses_the_functions_own_key_and_shows_the_answer(pipeline: Pipeline) -> None:
    run = pipeline.run(smokeTestPath="/api/HttpTriggerSample?name=Ada")
    assert run.result == "Succeeded", run.log
    assert 'smoke test      GET /api/HttpTriggerSample?name=Ada → 200 "Hello, Ada.' in run.log
    assert "smoke test" in run.summaries[0][1].lower()
    assert not [call for call in pipeline.azure.calls if "host/default/listkeys" in call.path]


def test_a_wrong_answer_is_a_failure_and_the_old_image_is_put_back(pipeline: Pipeline) -> None:
    pipeline.run(build_id="1")
    pipeline.edit('func.HttpResponse(f"Hello', 'func.HttpResponse(status_code=500, body=f"Hello')
    run = pipeline.run(build_id="2", smokeTestPath="/api/HttpTriggerSample?name=x", verifyTimeoutMinutes="0.15")
    assert the_error(run) == "smoke-test-failed"
    assert run.variables["runningImage"] == "contoso.azurecr.io/hello-function:1"
    assert pipeline.call()[1].startswith("Hello")


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


def test_a_bad_image_right_after_a_good_one_is_not_taken_for_good(pipeline: Pipeline) -> None:
    for build in range(3):
        (pipeline.sources / "Dockerfile").write_text(BASE + "COPY . /home/site/wwwroot\n")
        assert pipeline.run(build_id=f"{build}-good").result == "Succeeded"
        (pipeline.sources / "Dockerfile").write_text(FAILING + f"LABEL n={build}\n")
        run = pipeline.run(build_id=f"{build}-bad", verifyTimeoutMinutes="0.2")
        assert the_error(run) == "container-exits"


def test_a_change_by_somebody_else_between_write_and_read_is_told(pipeline: Pipeline) -> None:
    def interfere() -> None:
        pipeline.site.config["linuxFxVersion"] = "DOCKER|contoso.azurecr.io/hello-function:of-somebody-else"

    pipeline.azure.faults.meanwhile(r"PATCH management\.azure\.com", interfere, after=True)
    run = pipeline.run()
    assert the_error(run) == "image-not-set"
    assert "of-somebody-else" in run.log


def test_another_image_that_is_started_during_the_verification_is_told(pipeline: Pipeline) -> None:
    pipeline.run(build_id="1")
    pipeline.edit("Hello", "Bonjour")
    pipeline.site.settings["SANDBOX_START_SECONDS"] = "60"

    def interfere(line: str) -> None:
        if "pulling the image" in line or "container started" in line:
            point_at(pipeline.azure, pipeline.principal, pipeline.site, "contoso.azurecr.io/hello-function:1")

    run = pipeline.run(build_id="2", verifyTimeoutMinutes="0.2", on_line=interfere)
    assert the_error(run) == "old-image-started"
    assert "someone else has changed the app's image" in run.log
