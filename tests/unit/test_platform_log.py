"""Reading App Service's own lines about a start."""

from __future__ import annotations

from datetime import datetime, timezone

from pytask.functionapp.platform_log import latest_start

NEW, OLD = "sha256:" + "1" * 64, "sha256:" + "0" * 64
SINCE = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)


def line(second: int, text: str, level: str = "INFO ") -> str:
    return f"2026-11-23T12:00:{second:02d}.123Z {level} - {text}\n"


def run_line(second: int, digest: str) -> str:
    return line(second, f"docker run -d --expose=80 --name app_1_abc -e X=y contoso.azurecr.io/hello@{digest}")


GOOD = (
    line(1, "Pulling image: contoso.azurecr.io/hello:1")
    + line(2, f"Digest: {NEW}")
    + run_line(3, NEW)
    + line(4, "Container app_1_abc for site app initialized successfully and is ready to serve requests.")
)


def test_a_start_that_came_up_names_its_digest() -> None:
    start = latest_start(GOOD, since=SINCE)
    assert start
    assert (start.pulled(), start.started(), start.ready(), start.failure()) == (True, NEW, True, None)
    assert start.phase() == "container is ready"


def test_what_was_before_the_change_does_not_count() -> None:
    assert latest_start(GOOD, since=SINCE.replace(minute=1)) is None
    assert latest_start("", since=SINCE) is None


def test_the_latest_start_counts() -> None:
    start = latest_start(GOOD + line(9, "Pulling image: contoso.azurecr.io/hello:1"), since=SINCE)
    assert start
    assert (start.started(), start.phase()) == ("", "pulling the image")


def test_the_first_pull_error_is_the_cause_and_not_the_last() -> None:
    text = (
        line(1, "Pulling image: contoso.azurecr.io/hello:1")
        + line(2, "manifest for contoso.azurecr.io/hello:1 not found: manifest unknown", "ERROR")
        + line(3, "Pulling image: contoso.azurecr.io/hello:1")
        + line(4, "unauthorized: authentication required", "ERROR")
        + line(5, "Image pull failed. Defaulting to local copy if present.", "WARN ")
    )
    start = latest_start(text, since=SINCE)
    assert start
    assert (failure := start.failure())
    assert "manifest unknown" in failure.text


def test_an_old_copy_that_was_started_instead_is_seen_as_such() -> None:
    text = line(1, "Pulling image: x") + line(2, "Image pull failed. Defaulting to local copy.") + run_line(3, OLD)
    start = latest_start(text, since=SINCE)
    assert start
    assert (start.started(), start.ready()) == (OLD, False)


def test_a_container_that_ended_is_a_failure_in_the_platforms_words() -> None:
    text = (
        line(1, "Pulling image: x")
        + line(1, f"Digest: {NEW}")
        + run_line(2, NEW)
        + line(3, "Container app_1_abc has exited, failing site start", "ERROR")
    )
    start = latest_start(text, since=SINCE)
    assert start
    assert (failure := start.failure())
    assert failure.text == "Container app_1_abc has exited, failing site start"


def test_lines_of_the_container_are_not_the_platforms() -> None:
    forged = f"docker run -d --name app_1 x@{NEW}\n2026-11-23T12:00:05Z INFO - Pulling image: x\n"
    assert latest_start(forged, since=SINCE) is None


def of_2025(second: int, text: str) -> str:
    return f"2026-11-23T12:00:{second:02d}.1234560Z {text}\n"


STARTED_2025 = (
    of_2025(
        1,
        "State: Starting, Action: PullingImage, LastError: ContainerTimeout, Details: Pulling image, DetailsLevel: INFO",
    )
    + of_2025(2, "Image hello:1 is pulled from registry contoso.azurecr.io")
    + of_2025(
        3,
        "Creating container with image: hello:1 from registry: contoso.azurecr.io and fully qualified image name: contoso.azurecr.io/hello:1",
    )
    + of_2025(4, "listening on 8080")
)


def test_the_dialect_of_2025_names_the_reference() -> None:
    text = STARTED_2025 + of_2025(5, "Site startup probe succeeded after 4.2 seconds.") + of_2025(6, "Site started.")
    start = latest_start(text, since=SINCE)
    assert start
    assert (start.pulled(), start.started(), start.ready(), start.failure()) == (
        True,
        "contoso.azurecr.io/hello:1",
        True,
        None,
    )


def test_an_error_that_a_state_line_only_repeats_is_none() -> None:
    start = latest_start(STARTED_2025, since=SINCE)
    assert start
    assert start.failure() is None
    assert start.tail == ("listening on 8080",)


def test_a_failed_probe_is_a_failure_in_the_dialect_of_2025() -> None:
    start = latest_start(STARTED_2025 + of_2025(9, "Site startup probe failed after 230 seconds."), since=SINCE)
    assert start
    assert (failure := start.failure())
    assert failure.text == "Site startup probe failed after 230 seconds."
