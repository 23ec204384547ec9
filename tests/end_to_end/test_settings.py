"""Settings and configuration of a real container; `tests/on_paper` has all that needs none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import BASE, the_error
from tests.on_paper.settings import deploy, writes
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

STORAGE = "WEBSITES_ENABLE_APP_SERVICE_STORAGE"
READS_GREETING = "return func.HttpResponse(f\"{__import__('os').environ.get('GREETING', 'Hello')}"
FAILING = BASE + 'ENTRYPOINT ["/bin/sh", "-c", "echo no such module; exit 1"]\n'
LIST, PUT = "POST .*/config/appsettings/list", "PUT .*/config/appsettings"


@pytest.fixture(scope="module")
def images(local_azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have two images in the registry: `good` greets as its setting says, `bad` does not start."""
    local_azure.reset()
    with a_pipeline(local_azure, tmp_path_factory.mktemp("pushed")) as pipeline:
        pipeline.edit('return func.HttpResponse(f"Hello', READS_GREETING)
        for tag in ("good", "better"):
            assert pipeline.run(command="buildAndPush", appName="", tags=tag).result == "Succeeded"
        (pipeline.sources / "Dockerfile").write_text(FAILING)
        assert pipeline.run(command="buildAndPush", appName="", tags="bad").result == "Succeeded"


@pytest.fixture
def promotion(images: None, pipeline: Pipeline) -> Pipeline:
    """Return a pipeline that deploys an image which is there already."""
    assert images is None
    return pipeline


def test_settings_go_before_the_image_and_the_configuration_with_it(promotion: Pipeline) -> None:
    before = dict(promotion.site.settings)
    run = deploy(
        promotion,
        appSettings='GREETING=Bonjour = "ça va", -x\nTOKEN=t0ken-never-to-be-seen',
        configurationStrings="-alwaysOn true -numberOfWorkers 2 -healthCheckPath /api/health",
    )
    assert (run.result, run.variables["verification"], run.issues) == ("Succeeded", "verified", ()), run.log
    assert promotion.call()[1].startswith('Bonjour = "ça va", -x, you.')
    assert promotion.site.settings == {
        **before,
        "GREETING": 'Bonjour = "ça va", -x',
        "TOKEN": "t0ken-never-to-be-seen",
    }
    config = promotion.site.config
    assert (config["alwaysOn"], config["numberOfWorkers"], config["healthCheckPath"]) == (True, 2, "/api/health")
    assert writes(promotion) == ["PUT appsettings", "PATCH web"]
    assert (
        "  set     2 app settings (GREETING, TOKEN), 3 configuration properties (alwaysOn, numberOfWorkers, "
        "healthCheckPath)\n" in run.log
    )
    assert "settings  GREETING, TOKEN added\n" in run.log
    assert "configuration  alwaysOn, numberOfWorkers, healthCheckPath changed\n" in run.log
    assert not [line for line in run.lines if "t0ken" in line and "task.setsecret" not in line]
    assert "GREETING, TOKEN added" in run.summaries[0][1]
    assert "t0ken" not in run.summaries[0][1]


def test_two_runs_at_once_keep_each_others_settings(promotion: Pipeline) -> None:
    as_it_was = dict(promotion.site.settings)
    promotion.azure.faults.script(LIST, status=None, delay=0.7, times=None)
    promotion.azure.faults.script(PUT, status=None, delay=2, times=None)  # on a busy machine one starts later
    given = {"command": "deploy", "imageName": "hello-function:good", "resourceGroupName": "rg-func", "verify": "false"}
    tasks = [promotion.start(given, appSettings=f"OF_{name}={name}") for name in ("ONE", "TWO")]
    runs = [task.wait(60) for task in tasks]
    assert [run.result for run in runs] == ["Succeeded", "Succeeded"], "\n".join(run.log for run in runs)
    assert promotion.site.settings == {**as_it_was, "OF_ONE": "ONE", "OF_TWO": "TWO"}
    assert len([one for one in writes(promotion) if one == "PUT appsettings"]) >= 3, "they did not meet"


def test_a_rollback_puts_settings_and_configuration_back_with_the_image(promotion: Pipeline) -> None:
    promotion.site.settings["GREETING"] = "Servus"
    before = dict(promotion.site.settings)
    assert deploy(promotion).result == "Succeeded"
    inputs = {"appSettings": "GREETING=Hi\nNEW=1", "configurationStrings": "alwaysOn=true\nhealthCheckPath=/x"}
    run = deploy(promotion, "bad", verifyTimeoutMinutes="0.15", **inputs)
    assert the_error(run) == "container-exits"
    assert (
        "rolled back to contoso.azurecr.io/hello-function:good and verified; settings: GREETING, NEW restored;"
        in run.log
    )
    assert "settings  GREETING, NEW restored" in run.log
    assert "| Settings | GREETING, NEW restored |" in run.summaries[0][1]
    assert "| Configuration | alwaysOn, healthCheckPath restored |" in run.summaries[0][1]
    assert "configuration  alwaysOn, healthCheckPath restored" in run.log
    assert promotion.site.settings == before
    assert (promotion.site.config["alwaysOn"], promotion.site.config["healthCheckPath"]) == (False, "")
    assert promotion.call()[1].startswith("Servus")


def test_the_old_image_with_new_settings_is_put_back_by_its_settings_alone(promotion: Pipeline) -> None:
    assert deploy(promotion).result == "Succeeded"
    at = len(promotion.azure.writes)
    run = deploy(promotion, appSettings="WEBSITES_PORT=81", verifyTimeoutMinutes="0.1")
    assert run.result == "Failed", run.log
    assert "rolled back to contoso.azurecr.io/hello-function:good and verified" in run.log
    assert "WEBSITES_PORT" not in promotion.site.settings
    assert writes(promotion, since=at) == ["PUT appsettings", "PUT appsettings"]
    assert promotion.call()[0] == 200


def test_a_run_that_is_cancelled_while_settings_are_written_says_what_is_not_known(promotion: Pipeline) -> None:
    def cancel() -> None:
        task.cancel()

    promotion.azure.faults.meanwhile(PUT, cancel)
    promotion.azure.faults.script(PUT, status=None, delay=8, times=None)
    given = {"command": "deploy", "imageName": "hello-function:good", "appSettings": "GREETING=Hi"}
    task = promotion.start(given)
    run = task.wait(30)
    assert run.result == "Canceled"
    assert "docker-func-sample still has its previous image; settings: GREETING may have been written" in run.log


def test_a_container_that_prints_its_settings_shows_none_of_them(promotion: Pipeline) -> None:
    (promotion.sources / "Dockerfile").write_text(BASE + 'ENTRYPOINT ["/bin/sh", "-c", "echo leaked: $WORD; exit 1"]\n')
    given = {"appSettings": "WORD=correcthorsebattery", "configurationStrings": "alwaysOn=true"}
    run = promotion.run(given, verifyTimeoutMinutes="0.1", tags="leaks", recordFile="record.json")
    assert the_error(run) == "container-exits"
    assert "leaked: ***" in run.log
    assert "correcthorsebattery" not in run.log
    record = json.loads((promotion.sources / "record.json").read_text())
    assert (record["settings"], record["configuration"]) == (["WORD"], ["alwaysOn"])
