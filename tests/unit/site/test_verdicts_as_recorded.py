"""Verdicts on apps that answer as recorded, whatever company their starts have: none is false, none is missing.

The platform's logs are those of the local Azure, on a clock that nobody waits for.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytask.cloud.poll import Seen
from pytask.errors.start import StartFailure
from pytask.model.evidence import Verdict
from pytask.targets.site.observed import Question
from tests.local_azure.logs.classic_log import ClassicLog
from tests.local_azure.logs.log_2025 import Log2025
from tests.local_azure.logs.log_lines import LogClock
from tests.local_azure.logs.platform_log import Launch, PlatformLog
from tests.local_azure.refusals import BAD_GATEWAY_PAGE, IIS_PAGE
from tests.scripted import BEGAN, OURS, REFERENCE, THEIRS, Answer, ScriptedApp, an_update, verdict_of
from tests.unit.site.verifying import a_function, a_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.model import Digest, Verification

OLD = "contoso.azurecr.io/shop:6"
PINNED = f"contoso.azurecr.io/shop@{OURS}"
ASLEEP = [Answer(408), Answer(503, IIS_PAGE), Answer(400, {"Code": "BadRequest"}), Answer(502, BAD_GATEWAY_PAGE)]
LIMIT = 1200.0


@dataclass
class Machine:
    """One machine of the app: the log of its starts, and the host that answers there."""

    name: str
    log: PlatformLog
    at: dict[str, float]
    """What time the log is written at, in seconds after the update."""
    events: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)
    started: float = float("inf")
    serves_new: float = float("inf")
    old_until: float = float("inf")

    def text(self, at: float) -> str:
        """Return the log by then."""
        while self.events and self.events[0][0] <= at:
            self.at["now"], say = self.events.popleft()
            say()
        self.at["now"] = at
        return self.log.text

    def status(self, at: float, moods: Callable[[], Answer]) -> Answer:
        """Return what is answered for the host by then."""
        if at < self.old_until:
            return Answer(body=a_status(-900, at, instanceId=self.name))
        if at < self.serves_new + 1:
            return moods()
        return Answer(body=a_status(self.started, at, instanceId=self.name))


def a_machine(form: str, name: str, *, raw: bool = False) -> Machine:
    at = {"now": -1000.0}
    clock = LogClock(now=lambda: BEGAN + timedelta(seconds=at["now"]), monotonic=lambda: at["now"])
    kind = Log2025 if form == "2025" else partial(ClassicLog, raw=raw)
    return Machine(name, kind(name=name, second=1.0, clock=clock), at)


def launch(reference: str, number: int, *, identity: bool, login: bool) -> Launch:
    return Launch(
        site="shop",
        container=f"shop_{number}_0a1b2c3d",
        reference=reference,
        port=80,
        start_time_limit=230,
        shown={"WEBSITE_SITE_NAME": "shop"},
        identity=identity,
        login=login,
        known=number > 1,
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One deployment."""

    form: str
    name: str
    by_digest: bool
    fresh_tag: bool
    cached: bool
    """Whether the machine has the image already."""
    identity: bool
    login: bool
    instances: int
    seconds: int
    """From the pull to ready."""

    @property
    def reference(self) -> str:
        """How the image is configured."""
        return PINNED if self.by_digest else REFERENCE

    @property
    def expected(self) -> Verdict:
        """What may be said when it comes up."""
        tells = self.form == "classic" or self.by_digest or self.fresh_tag or not self.cached
        return Verdict.VERIFIED if tells else Verdict.UNVERIFIED


CASES = st.builds(
    Case,
    form=st.sampled_from(["classic", "2025"]),
    name=st.integers(0, 500).map(str),
    by_digest=st.booleans(),
    fresh_tag=st.booleans(),
    cached=st.booleans(),
    identity=st.booleans(),
    login=st.booleans(),
    instances=st.integers(1, 3),
    seconds=st.integers(3, 200),
)


def machines(case: Case) -> list[Machine]:
    """Return the machines after an older image came up on each, a while ago."""
    made = [a_machine(case.form, f"{case.name}-{number}") for number in range(case.instances)]
    for one in made:
        before = partial(launch, identity=case.identity, login=case.login)
        one.events.extend(begun(one.log, before(OLD, 1), str(THEIRS), at=-900, fresh=True, seconds=20))
        one.events.append((-880.0, partial(one.log.ready, before(OLD, 1), seconds=20)))
    return made


def begun(
    log: PlatformLog, one: Launch, digest: str, *, at: float, fresh: bool, seconds: int
) -> list[tuple[float, Callable[[], None]]]:
    return [
        (at, partial(log.pulling, one)),
        (at + 0.3 * seconds, partial(log.pulled, one, digest, seconds=1, fresh=fresh)),
        (at + 0.4 * seconds, partial(log.starting, one, digest)),
        (at + 0.5 * seconds, partial(log.warming_up, one)),
        (at + 0.6 * seconds, partial(log.container_said, ["Hosting environment: Production"])),
    ]


def an_app(case: Case, made: list[Machine], *, registry: Digest = OURS) -> ScriptedApp:
    """Return an app whose log is the first machine's, and whose hosts answer in turn."""
    app, turn, moods = ScriptedApp(), cycle(made), cycle(ASLEEP)
    app.registry = lambda _: Seen(registry)
    app.answers("GET config/web", Answer(body={"properties": {"linuxFxVersion": f"DOCKER|{case.reference}"}}))
    app.answers("POST containerlogs", lambda at: Answer(body=made[0].text(at)))
    app.answers("GET hostruntime/admin/host/status", lambda at: next(turn).status(at, lambda: next(moods)))
    app.answers("GET instances", Answer(body={"value": [{"name": one.name} for one in made]}))
    app.answers("POST syncfunctiontriggers", Answer(204))
    app.answers("GET functions", Answer(body={"value": [a_function()]}))
    return app


def verdict(case: Case, app: ScriptedApp, seconds: float = LIMIT) -> Verification:
    update = an_update(reference=case.reference, fresh_tag=case.fresh_tag, instances=case.instances)
    question = Question(update=update, smoke_test=None, seconds=seconds, settings={})
    return verdict_of(app, question)


def told(case: Case, app: ScriptedApp, seconds: float = LIMIT) -> str:
    """Return the verdict's word, or the failure's code."""
    try:
        return verdict(case, app, seconds).verdict.value
    except StartFailure as failure:
        return failure.code


@settings(max_examples=40)
@given(CASES)
def test_an_app_that_comes_up_is_verified_or_unverified_where_a_cached_tag_tells_too_little(case: Case) -> None:
    made = machines(case)
    for number, one in enumerate(made):
        new = launch(case.reference, 2, identity=case.identity, login=case.login)
        at = 1.0 + 3 * number
        one.started, one.old_until = at + 0.45 * case.seconds, at + case.seconds
        one.serves_new = one.old_until
        one.events.extend(begun(one.log, new, str(OURS), at=at, fresh=not case.cached, seconds=case.seconds))
        one.events.append((one.serves_new, partial(one.log.ready, new, seconds=case.seconds)))
        old = launch(OLD, 1, identity=case.identity, login=case.login)
        one.events.append((one.serves_new + 20, partial(one.log.stopped, old)))
    app = an_app(case, made)
    found = verdict(case, app)
    assert found.verdict is case.expected, (found, app.said, made[0].log.text)
    if found.verdict is Verdict.VERIFIED:
        last = max(one.serves_new for one in made)
        now = app.clock.monotonic() - 1000
        assert now >= last, "the old image still serves on a machine"
        assert now <= last + 30, app.said


def exited(log: PlatformLog, one: Launch) -> None:
    log.exited(one, code=1, seconds=4)


def silent(log: PlatformLog, one: Launch) -> None:
    log.silent(one, seconds=230)


def not_created(log: PlatformLog, one: Launch) -> None:
    log.could_not_run(one, "OCI runtime create failed: exec: permission denied: unknown")


ENDINGS = {
    "exited": (exited, "container-exits"),
    "silent": (silent, "container-silent"),
    "not created": (not_created, "container-start-failed"),
}


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=12)
@given(case=CASES)
def test_an_app_that_does_not_come_up_has_failed_with_its_cause_while_the_old_one_serves(
    ending: str, case: Case
) -> None:
    made, (say, code) = machines(case), ENDINGS[ending]
    for attempt in range(3):
        new = launch(case.reference, 2 + attempt, identity=case.identity, login=case.login)
        at = 1.0 + attempt * (case.seconds + 20)
        log = made[0].log
        made[0].events.extend(begun(log, new, str(OURS), at=at, fresh=not case.cached, seconds=case.seconds))
        made[0].events.append((at + case.seconds, partial(say, log, new)))
        made[0].events.append((at + case.seconds + 1, partial(log.did_not_start, new, last=attempt == 2)))
    app = an_app(case, made)
    assert told(case, app) == code, (app.said, made[0].log.text)


@settings(max_examples=20)
@given(CASES)
def test_an_older_image_that_is_started_instead_is_never_verified(case: Case) -> None:
    """The tag stands for another image: by digest of the pull where the log has one, else the registry tells."""
    made = machines(case)
    for one in made:
        new = launch(REFERENCE, 2, identity=case.identity, login=case.login)
        one.started, one.old_until = 1 + 0.45 * case.seconds, 1.0 + case.seconds
        one.serves_new = one.old_until
        one.events.extend(begun(one.log, new, str(THEIRS), at=1, fresh=not case.cached, seconds=case.seconds))
        one.events.append((one.serves_new, partial(one.log.ready, new, seconds=case.seconds)))
    tag = Case(**{**vars(case), "by_digest": False, "fresh_tag": False})
    app = an_app(tag, made, registry=THEIRS)
    assert told(tag, app) in {"old-image-started", "unverified"}, made[0].log.text


@settings(max_examples=8)
@given(CASES)
def test_an_app_that_only_goes_on_with_the_old_image_is_never_verified(case: Case) -> None:
    app = an_app(case, machines(case))
    assert told(case, app, seconds=120) == "unverified", app.said
