"""The functions host of an app as callers and ARM meet it: keys, errors, triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.images import pushed
from tests.local_azure.client import arm, host_status

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal

LEVEL = "RUN sed -i s/anonymous/{}/ /home/site/wwwroot/Hello/function.json"


def test_a_function_opens_to_its_own_key_and_the_apps_only(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one", LEVEL.format("function")))
    other = azure.add_app("other", image=str(site.image))
    keys = arm(azure, deployer, "POST", f"{site.id}/functions/hello/listkeys").json()
    assert set(keys) == {"default"}
    url = f"{site.url}/api/Hello"
    assert azure.get(url)[0] == 401
    assert azure.get(url, headers={"x-functions-key": other.keys.of("Hello")})[0] == 401
    assert azure.get(url, headers={"x-functions-key": keys["default"]}) == (200, "one")
    assert azure.get(f"{url}?code={keys['default']}") == (200, "one")
    assert azure.get(url, headers={"x-functions-key": site.keys.host}) == (200, "one")
    assert keys["default"] not in azure.log(site)
    assert site.keys.seed not in azure.log(site)
    missing = arm(azure, deployer, "POST", f"{site.id}/functions/other/listkeys")
    assert missing.status_code == 404


def test_an_admin_function_takes_the_master_key(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one", LEVEL.format("admin")))
    assert azure.get(f"{site.url}/api/Hello", headers={"x-functions-key": site.keys.of("Hello")})[0] == 401
    assert azure.get(f"{site.url}/api/Hello", headers={"x-functions-key": site.keys.master}) == (200, "one")


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        ("broken", 'Settings must be of the form "name=value".'),
        ("AccountName=stcontoso", "No valid combination of account information found."),
    ],
)
def test_broken_storage_puts_the_host_in_error(
    azure: LocalAzure, deployer: Principal, connection: str, words: str
) -> None:
    settings = {"AzureWebJobsStorage": connection}
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), settings=settings)
    status = host_status(azure, deployer, site)
    assert status["state"] == "Error"
    assert words in status["errors"][0]
    assert azure.get(f"{site.url}/api/Hello") == (503, "Function host is not running.")


def test_a_function_that_cannot_be_loaded_shows_in_the_status(azure: LocalAzure, deployer: Principal) -> None:
    spoil = "RUN echo import nowhere >> /home/site/wwwroot/Hello/__init__.py"
    site = azure.add_app("shop", image=pushed(azure, deployer, "one", spoil))
    status = host_status(azure, deployer, site)
    assert status["state"] == "Running"
    assert "No module named 'nowhere'" in status["errors"][0]


def test_an_image_without_functions_runs_and_lists_none(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one", "RUN rm -r /home/site/wwwroot/Hello"))
    assert host_status(azure, deployer, site)["state"] == "Running"
    assert arm(azure, deployer, "GET", f"{site.id}/functions").json()["value"] == []


def test_functions_are_listed_with_bindings_address_and_whether_they_are_off(
    azure: LocalAzure, deployer: Principal
) -> None:
    settings = {"AzureWebJobs.Hello.Disabled": "true"}
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), settings=settings)
    (function,) = arm(azure, deployer, "GET", f"{site.id}/functions").json()["value"]
    properties = function["properties"]
    assert properties["config"]["bindings"][0]["type"] == "httpTrigger"
    assert properties["invoke_url_template"] == "https://shop.azurewebsites.net/api/hello"
    assert properties["isDisabled"] is True
    assert azure.get(f"{site.url}/api/Hello")[0] == 404


def test_triggers_are_synced_only_while_a_host_answers(azure: LocalAzure, deployer: Principal) -> None:
    down = azure.add_app("down")
    assert arm(azure, deployer, "POST", f"{down.id}/syncfunctiontriggers").status_code == 400
    assert (down.trigger_syncs, down.refused_syncs) == (0, 1)
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    assert arm(azure, deployer, "POST", f"{site.id}/syncfunctiontriggers").status_code == 204
    assert (site.trigger_syncs, site.refused_syncs) == (1, 0)
