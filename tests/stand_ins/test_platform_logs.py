"""The platform's log in both dialects, for starts that succeed and for every way they fail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.images import pushed, pushed_for_arm64
from tests.local_azure.client import arm

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.logs.platform_log import Dialect
    from tests.local_azure.state.state import Principal, RegistryState

NOWHERE = "contoso.azurecr.io/shop:nowhere"
SHORT = {"WEBSITES_CONTAINER_START_TIME_LIMIT": "8"}


def test_a_start_in_the_newer_form_names_states_and_no_digest(azure: LocalAzure, deployer: Principal) -> None:
    image = pushed(azure, deployer, "one")
    site = azure.add_app("shop", image=image, log="2025")
    log = arm(azure, deployer, "POST", f"{site.id}/containerlogs").text
    assert "Action: PullingImage, LastError: , LastErrorTimestamp: 01/01/0001 00:00:00, LastErrorDetails: , Det" in log
    assert f"Pulling image: {image}." in log
    assert f"Creating container with image: {image} from registry: contoso.azurecr.io and fully" in log
    assert re.search(r"Site startup probe succeeded after \d+\.\d{7} seconds\.", log)
    assert "Site started." in log
    assert "State: Started, Action: None" in log
    assert "sha256:" not in log


def test_an_image_that_the_machine_has_is_started_without_a_line_that_it_was_pulled(
    azure: LocalAzure, deployer: Principal
) -> None:
    image = pushed(azure, deployer, "never pulled before", "RUN date +%N >/when")
    site = azure.add_app("shop", image=image, log="2025")
    assert azure.log(site).count(f"Image {image} is pulled from registry contoso.azurecr.io") == 1
    arm(azure, deployer, "POST", f"{site.id}/restart")
    azure.settle(site)
    assert azure.log(site).count("Site started.") == 2
    assert azure.log(site).count(f"Image {image} is pulled from registry contoso.azurecr.io") == 1


def test_the_newer_form_keeps_the_last_error_when_the_app_runs_again(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=NOWHERE, log="2025")
    site.config["linuxFxVersion"] = f"DOCKER|{pushed(azure, deployer, 'one')}"
    azure.start_app(site)
    started = next(line for line in azure.log(site).splitlines() if "State: Started" in line)
    assert "LastError: ImagePull" in started


@pytest.mark.parametrize(
    ("dialect", "sign"),
    [("classic", r"response=\{\"message\":\".*unauthorized"), ("2025", "LastError: ImagePullUnauthorizedFailure")],
)
def test_a_refused_pull(azure: LocalAzure, deployer: Principal, dialect: Dialect, sign: str) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), pull=None, log=dialect)
    assert re.search(sign, azure.log(site))


@pytest.mark.parametrize(
    ("dialect", "attempts"),
    [("classic", ["manifest unknown", "unauthorized"]), ("2025", ["ImagePullFailure"])],
)
def test_a_tag_that_is_not_there(
    azure: LocalAzure, registry: RegistryState, dialect: Dialect, attempts: list[str]
) -> None:
    site = azure.add_app("shop", image=NOWHERE, log=dialect, registry=registry)
    first = azure.log(site).split("failed during startup")[0].split("Revert by stopping site")[0]
    told = r"manifest unknown(?=: manifest tagged)|unauthorized(?=: authentication)|ImagePullFailure(?=\. Revert)"
    found = re.findall(told, first)
    assert list(dict.fromkeys(found)) == attempts


@pytest.mark.parametrize(
    ("dialect", "sign"),
    [
        ("classic", "client with IP '20.50.2.51' is not allowed access. Refer https://aka.ms/acr/firewall"),
        ("2025", "LastError: ImagePullUnauthorizedFailure"),
    ],
)
def test_a_registry_behind_a_firewall(
    azure: LocalAzure, deployer: Principal, registry: RegistryState, dialect: Dialect, sign: str
) -> None:
    image = pushed(azure, deployer, "one")
    registry.firewall_denies_app = True
    site = azure.add_app("shop", image=image, log=dialect)
    assert sign in azure.log(site)
    assert azure.serving(site) is None


@pytest.mark.parametrize(
    ("dialect", "sign"),
    [
        ("classic", "for site shop has exited, failing site start"),
        ("2025", "Container has finished running with exit code: 3."),
    ],
)
def test_a_container_that_exits(azure: LocalAzure, deployer: Principal, dialect: Dialect, sign: str) -> None:
    image = pushed(azure, deployer, "one", 'CMD ["sh", "-c", "echo last words >&2; exit 3"]')
    log = azure.log(azure.add_app("shop", image=image, log=dialect))
    assert sign in log
    assert log.index("last words") < log.index(sign)


@pytest.mark.parametrize(
    ("dialect", "sign"),
    [
        ("classic", "didn't respond to HTTP pings on port: 80, failing site start"),
        ("2025", "LastError: ContainerTimeout"),
    ],
)
def test_a_container_that_never_answers(azure: LocalAzure, deployer: Principal, dialect: Dialect, sign: str) -> None:
    image = pushed(azure, deployer, "one", 'CMD ["sleep", "600"]')
    site = azure.add_app("shop", image=image, log=dialect, settings=SHORT)
    assert sign in azure.log(site)


@pytest.mark.parametrize("dialect", ["classic", "2025"])
def test_a_program_for_another_processor(azure: LocalAzure, deployer: Principal, dialect: Dialect) -> None:
    log = azure.log(azure.add_app("shop", image=pushed_for_arm64(azure, deployer), log=dialect))
    assert "exec format error" in log


@pytest.mark.parametrize(
    ("dialect", "sign"),
    [
        ("classic", "Container start failed for shop_1_"),
        ("2025", "Container start up failed with reason: ContainerCreateFailure"),
    ],
)
def test_a_program_that_is_not_there(azure: LocalAzure, deployer: Principal, dialect: Dialect, sign: str) -> None:
    image = pushed(azure, deployer, "one", 'CMD ["/nowhere"]')
    assert sign in azure.log(azure.add_app("shop", image=image, log=dialect))


@pytest.mark.parametrize(
    ("dialect", "sign"),
    [("classic", "Container ID 1000000000 cannot be mapped to a host ID"), ("2025", "LastError: ImagePullFailure")],
)
def test_an_owner_that_cannot_be_mapped(azure: LocalAzure, deployer: Principal, dialect: Dialect, sign: str) -> None:
    image = pushed(azure, deployer, "one", "COPY --chown=1000000000:0 app/host.json /")
    assert sign in azure.log(azure.add_app("shop", image=image, log=dialect))


@pytest.mark.parametrize(
    ("dialect", "before"),
    [
        ("classic", r"\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z "),
        ("classic_raw", ""),
        ("2025", r"\d{4}-\d\d-\d\dT[\d:]+\.\d{1,7}Z "),
    ],
)
def test_what_a_container_prints_is_taken_over_as_it_is(
    azure: LocalAzure, deployer: Principal, dialect: Dialect, before: str
) -> None:
    forged = "2099-01-01T00:00:00.000Z INFO  - docker run -d --name shop_9_x contoso.azurecr.io/shop@sha256:beef"
    program = f"CMD printf '%s\\r%s\\n' 'two in one' 'Site started.'; echo '{forged}'; exec python3 -m functions_host"
    log = azure.log(azure.add_app("shop", image=pushed(azure, deployer, "one", program), log=dialect))
    assert re.search(f"^{before}{re.escape(forged)}\r?$", log, re.MULTILINE)
    assert re.search("two in one\rSite started.\r?\n", log)


def test_an_app_may_have_no_log_or_one_that_may_not_be_read(azure: LocalAzure, deployer: Principal) -> None:
    image = pushed(azure, deployer, "one")
    without = azure.add_app("without", image=image, log=None)
    assert arm(azure, deployer, "POST", f"{without.id}/containerlogs").status_code == 204
    site = azure.add_app("shop", image=image)
    reader = azure.add_principal("reader", roles={site.id: "Reader"})
    refused = arm(azure, reader, "POST", f"{site.id}/containerlogs")
    assert refused.status_code == 403
    assert f"'Microsoft.Web/sites/containerlogs/action' over scope '{site.id}'" in refused.text


def test_a_copy_of_an_earlier_pull_serves_when_the_pull_of_a_moved_tag_fails(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "old", tag="moving"))
    old = azure.serving(site)
    pushed(azure, deployer, "new", tag="moving")
    registry.firewall_denies_app = True
    arm(azure, deployer, "POST", f"{site.id}/restart")
    azure.settle(site)
    assert azure.serving(site) not in {old, None}
    assert azure.get(f"{site.url}/api/Hello") == (200, "old")
    assert "Defaulting to local copy if present." in azure.log(site)
