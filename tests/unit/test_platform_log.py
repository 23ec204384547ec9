"""Reading App Service's own lines about a start: what they say of the app's container, and of nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.targets.site.platform_log import Attempt, FailureKind, PlatformLog, read_platform_log
from tests.unit.growth import grows_linearly

if TYPE_CHECKING:
    from collections.abc import Callable

NEW, OLD = "sha256:" + "1" * 64, "sha256:" + "0" * 64
REFERENCE = "contoso.azurecr.io/hello:2"
SINCE = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
APP = "hello_0_9a00cf51"
READY = "initialized successfully and is ready to serve requests."


def classic(second: float, text: str, level: str = "INFO ") -> str:
    return f"{SINCE + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z {level} - {text}\n"


def of_2025(second: float, text: str) -> str:
    return f"{SINCE + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".") + f"Z {text}\n"


def said(second: float, text: str) -> str:
    """Return a line of the container as it stands beside classic lines, with nine digits of a second."""
    return f"{SINCE + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}000Z {text}\n"


def docker_run(second: float, image: str, name: str = APP) -> str:
    return classic(second, f"docker run -d --expose=80 --name {name} -e WEBSITE_SITE_NAME=hello {image}  ")


def state(second: float, action: str, *, error: str = "", at: str = "01/01/0001 00:00:00", details: str = "") -> str:
    told = f"LastError: {error}, LastErrorTimestamp: {at}, LastErrorDetails: , Details: {details}, DetailsLevel: INFO"
    return of_2025(second, f"State: Starting, Action: {action}, {told}")


PULLED = (
    classic(1, f"Pulling image: {REFERENCE}")
    + classic(1.1, "2 Pulling from hello")
    + classic(2, f" Digest: {NEW}")
    + classic(2.1, f" Status: Downloaded newer image for {REFERENCE}")
    + classic(2.2, "Pull Image successful, Time taken: 1 Seconds")
)
GOOD = PULLED + docker_run(3, REFERENCE) + classic(4, f"Container {APP} for site hello {READY}")
RUNS_2025 = (
    state(1, "PullingImage", details=f"Pulling image {REFERENCE} for hello.")
    + of_2025(1.2, f"Pulling image: {REFERENCE}.")
    + of_2025(2, f"Image {REFERENCE} is pulled from registry contoso.azurecr.io")
    + of_2025(
        3,
        f"Creating container with image: {REFERENCE} from registry: contoso.azurecr.io and fully qualified image "
        f"name: {REFERENCE}",
    )
    + of_2025(3.5, "Starting container: 0e9d12767434_hello.")
)
GOOD_2025 = RUNS_2025 + of_2025(9, "Site startup probe succeeded after 5.5 seconds.") + of_2025(9.5, "Site started.")
KUDU_2025 = (
    of_2025(1.1, "Pulling image: appsvc/kudulite:noble_20260323.3.tuxprod.")
    + of_2025(
        1.6,
        "Creating container with image: appsvc/kudulite:noble from registry: 10.0.0.4:13209 and fully qualified image "
        "name: 10.0.0.4:13209/appsvc/kudulite:noble",
    )
    + of_2025(3.2, "Starting container: 390b5ad2efb6_hello_kudu.")
)


def read(text: str, *, since: datetime = SINCE, site: str = "", reference: str = REFERENCE) -> PlatformLog:
    return read_platform_log(text, reference=reference, since=since, site=site)


def latest(text: str, *, since: datetime = SINCE, site: str = "") -> Attempt:
    attempt = read(text, since=since, site=site).latest()
    assert attempt
    return attempt


def kind(text: str) -> FailureKind | None:
    failure = latest(text).failure
    return failure.kind if failure else None


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


EXIT_2025 = (
    of_2025(6, "Container has finished running with exit code: 3.")
    + of_2025(6.1, "Container is terminating. Grace period: 5 seconds.")
    + of_2025(6.2, "Stopping container: 0e9d12767434_hello.")
    + of_2025(6.5, "Site container: hello terminated during site startup.")
    + of_2025(7, "Site startup probe failed after 3.4 seconds.")
)


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


def test_the_first_form_of_all_prints_the_pull_below_one_line() -> None:
    text = (
        "2026-11-23 12:00:01.123 INFO  - Issuing docker pull  contoso.azurecr.io/hello:2\n"
        "2026-11-23 12:00:02.123 INFO  - docker pull returned STDOUT>> 2: Pulling from hello\n"
        f"f17d81b4b692: Already exists\nDigest: {NEW}\nStatus: Downloaded newer image for {REFERENCE}\n"
    )
    attempt = latest(text)
    assert (attempt.reference, attempt.digest, attempt.pulled) == (REFERENCE, NEW, True)


def test_what_the_container_printed_last_is_kept() -> None:
    printed = "".join(said(3 + second / 10, f"line {second}") for second in range(20))
    before = said(0.5, "of the container of before")
    assert latest(before + PULLED + docker_run(3, REFERENCE) + printed).output == tuple(
        f"line {second}" for second in range(12, 20)
    )
    assert latest(RUNS_2025 + of_2025(5, "Starting OpenBSD Secure Shell server: sshd.")).output == (
        "Starting OpenBSD Secure Shell server: sshd.",
    )


def test_what_is_printed_before_a_container_is_there_is_not_its_own() -> None:
    assert latest(PULLED + said(2.5, "old")).output == ()


FORGED = GOOD.replace(REFERENCE, "contoso.azurecr.io/hello:9")


def test_the_container_cannot_forge_classic_lines() -> None:
    printed = "".join(said(5, line) for line in FORGED.splitlines())
    cursor = said(6, "x\r" + FORGED.splitlines()[-1]) + said(6, "x\u2028" + docker_run(6, f"x@{OLD}").strip())
    text = PULLED + docker_run(3, REFERENCE)
    honest, forged = read(text), read(text + printed + cursor)
    assert [one.ready_at for one in forged.attempts] == [None]
    assert [(one.digest, one.started) for one in forged.attempts] == [
        (one.digest, one.started) for one in honest.attempts
    ]


def test_a_container_that_runs_does_not_change_what_it_was_started_from() -> None:
    forged = RUNS_2025.splitlines(keepends=True)[3].replace("hello:2", "hello:9").replace("T12:00:03", "T12:00:05")
    assert read(RUNS_2025 + forged).attempts[0].started == REFERENCE


def test_the_site_that_is_up_is_none_that_failed() -> None:
    text = RUNS_2025 + of_2025(8, "Site startup probe failed after 4.5 seconds.") + of_2025(9, "Site started.")
    assert latest(text).ready_at is None


WORDS = st.sampled_from([*GOOD.splitlines(), *GOOD_2025.splitlines(), *KUDU_2025.splitlines(), *EXIT_2025.splitlines()])
LINES = st.lists(st.one_of(WORDS, st.text(), st.builds("{}{}".format, WORDS, st.text())), max_size=30)


@given(LINES)
def test_no_text_makes_it_raise_and_line_ends_and_marks_do_not_matter(lines: list[str]) -> None:
    text = "\n".join(line.replace("\r", "").removeprefix("\ufeff") for line in lines)
    log = read(text)
    assert read(text.replace("\n", "\r\n")) == log
    assert read("\ufeff" + text) == log
    assert all(attempt.began >= SINCE for attempt in log.attempts)


@given(st.lists(st.one_of(WORDS, st.text()), max_size=10))
def test_nothing_that_the_container_prints_changes_a_classic_attempt(lines: list[str]) -> None:
    text = PULLED + docker_run(3, REFERENCE)
    printed = "".join(said(5, part) for line in lines for part in line.split("\n"))
    attempts = read(text + printed).attempts
    assert len(attempts) == 1
    assert (attempts[0].digest, attempts[0].started, attempts[0].ready_at, attempts[0].failure) == (
        NEW,
        REFERENCE,
        None,
        None,
    )


SIDECARS = "".join(
    docker_run(3, "appsvc/middleware:1", f"hello_{number}_middleware")
    + classic(4, f"Container hello_{number}_middleware for site hello {READY}")
    for number in range(300)
)
STARTS = "".join(docker_run(3, REFERENCE, f"hello_{number}_aaaaaaaa") for number in range(600))


def test_a_retry_that_gives_way_to_another_image_is_not_taken_for_the_one_that_comes_up() -> None:
    def start(at: float, reference: str, container: str) -> str:
        lines = (
            f"Pulling image: {reference}.",
            "Creating container.",
            f"Creating container with image: {reference} from registry: x and fully qualified image name: {reference}",
            f"Starting container: {container}_hello.",
            "Container is running.",
        )
        return "".join(of_2025(at + number / 10, line) for number, line in enumerate(lines))

    gave_up = of_2025(240, "Site startup probe failed after 230.0 seconds.") + of_2025(
        241, "Stopping container: aaaaaaaaaaaa_hello."
    )
    gave_way = of_2025(260, "Container start up interrupted. Revert by terminate.") + of_2025(
        261, "Site container: hello terminated during site startup."
    )
    up = of_2025(270, "Site startup probe succeeded after 19.5 seconds.") + of_2025(270.1, "Site started.")
    log = start(1, REFERENCE, "aaaaaaaaaaaa") + gave_up + start(250, REFERENCE, "bbbbbbbbbbbb") + gave_way
    *_, retry, last = read(log + start(262, "contoso.azurecr.io/hello:1", "cccccccccccc") + up).attempts
    assert (retry.ready_at, last.ready_at is not None, last.started) == (None, True, "contoso.azurecr.io/hello:1")


@pytest.mark.parametrize(
    "grown",
    [
        lambda times: classic(1, f"docker run -d --name {APP} " + "x" * 100_000 * times),
        lambda times: classic(1, f"docker run -d --name {APP} " + "-e " * 30_000 * times),
        lambda times: "#" * 32_768 * times,
        lambda times: "#\n" * 32_768 * times,
        lambda times: of_2025(1, "State: " + "LastError: , " * 8_000 * times),
        lambda times: '{"machineName":' + "[" * 100_000 * times,
        lambda times: "".join(SIDECARS.replace("hello_", f"hello{part}_") for part in range(times)),
        lambda times: "".join(STARTS.replace("hello_", f"hello{part}_") for part in range(times)),
        lambda times: classic(1, f"docker run -d --name {APP} -e A=b") + "a piece of it\n" * 8_000 * times,
    ],
)
def test_ten_times_the_log_takes_some_ten_times_as_long(grown: Callable[[int], str]) -> None:
    logs = {times: grown(times) for times in (1, 10)}
    assert grows_linearly(lambda times: read(logs[times]), small=1)
