"""How a start failed: probes, exits and pulls, and which of them is the cause."""

from __future__ import annotations

from datetime import timedelta

from pytask.targets.site.platform_log import FailureKind
from tests.unit.platform_log.lines import (
    APP,
    EXIT_2025,
    GOOD,
    GOOD_2025,
    NEW,
    OLD,
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
)


def test_the_probes_failure_comes_before_the_platforms_own_stop() -> None:
    text = (
        RUNS_2025
        + of_2025(233.5, "Site startup probe failed after 230.1 seconds.")
        + of_2025(234, "Container is terminating. Grace period: 5 seconds.")
        + of_2025(234.1, "Stopping container: 0e9d12767434_hello.")
        + of_2025(240, "Site container: hello terminated during site startup.")
    )
    failure = latest(text).failure
    assert failure
    assert (failure.kind, failure.at) == (FailureKind.SILENT, SINCE + timedelta(seconds=233.5))
    assert failure.consequences == ("Site container: hello terminated during site startup.",)
    assert latest(text).stopped_at == SINCE + timedelta(seconds=234.1)


def test_an_exit_code_before_the_probes_failure_is_the_cause() -> None:
    failure = latest(RUNS_2025 + EXIT_2025).failure
    assert failure
    assert failure.line == "Container has finished running with exit code: 3."


def test_a_container_that_ended_before_the_platform_gave_up_was_not_silent() -> None:
    shortened = "".join(line for line in EXIT_2025.splitlines(keepends=True) if "exit code" not in line)
    assert kind(RUNS_2025 + shortened) is FailureKind.START_FAILED


def test_the_end_of_an_attempt_alone_tells_of_its_failure() -> None:
    assert kind(EXIT_2025) is FailureKind.EXITED
    assert kind(classic(1, "Stopping site hello because it failed during startup.")) is FailureKind.START_FAILED


def test_a_container_of_before_or_kudus_that_exits_is_no_failure_of_the_new_one() -> None:
    old = EXIT_2025.splitlines(keepends=True)[:3]
    assert latest(RUNS_2025 + "".join(old).replace("0e9d12767434", "3d4785922b72")).failure is None
    kudu = "".join(old).replace("period: 5", "period: 0").replace("_hello", "_hello_kudu")
    assert latest(RUNS_2025 + kudu).failure is None


def test_an_exit_that_no_line_gives_a_container_is_that_of_the_attempt_before_and_not_of_the_next() -> None:
    exited = RUNS_2025 + of_2025(6, "Container has finished running with exit code: 3.")
    again = RUNS_2025.replace("0e9d12767434", "111111111111").replace("T12:00:0", "T12:00:1")
    first, second = read(exited + again).attempts
    assert (first.failure and first.failure.kind, second.failure) == (FailureKind.EXITED, None)


def test_a_container_that_exits_after_it_was_ready_has_failed() -> None:
    attempt = latest(GOOD_2025 + "".join(EXIT_2025.splitlines(keepends=True)[:3]).replace("T12:00:06", "T12:00:56"))
    assert attempt.ready_at
    assert attempt.failure
    assert attempt.failure.kind is FailureKind.EXITED


def test_a_site_that_is_blocked_keeps_the_failure_that_led_to_it() -> None:
    blocked = of_2025(20, "Start site prohibitted because the site is being blocked.")
    assert kind(RUNS_2025 + EXIT_2025 + blocked) is FailureKind.EXITED


def test_the_exit_is_the_cause_and_the_pings_are_not() -> None:
    text = (
        GOOD.splitlines(keepends=True)[0]
        + docker_run(3, REFERENCE)
        + classic(5, f"Container {APP} for site hello has exited, failing site start", "ERROR")
        + classic(6, f"Container {APP} didn't respond to HTTP pings on port: 80, failing site start.", "ERROR")
        + classic(7, "Stopping site hello because it failed during startup.")
    )
    failure = latest(text).failure
    assert failure
    assert failure.line == f"Container {APP} for site hello has exited, failing site start"
    assert len(failure.consequences) == 2


REFUSED = classic(2, f'DockerApiException: response={{"message":"manifest for {REFERENCE} not found"}}', "ERROR")


def test_the_first_error_of_a_pull_is_the_cause_and_not_that_of_its_second_try() -> None:
    text = (
        classic(1, f"Pulling image: {REFERENCE}")
        + REFUSED
        + classic(3, f"Pulling image: {REFERENCE}")
        + classic(4, 'DockerApiException: response={"message":"unauthorized: authentication required"}', "ERROR")
        + classic(5, "Image pull failed: Verify docker image configuration and credentials", "ERROR")
    )
    assert len(read(text).attempts) == 1
    assert kind(text) is FailureKind.PULL_NOT_FOUND


def test_a_copy_that_was_run_after_a_refused_pull_is_no_pulled_image() -> None:
    text = classic(1, f"Pulling image: {REFERENCE}") + REFUSED + docker_run(3, f"contoso.azurecr.io/hello@{OLD}")
    attempt = latest(text)
    assert (attempt.started, attempt.pulled, attempt.failure) == (OLD, False, attempt.pull_failure)
    up = latest(text + classic(4, f"Container {APP} for site hello {READY}"))
    assert (up.failure, up.pull_failure) == (None, attempt.pull_failure)


def test_the_pull_of_a_later_start_is_another_attempt() -> None:
    later = classic(90, f"Pulling image: {REFERENCE}")
    assert len(read(classic(1, f"Pulling image: {REFERENCE}") + REFUSED + later).attempts) == 2
    other = classic(3, "Pulling image: contoso.azurecr.io/hello:3")
    assert len(read(classic(1, f"Pulling image: {REFERENCE}") + REFUSED + other).attempts) == 2


def test_a_sidecar_whose_failure_ends_the_start_is_its_cause() -> None:
    text = (
        docker_run(3, REFERENCE)
        + classic(4, f"Container {APP}_msiProxy for site hello has exited, failing site start", "ERROR")
        + classic(5, "Stopping site hello because it failed during startup.")
    )
    failure = latest(text).failure
    assert failure
    assert "_msiProxy" in failure.line


def test_the_first_form_of_all_prints_the_pull_below_one_line() -> None:
    text = (
        "2026-11-23 12:00:01.123 INFO  - Issuing docker pull  contoso.azurecr.io/hello:2\n"
        "2026-11-23 12:00:02.123 INFO  - docker pull returned STDOUT>> 2: Pulling from hello\n"
        f"f17d81b4b692: Already exists\nDigest: {NEW}\nStatus: Downloaded newer image for {REFERENCE}\n"
    )
    attempt = latest(text)
    assert (attempt.reference, attempt.digest, attempt.pulled) == (REFERENCE, NEW, True)


def test_the_site_that_is_up_is_none_that_failed() -> None:
    text = RUNS_2025 + of_2025(8, "Site startup probe failed after 4.5 seconds.") + of_2025(9, "Site started.")
    assert latest(text).ready_at is None
