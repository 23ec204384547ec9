"""Each text of the platform leads to its cause, in the catalogue's words."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import pytest

from pytask.errors.start import ReferenceInvalid, StartFailure
from pytask.targets.redaction import redacted
from pytask.targets.site.platform_log import Attempt, read_platform_log
from pytask.targets.site.start_failure import explain

SINCE = datetime(2026, 11, 23, tzinfo=timezone.utc)
DIGEST = "sha256:" + "1" * 64
SETTINGS = {"DbPassword": "correct-horse-battery", "Short": "abc"}


def attempt_with(failure: str, *, started: bool, said: str = "") -> Attempt:
    """Return the attempt of a log that ends with a line of the platform, in the classic form."""
    lines = ["INFO  - Pulling image: contoso.azurecr.io/x:1"]
    lines += [f"INFO  - Digest: {DIGEST}", f"INFO  - docker run -d --name app_0_1 x@{DIGEST}"] if started else []
    told = "".join(f"2026-11-23T12:00:00.000Z {line}\n" for line in lines)
    spoken = "".join(f"2026-11-23T12:00:00.000000000Z {line}\n" for line in said.splitlines())
    text = f"{told}{spoken}2026-11-23T12:00:01.000Z ERROR - {failure}\n"
    attempt = read_platform_log(text, reference="contoso.azurecr.io/x:1", since=SINCE).latest()
    assert attempt
    return attempt


def explained(failure: str, *, started: bool, said: str = "") -> StartFailure:
    return explain(
        attempt_with(failure, started=started, said=said),
        app="app",
        reference="contoso.azurecr.io/x:1",
        settings=SETTINGS,
    )


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (
            "manifest for contoso.azurecr.io/x:1 not found: manifest unknown: manifest tagged by 1 is not found",
            "pull-not-found",
        ),
        ("unauthorized: authentication required, visit https://aka.ms/acr/authorization", "pull-unauthorized"),
        ("denied: access forbidden", "pull-unauthorized"),
        ("pull access denied for x: denied: client with IP '1.2.3.4' is not allowed access", "pull-firewall"),
        ("pull access denied for x, repository does not exist or may require 'docker login'", "pull-unauthorized"),
        ("Get https://contoso.azurecr.io/v2/: dial tcp: lookup contoso.azurecr.io: no such host", "pull-network"),
        ("dial tcp: lookup contoso.azurecr.io: Temporary failure in name resolution", "pull-network"),
        ("net/http: request canceled while waiting for connection", "pull-network"),
        ("pull image interrupted", "pull-interrupted"),
        ("received unexpected HTTP status: 503 Service Unavailable", "pull-failed"),
        ("no matching manifest for linux/amd64 in the manifest list entries", "image-architecture"),
        ("Container ID 1000000000 cannot be mapped to a host ID", "user-id-out-of-range"),
        ("invalid reference format", ReferenceInvalid.code),
        ("something nobody has seen before", "pull-failed"),
    ],
)
def test_a_failed_pull_has_its_cause(failure: str, code: str) -> None:
    assert explained(f"DockerApiException: {failure}", started=False).code == code


@pytest.mark.parametrize(
    ("failure", "said", "code"),
    [
        (
            "Container app_0_1 for site app has exited, failing site start",
            "Traceback\nModuleNotFoundError: x",
            "container-exits",
        ),
        (
            "Container app_0_1 for site app has exited, failing site start",
            "exec /start.sh: exec format error",
            "image-architecture",
        ),
        (
            "Container app_0_1 didn't respond to HTTP pings on port: 80, failing site start",
            "listening",
            "container-silent",
        ),
        ("Start container failed: OCI runtime create failed: a thing nobody has seen", "", "container-start-failed"),
    ],
)
def test_a_failed_start_has_its_cause_and_the_containers_last_lines(failure: str, said: str, code: str) -> None:
    found = explained(failure, started=True, said=said)
    assert found.code == code
    assert all(line in found.tell(found.happened) for line in said.splitlines())


MOUNT = (
    "Volume: BYOS_files cannot be mounted at /mnt/files during container: app startup. The volume mount is required."
)
STATE = (
    "State: Stopping, Action: CancellingStartup, LastError: BYOSFailure, LastErrorTimestamp: 11/23/2026 12:00:01, "
    "LastErrorDetails: Failure mounting the provided storage. Permission was denied., Details: , DetailsLevel: ERR"
)


def of_2025(*lines: str) -> StartFailure:
    text = "".join(f"2026-11-23T12:00:{second:02}.5Z {line}\n" for second, line in enumerate(lines))
    attempt = read_platform_log(text, reference="contoso.azurecr.io/x:1", since=SINCE).latest()
    assert attempt
    return explain(attempt, app="app", reference="contoso.azurecr.io/x:1", settings=SETTINGS)


def test_a_storage_mount_that_is_refused_is_explained_by_the_states_details() -> None:
    failure = of_2025("Pulling image: contoso.azurecr.io/x:1.", MOUNT, STATE)
    assert failure.code == "storage-broken"
    assert failure.tell(failure.happened) == (
        "the app's platform log says: BYOSFailure: Failure mounting the provided storage. Permission was denied."
    )


def test_the_line_that_tells_more_of_a_silent_container_is_shown() -> None:
    probe, ports = (
        "Site startup probe failed after 230.01 seconds.",
        "No listening ports were detected in the container.",
    )
    failure = of_2025("Starting container: 0e9d12767434_app.", probe, ports)
    assert (failure.code, ports in failure.tell(failure.happened)) == ("container-silent", True)


def test_an_attempt_that_has_not_failed_has_nothing_to_explain() -> None:
    attempt = Attempt(began=SINCE)
    with pytest.raises(ValueError, match="has not failed"):
        explain(attempt, app="app", reference="x:1", settings=None)


def test_what_looks_like_a_secret_is_found_in_time_that_grows_with_the_line() -> None:
    assert redacted('{"password": "hunter2", "a": 1} token=x y', None) == '{"password": *** "a": 1} token=*** y'
    began = time.process_time()
    assert redacted("key" * 300_000, None) == "key" * 300_000
    assert "hunter2" not in redacted("key" * 300_000 + "=hunter2", None)
    assert time.process_time() - began < 2


def test_values_of_settings_and_what_looks_like_a_secret_are_not_shown() -> None:
    said = "connecting with correct-horse-battery\nAccountKey=abcdef== password: hunter2 abc"
    found = explained("Container app_0_1 has exited, failing site start", started=True, said=said)
    happened = found.tell(found.happened)
    assert "correct-horse-battery" not in happened
    assert "abcdef" not in happened
    assert "hunter2" not in happened
