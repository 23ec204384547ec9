"""The verification, its gaps, and rolling back."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def test_every_instance_is_counted(pipeline: Pipeline) -> None:
    pipeline.site.instances = 3
    run = pipeline.run()
    assert run.result == "Succeeded", run.log
    assert "on 3 of 3 instances" in run.log


def test_a_bad_image_right_after_a_good_one_is_not_taken_for_good(pipeline: Pipeline) -> None:
    for build in range(3):
        (pipeline.sources / "Dockerfile").write_text(BASE + "COPY . /home/site/wwwroot\n")
        assert pipeline.run(build_id=f"{build}-good").result == "Succeeded"
        (pipeline.sources / "Dockerfile").write_text(FAILING + f"LABEL n={build}\n")
        run = pipeline.run(build_id=f"{build}-bad", verifyTimeoutMinutes="0.2")
        assert the_error(run) == "container-exits"


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
