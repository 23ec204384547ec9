"""The App Service of the local Azure behaves as the real one where it matters: real pulls, real containers."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from tests.images import pushed
from tests.local_azure.client import arm, host_status, point_at

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState


def test_a_patched_image_is_pulled_and_serves(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")
    two = pushed(azure, deployer, "two")
    patched = time.monotonic()
    point_at(azure, deployer, site, two)
    azure.settle(site)
    assert azure.get(f"{site.url}/api/Hello") == (200, "two")
    status = host_status(azure, deployer, site)
    assert status["state"] == "Running"
    assert status["processUptime"] < (time.monotonic() - patched) * 1000
    functions = arm(azure, deployer, "GET", f"{site.id}/functions").json()["value"]
    assert [one["properties"]["name"] for one in functions] == ["Hello"]


def test_the_log_names_the_tag_that_runs_the_digest_that_was_pulled_and_no_secret(
    azure: LocalAzure, deployer: Principal
) -> None:
    image = pushed(azure, deployer, "one")
    site = azure.add_app("shop", image=image, settings={"PASSWORD": "hush hush"})
    log = arm(azure, deployer, "POST", f"{site.id}/containerlogs").text
    started = next(line for line in log.splitlines() if "docker run -d" in line)
    assert started.split()[-1] == image
    assert re.search(r" INFO  -  Digest: sha256:[0-9a-f]{64}\r?\n", log)
    assert "STAND-IN for the Azure Functions host" in log
    assert "hush hush" not in log


def test_an_image_that_cannot_be_pulled_leaves_the_old_one_serving(
    azure: LocalAzure,
    deployer: Principal,
) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    point_at(azure, deployer, site, "contoso.azurecr.io/shop:nowhere")
    azure.settle(site)
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")
    errors = [line for line in azure.log(site).splitlines() if " ERROR - " in line]
    assert 'manifest tagged by \\"nowhere\\" is not found' in errors[0]
    assert "unauthorized: authentication required" in errors[1]
    assert "Image pull failed: Verify docker image configuration" in errors[2]


def test_an_app_without_credentials_cannot_pull(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), pull=None)
    assert azure.get(site.url)[0] == 503
    assert "unauthorized: authentication required" in azure.log(site)
    status = arm(azure, deployer, "GET", f"{site.id}/host/default/properties/status")
    assert status.status_code in {400, 408, 502, 503, 504}


def test_an_app_pulls_with_the_admin_user_and_keeps_the_password(
    azure: LocalAzure,
    deployer: Principal,
    registry: RegistryState,
) -> None:
    image = pushed(azure, deployer, "one", 'CMD ["env"]')
    site = azure.add_app("shop", image=image, pull="admin_user", settings={"GREETING": "hello"})
    log = azure.log(site)
    assert "Pull Image successful" in log
    assert "GREETING=hello" in log
    assert registry.admin_password not in log


def test_a_container_that_exits_is_told_from_one_that_is_silent(azure: LocalAzure, deployer: Principal) -> None:
    ends = pushed(azure, deployer, "one", 'CMD ["sh", "-c", "echo last words; exit 3"]')
    site = azure.add_app("ends", image=ends)
    assert "for site ends has exited, failing site start" in azure.log(site)
    assert "last words" in azure.log(site)

    silent = pushed(azure, deployer, "one", 'CMD ["sleep", "600"]')
    limit = {"WEBSITES_CONTAINER_START_TIME_LIMIT": "5"}
    site = azure.add_app("silent", image=silent, settings=limit)
    assert "didn't respond to HTTP pings on port: 80, failing site start" in azure.log(site)
    assert azure.serving(site) is None


def test_a_newer_change_supersedes_a_start_under_way(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    two, three = (pushed(azure, deployer, answer) for answer in ("two", "three"))
    azure.faults.script("manifests", status=None, delay=1.0, times=2)
    point_at(azure, deployer, site, two)
    point_at(azure, deployer, site, three)
    azure.settle(site)
    assert azure.get(f"{site.url}/api/Hello") == (200, "three")
    assert "_2_" not in azure.log(site)


def test_a_restart_pulls_again_and_brings_a_new_container(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    before = azure.serving(site)
    assert arm(azure, deployer, "POST", f"{site.id}/restart").status_code == 200
    azure.settle(site)
    assert azure.serving(site) not in {before, None}
    assert len(re.findall(r" docker run -d .* --name shop_\d_[0-9a-f]{8} ", azure.log(site))) == 2
    assert "Status: Image is up to date for" in azure.log(site)


def test_the_platforms_storage_hides_the_functions_unless_it_is_off(
    azure: LocalAzure,
    deployer: Principal,
) -> None:
    storage = {"WEBSITES_ENABLE_APP_SERVICE_STORAGE": None}
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), settings=storage)
    assert arm(azure, deployer, "GET", f"{site.id}/functions").json() == {"value": []}
    listed = arm(azure, deployer, "POST", f"{site.id}/config/appsettings/list").json()["properties"]
    wanted = {"properties": listed | {"WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false"}}
    assert arm(azure, deployer, "PUT", f"{site.id}/config/appsettings", json=wanted).status_code == 200
    azure.settle(site)
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")


def test_a_user_id_beyond_65535_is_refused_in_the_platforms_words(
    azure: LocalAzure,
    deployer: Principal,
) -> None:
    image = pushed(azure, deployer, "one", "COPY --chown=1000000000:0 app/host.json /")
    site = azure.add_app("shop", image=image)
    assert "Container ID 1000000000 cannot be mapped to a host ID" in azure.log(site)
    assert azure.serving(site) is None
