"""What the local Azure's platform logs tell is read as it happened, whatever company the app's start has."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytask.targets.site.platform_log import FailureKind, read_platform_log
from tests.local_azure.logs.classic_log import ClassicLog
from tests.local_azure.logs.log_2025 import Log2025
from tests.local_azure.logs.platform_log import Launch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.targets.site.platform_log import Attempt
    from tests.local_azure.logs.platform_log import PlatformLog

OLD_DIGEST, NEW_DIGEST = "sha256:" + "0d" * 32, "sha256:" + "5f" * 32
OLD, NEW = "contoso.azurecr.io/shop:6", "contoso.azurecr.io/shop:7"
REFUSED = 'Head "https://contoso.azurecr.io/v2/shop/manifests/7": unauthorized: authentication required'
UNKNOWN = 'manifest for contoso.azurecr.io/shop:7 not found: manifest unknown: manifest tagged by "7" is not found'
OWNER = "failed to register layer: Container ID 1000000000 cannot be mapped to a host ID"

NAMES = st.integers(0, 500).map(str)
FORMS = st.sampled_from(["classic", "2025"])
FLAGS = st.booleans()


def new_log(form: str, name: str) -> PlatformLog:
    log = Log2025 if form == "2025" else ClassicLog
    return log(name=name, second=0.0)


def launch(reference: str, number: int, *, identity: bool, login: bool, command: tuple[str, ...] = ()) -> Launch:
    return Launch(
        site="shop",
        container=f"shop_{number}_ab12cd34",
        reference=reference,
        port=80,
        start_time_limit=230,
        shown={"WEBSITE_SITE_NAME": "shop"},
        command=command,
        identity=identity,
        login=login,
        known=number > 1,
    )


def run(log: PlatformLog, one: Launch, digest: str, *, fresh: bool) -> None:
    log.pulling(one)
    log.pulled(one, digest, seconds=3, fresh=fresh)
    log.starting(one, digest)
    log.warming_up(one)


def latest(log: PlatformLog, reference: str, since: datetime) -> Attempt:
    found = read_platform_log(log.text, reference=reference, since=since, site="shop").latest()
    assert found
    return found


def with_history(log: PlatformLog, *, identity: bool, login: bool) -> tuple[Launch, datetime]:
    """Have an older image come up; gives its start, and the moment of the change that follows."""
    old = launch(OLD, 1, identity=identity, login=login)
    run(log, old, OLD_DIGEST, fresh=True)
    log.ready(old, seconds=3)
    time.sleep(0.002)  # three digits of a second have to tell the two apart
    since = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    return old, since


@settings(max_examples=20)
@given(form=FORMS, name=NAMES, identity=FLAGS, login=FLAGS, fresh=FLAGS, by_digest=FLAGS, command=FLAGS)
def test_a_start_that_comes_up_is_read_with_its_image(
    *, form: str, name: str, identity: bool, login: bool, fresh: bool, by_digest: bool, command: bool
) -> None:
    log = new_log(form, name)
    old, since = with_history(log, identity=identity, login=login)
    reference = f"contoso.azurecr.io/shop@{NEW_DIGEST}" if by_digest else NEW
    words = ("python", "-m", "functions_host") if command else ()
    new = launch(reference, 2, identity=identity, login=login, command=words)
    run(log, new, NEW_DIGEST, fresh=fresh)
    log.container_said(["hello", "2099-01-01T00:00:00.000Z what a container prints"])
    log.ready(new, seconds=3)
    log.stopped(old)
    found = latest(log, reference, since)
    assert found.ready_at is not None, log.text
    assert found.failure is None, log.text
    assert found.started in {reference, NEW_DIGEST}, log.text
    if form == "classic" or by_digest:
        assert found.digest == NEW_DIGEST, log.text


def ended(
    log: PlatformLog, one: Launch, say: Callable[[PlatformLog, Launch], None], *, attempts: int, pulls: bool
) -> None:
    for attempt in range(attempts):
        time.sleep(0.002)
        again = replace(one, container=f"{one.container}{attempt}")
        log.pulling(again)
        if pulls:
            log.pulled(again, NEW_DIGEST, seconds=3, fresh=attempt == 0)
            log.starting(again, NEW_DIGEST)
        say(log, again)
        log.did_not_start(again, last=attempt == attempts - 1)


def exited(log: PlatformLog, one: Launch) -> None:
    log.warming_up(one)
    log.container_said(["Traceback", "ModuleNotFoundError: No module named 'requestz'"])
    log.exited(one, code=1, seconds=4)


def silent(log: PlatformLog, one: Launch) -> None:
    log.warming_up(one)
    log.container_said(["Serving HTTP on 0.0.0.0 port 8080"])
    log.silent(one, seconds=230)


def not_created(log: PlatformLog, one: Launch) -> None:
    log.could_not_run(one, 'OCI runtime create failed: exec: "/start": permission denied: unknown')


def refused(text: str) -> Callable[[PlatformLog, Launch], None]:
    def say(log: PlatformLog, one: Launch) -> None:
        log.pull_refused(one, text)
        log.defaulting_to_local_copy(present=False)

    return say


ENDINGS = {
    "exited": (exited, True, {FailureKind.EXITED}, {FailureKind.EXITED}),
    "silent": (silent, True, {FailureKind.SILENT}, {FailureKind.SILENT}),
    "not created": (not_created, True, {FailureKind.START_FAILED}, {FailureKind.START_FAILED}),
    "refused": (refused(REFUSED), False, {FailureKind.PULL_UNAUTHORIZED}, {FailureKind.PULL_UNAUTHORIZED}),
    "unknown": (refused(UNKNOWN), False, {FailureKind.PULL_NOT_FOUND}, {FailureKind.PULL_FAILED}),
    "owner": (refused(OWNER), False, {FailureKind.USER_ID}, {FailureKind.PULL_FAILED}),
}
"""What is said, whether the image was pulled, and how it is to be read in the classic form and in that of 2025."""


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=20)
@given(form=FORMS, name=NAMES, identity=FLAGS, login=FLAGS, attempts=st.integers(1, 3))
def test_a_start_that_fails_is_read_with_its_first_cause(
    ending: str, form: str, name: str, attempts: int, *, identity: bool, login: bool
) -> None:
    log = new_log(form, name)
    _, since = with_history(log, identity=identity, login=login)
    say, pulls, classic, of_2025 = ENDINGS[ending]
    ended(log, launch(NEW, 2, identity=identity, login=login), say, attempts=attempts, pulls=pulls)
    found = latest(log, NEW, since)
    assert found.ready_at is None, log.text
    assert found.failure, log.text
    assert found.failure.kind in (of_2025 if form == "2025" else classic), log.text


@settings(max_examples=20)
@given(form=FORMS, name=NAMES, identity=FLAGS, login=FLAGS)
def test_a_start_that_a_newer_change_superseded_is_not_the_newer_ones_failure(
    *, form: str, name: str, identity: bool, login: bool
) -> None:
    log = new_log(form, name)
    _, since = with_history(log, identity=identity, login=login)
    settings = launch(OLD, 2, identity=identity, login=login)
    log.pulling(settings)
    log.interrupted(settings)
    new = launch(NEW, 3, identity=identity, login=login)
    run(log, new, NEW_DIGEST, fresh=True)
    log.ready(new, seconds=3)
    found = latest(log, NEW, since)
    assert (found.failure, found.ready_at is not None, found.started) == (None, True, NEW), log.text


@settings(max_examples=20)
@given(form=FORMS, name=NAMES, identity=FLAGS, login=FLAGS)
def test_an_app_that_came_up_and_then_fails_again_has_failed(
    *, form: str, name: str, identity: bool, login: bool
) -> None:
    log = new_log(form, name)
    _, since = with_history(log, identity=identity, login=login)
    new = launch(NEW, 2, identity=identity, login=login)
    run(log, new, NEW_DIGEST, fresh=True)
    log.ready(new, seconds=3)
    ended(log, launch(NEW, 3, identity=identity, login=login), exited, attempts=1, pulls=True)
    found = latest(log, NEW, since)
    assert found.failure, log.text
    assert found.ready_at is None, log.text
