"""Each text of the platform leads to its cause."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pytask.functionapp.explain import explain, explain_host
from pytask.functionapp.platform_log import latest_start
from pytask.model import HostProcess
from pytask.targets.site.redaction import redacted

SINCE = datetime(2026, 11, 23, tzinfo=timezone.utc)
DIGEST = "sha256:" + "1" * 64
SETTINGS = {"DbPassword": "correct-horse-battery", "Short": "abc"}


def a_log(failure: str, *, started: bool, said: str = "") -> str:
    """Give the log of one attempt that ended with a line of the platform, in the classic dialect."""
    lines = ["INFO  - Pulling image: contoso.azurecr.io/x:1"]
    lines += [f"INFO  - Digest: {DIGEST}", f"INFO  - docker run -d --name app_1 x@{DIGEST}"] if started else []
    told = "".join(f"2026-11-23T12:00:00.000Z {line}\n" for line in lines)
    spoken = "".join(f"2026-11-23T12:00:00.000000000Z {line}\n" for line in said.splitlines())
    return f"{told}{spoken}2026-11-23T12:00:01.000Z ERROR - {failure}\n"


def explained(failure: str, *, started: bool, said: str = "") -> tuple[str, str]:
    start = latest_start(a_log(failure, started=started, said=said), since=SINCE)
    assert start
    event = start.failure()
    assert event
    found = explain(start, event, app="app", reference="contoso.azurecr.io/x:1", settings=SETTINGS)
    return found.code, str(found.tell(found.happened))


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (
            "manifest for contoso.azurecr.io/x:1 not found: manifest unknown: manifest tagged by 1 is not found",
            "pull-not-found",
        ),
        ("unauthorized: authentication required, visit https://aka.ms/acr/authorization", "pull-unauthorized"),
        ("pull access denied for x: denied: client with IP '1.2.3.4' is not allowed access", "pull-firewall"),
        ("pull access denied for x, repository does not exist or may require 'docker login'", "pull-unauthorized"),
        ("Get https://contoso.azurecr.io/v2/: dial tcp: lookup contoso.azurecr.io: no such host", "pull-network"),
        ("Pulling docker image contoso.azurecr.io/x:1 over VNET failed", "pull-network"),
        ("no matching manifest for linux/amd64 in the manifest list entries", "image-architecture"),
        ("failed to register layer: Container ID 1000000000 cannot be mapped to a host ID", "user-id-out-of-range"),
        ("Image pull failed: something nobody has seen before", "pull-failed"),
    ],
)
def test_a_failed_pull_has_its_cause(failure: str, code: str) -> None:
    assert explained(failure, started=False)[0] == code


@pytest.mark.parametrize(
    ("failure", "said", "code"),
    [
        (
            "Container app_1 for site app has exited, failing site start",
            "Traceback\nModuleNotFoundError: x",
            "container-exits",
        ),
        (
            "Container app_1 for site app has exited, failing site start",
            "exec /start.sh: exec format error",
            "image-architecture",
        ),
        (
            "Container app_1 didn't respond to HTTP pings on port: 80, failing site start",
            "listening",
            "container-silent",
        ),
        ("OCI runtime create failed: a thing nobody has seen", "", "container-start-failed"),
    ],
)
def test_a_failed_start_has_its_cause_and_the_containers_last_lines(failure: str, said: str, code: str) -> None:
    found, happened = explained(failure, started=True, said=said)
    assert found == code
    assert all(line in happened for line in said.splitlines())


def test_values_of_settings_and_what_looks_like_a_secret_are_not_shown() -> None:
    said = "connecting with correct-horse-battery\nAccountKey=abcdef== password: hunter2 abc"
    _, happened = explained("Container app_1 has exited, failing site start", started=True, said=said)
    assert "correct-horse-battery" not in happened
    assert "abcdef" not in happened
    assert "hunter2" not in happened
    assert redacted("abc", SETTINGS) == "abc"


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        (
            ("Microsoft.Azure.WebJobs.Host: storage account connection string 'AzureWebJobsStorage' is invalid.",),
            "storage-broken",
        ),
        (("The 'HttpTriggerSample' function is in error: cannot load",), "host-error"),
    ],
)
def test_what_the_host_reports_has_its_cause(errors: tuple[str, ...], code: str) -> None:
    host = HostProcess(instance="i", started=SINCE, started_after=0, state="Error", version="4", errors=errors)
    failure = explain_host(host, app="app", reference="x:1")
    assert failure
    assert failure.code == code


def test_a_host_without_errors_explains_nothing() -> None:
    host = HostProcess(instance="i", started=SINCE, started_after=0, state="Running", version="4", errors=())
    assert explain_host(host, app="app", reference="x:1") is None
