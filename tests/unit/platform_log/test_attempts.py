"""What App Service's own lines tell of a start: image, digest, container, site."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytask.targets.site.platform_log import FailureKind, PlatformLog
from tests.unit.platform_log.lines import (
    APP,
    GOOD,
    GOOD_2025,
    KUDU_2025,
    NEW,
    OLD,
    PULLED,
    READY,
    REFERENCE,
    RUNS_2025,
    SINCE,
    classic,
    docker_run,
    kind,
    latest,
    of_2025,
    read,
    state,
)


def test_a_start_that_came_up_names_image_digest_and_container() -> None:
    attempt = latest(GOOD)
    assert (attempt.reference, attempt.digest, attempt.pulled) == (REFERENCE, NEW, True)
    assert (attempt.started, attempt.container, attempt.site) == (REFERENCE, APP, "hello")
    assert (attempt.ready_at, attempt.failure) == (SINCE + timedelta(seconds=4), None)
    assert attempt.phase() == "container is ready"


def test_a_container_that_runs_by_digest_was_started_from_that_digest() -> None:
    attempt = latest(docker_run(3, f"contoso.azurecr.io/hello@{NEW}"))
    assert (attempt.started, attempt.digest, attempt.pulled) == (NEW, NEW, False)


def test_the_digest_is_that_of_the_same_attempt() -> None:
    again = docker_run(11, REFERENCE, "hello_1_aaaaaaaa")
    attempt = latest(GOOD + again)
    assert (attempt.started, attempt.digest, attempt.pulled) == (REFERENCE, "", False)


def test_the_pull_of_another_image_is_no_evidence_for_the_one_that_runs() -> None:
    attempt = latest(PULLED + docker_run(3, "contoso.azurecr.io/hello:1"))
    assert (attempt.started, attempt.digest, attempt.pulled) == ("contoso.azurecr.io/hello:1", "", False)


def test_what_was_before_the_change_does_not_count() -> None:
    assert read(GOOD, since=SINCE + timedelta(minutes=1)) == PlatformLog()
    assert read("") == PlatformLog()


def test_an_attempt_that_began_before_the_change_and_goes_on_after_it_does_not_count() -> None:
    assert read(GOOD, since=SINCE + timedelta(seconds=2.5)).latest() is None


def test_each_start_is_an_attempt_and_the_latest_counts() -> None:
    log = read(GOOD + classic(9, f"Pulling image: {REFERENCE}"))
    assert [attempt.phase() for attempt in log.attempts] == ["container is ready", "pulling the image"]


@pytest.mark.parametrize("good", [GOOD, GOOD_2025])
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(good: str) -> None:
    assert read("\ufeff" + good.replace("\n", "\r\n")) == read(good)


def test_a_torn_first_line_and_blank_lines_change_nothing() -> None:
    assert read("026-11-23T11:59:58.1Z INFO  - Initiat\n" + GOOD.replace("\n", "\n\n")) == read(GOOD)


def test_a_log_that_was_exported_newest_first_reads_the_same() -> None:
    assert read("\n".join(reversed(GOOD.splitlines()))) == read(GOOD)


def test_lines_that_the_stream_repeats_count_once() -> None:
    assert read(GOOD + "Starting Live Log Stream ---\n" + GOOD).attempts[0].digest == NEW
    assert len(read(GOOD + GOOD).attempts) == 1


@pytest.mark.parametrize("sidecar", ["msiProxy", "middleware", "managedIdentity"])
def test_a_sidecar_that_is_ready_is_not_the_app(sidecar: str) -> None:
    ready = classic(4, f"Container {APP}_{sidecar} for site hello {READY}")
    run = docker_run(3.5, "mcr.microsoft.com/appsvc/middleware:stage5", f"{APP}_{sidecar}")
    attempt = latest(PULLED + docker_run(3, REFERENCE) + run + ready)
    assert (attempt.container, attempt.ready_at, attempt.phase()) == (APP, None, "container started")


def test_a_sidecar_that_is_pulled_last_gives_the_app_no_digest() -> None:
    sidecar = (
        classic(5, "Pulling image: mcr.microsoft.com/appsvc/middleware:stage5")
        + classic(5.1, "stage5 Pulling from appsvc/middleware")
        + classic(5.2, f" Digest: {OLD}")
        + classic(5.3, "Pull Image successful, Time taken: 1 Seconds")
    )
    assert latest(PULLED + docker_run(3, REFERENCE) + sidecar).digest == NEW
    assert latest(docker_run(3, REFERENCE) + sidecar).digest == ""


def test_a_sidecar_alone_is_no_attempt() -> None:
    head = classic(1, f" Digest: {OLD}") + classic(1.1, "Pull Image successful, Time taken: 1 Seconds")
    run = docker_run(2, "appsvc/msitokenservice:2007200210", f"{APP}_msiProxy")
    assert read(head + run).attempts == ()


def test_an_image_the_app_had_before_is_the_apps_too() -> None:
    attempt = latest(docker_run(3, "mcr.microsoft.com/azure-functions/node:4"))
    assert attempt.started == "mcr.microsoft.com/azure-functions/node:4"


def test_kudu_is_not_the_app_beside_before_or_after_it() -> None:
    both = "".join(sorted((RUNS_2025 + KUDU_2025).splitlines(keepends=True)))
    assert latest(both) == latest(RUNS_2025)
    assert read(KUDU_2025).attempts == ()


def test_the_dialect_of_2025_names_reference_container_and_site() -> None:
    attempt = latest(GOOD_2025)
    assert (attempt.reference, attempt.started, attempt.pulled) == (REFERENCE, REFERENCE, True)
    assert (attempt.container, attempt.site) == ("0e9d12767434_hello", "hello")
    assert attempt.ready_at == SINCE + timedelta(seconds=9)


def test_a_cached_image_has_no_line_that_says_it_was_pulled() -> None:
    cached = "".join(line for line in GOOD_2025.splitlines(keepends=True) if "is pulled from" not in line)
    attempt = latest(cached)
    assert (attempt.pulled, attempt.started) == (False, REFERENCE)
    assert attempt.ready_at


def test_the_old_container_that_stops_later_does_not_stop_the_new_one() -> None:
    stops = of_2025(29, "Stopping container: 3d4785922b72_hello.") + of_2025(34, "Site: hello stopped.")
    assert latest(GOOD_2025 + stops).stopped_at is None


def test_an_error_that_a_state_repeats_from_before_is_none() -> None:
    stale = state(0.5, "StartingSiteContainers", error="ContainerTimeout", at="11/23/2026 11:58:00")
    assert latest(stale + RUNS_2025).failure is None


def test_an_error_of_this_attempt_that_only_a_state_tells_is_one() -> None:
    told = state(5, "None", error="ImagePullUnauthorizedFailure", at="11/23/2026 12:00:04")
    assert kind(of_2025(1, f"Pulling image: {REFERENCE}.") + told) is FailureKind.PULL_UNAUTHORIZED


def test_slot_and_production_in_one_log_are_told_apart_by_the_site() -> None:
    slot = (
        GOOD_2025.replace("_hello.", "_hello_4342.").replace("for hello.", "for hello_4342.").replace("12:00", "12:01")
    )
    both = GOOD_2025 + slot
    assert latest(both, site="hello").container == "0e9d12767434_hello"
    assert latest(both, site="hello/staging").container == "0e9d12767434_hello_4342"
    assert len(read(both).attempts) == 2


@pytest.mark.parametrize(
    ("container", "site"),
    [
        ("hello_0_9a00cf51", "hello"),
        ("hello_0", "hello"),
        ("hello__4342_0_9a00cf51", "hello_4342"),
        ("deadbeefcafe_0_9a00cf51", "deadbeefcafe"),
        ("0e9d12767434_hello", "hello"),
        ("0e9d12767434_hello_4342", "hello_4342"),
        ("0e9d12767434_hello__4342", "hello_4342"),
    ],
)
def test_the_site_is_read_from_the_containers_name(container: str, site: str) -> None:
    assert latest(classic(1, f"Initiating warmup request to container {container} for site x")).site == site


def test_two_instances_that_start_at_once_each_come_up_by_themselves() -> None:
    second = RUNS_2025.replace("0e9d12767434", "111111111111").replace("T12:00:0", "T12:00:1")
    up = of_2025(16, "Site startup probe succeeded after 12.5 seconds.") + of_2025(16.5, "Site started.")
    first, other = read(RUNS_2025 + second + up).attempts
    assert (first.ready_at, other.ready_at) == (SINCE + timedelta(seconds=16), None)


@pytest.mark.parametrize(
    "run",
    [
        f"docker run -d -p 80:80 --name {APP} -e TITLE=two words -e A=1 {REFERENCE} python app.py -e x",
        f"docker run -d -p 80:80 --name {APP} -e KEY=one\ntwo three\n-e A=1 {REFERENCE}",
        f"docker run -d -p 80:80 --name {APP} -e A=1 {REFERENCE}\ninit_container.sh",
        f"docker run -d -p 80:80 --name {APP} {REFERENCE} --config.file=/etc/config.yml",
    ],
)
def test_the_image_in_docker_run_is_found_between_variables_and_command(run: str) -> None:
    attempt = latest(classic(3, run))
    assert (attempt.started, attempt.container) == (REFERENCE, APP)
