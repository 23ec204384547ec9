"""What the container prints is kept, forges nothing, and costs little time to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.growth import grows_linearly
from tests.unit.platform_log.lines import (
    APP,
    EXIT_2025,
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
    latest,
    of_2025,
    read,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Callable


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
