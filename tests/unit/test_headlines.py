"""What the summary's headline and the outputs say of every end that a deployment can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors.network import Unreachable
from pytask.journal import (
    Action,
    ChangedBySomeoneElse,
    ImageRestored,
    Journal,
    NotRolledBack,
    Planned,
    RollbackFailed,
    VerificationFailed,
)
from pytask.model import RolledBack, SettingsBack, Update, Verification
from pytask.report.outputs import outputs
from pytask.report.settings import settings_now
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.scripted import found_site
from tests.unit.test_plan import a_plan

if TYPE_CHECKING:
    from pytask.journal import Event

SITE = found_site()
OLD, NEW = SITE.image, "contoso.azurecr.io/shop:7"
UPDATED = Update(app=SITE, reference=NEW, digest=None, restarted=False)
VERIFIED = Verification(passed=(("image", "it runs"),))
UNVERIFIED = Verification(passed=(), unavailable=(("image", "no log"),))
RESTORED = ImageRestored(reference=OLD, configuration=())


@pytest.fixture
def journal() -> Journal:
    journal = Journal(lambda _: None)
    journal.add(Planned(a_plan()))
    journal.add(SITE)
    return journal


@pytest.mark.parametrize(
    ("events", "headline", "verification", "running"),
    [
        ([], "not deployed", "skipped", OLD),
        ([UPDATED], "deployed, unverified", "unverified", ""),
        ([UPDATED, UNVERIFIED], "deployed, unverified", "unverified", NEW),
        ([UPDATED, VERIFIED], "the new image runs, but not everything is as requested", "verified", NEW),
        ([UPDATED, ChangedBySomeoneElse("x:9")], "the app is no longer configured as this run left it", "failed", ""),
        ([UPDATED, VerificationFailed()], "deployed, but it does not run", "failed", ""),
        ([UPDATED, VerificationFailed(), NotRolledBack("it is off")], "deployed, but it does not run", "failed", ""),
        ([UPDATED, VerificationFailed(), RESTORED], "rolled back to the previous one, unverified", "failed", ""),
        (
            [UPDATED, VerificationFailed(), RESTORED, RolledBack(reference=OLD, verification=VERIFIED)],
            "rolled back to the previous one\n",
            "failed",
            OLD,
        ),
        (
            [UPDATED, VerificationFailed(), RESTORED, RolledBack(reference=OLD, verification=UNVERIFIED)],
            "rolled back to the previous one, unverified",
            "failed",
            OLD,
        ),
        (
            [UPDATED, VerificationFailed(), RESTORED, RollbackFailed(reference=OLD, reason="it exits")],
            "neither the new image nor the previous one runs",
            "failed",
            "",
        ),
    ],
)
def test_every_end_has_its_headline_and_its_outputs(
    journal: Journal, events: list[Event], headline: str, verification: str, running: str
) -> None:
    for event in events:
        journal.add(event)
    assert headline in summary(journal, ("it failed",)).partition("```")[0]
    told = outputs(journal)
    assert (told["verification"], told["runningImage"]) == (verification, running)


@pytest.mark.parametrize(
    ("action", "before", "headline"),
    [
        (Action.UPDATE, (), "it is not known whether it was deployed"),
        (Action.ROLL_BACK, (UPDATED, VerificationFailed()), "it is not known whether it was rolled back"),
    ],
)
def test_a_change_without_an_answer_is_said_to_be_open(
    journal: Journal, action: Action, before: tuple[Event, ...], headline: str
) -> None:
    for event in before:
        journal.add(event)
    lost = Unreachable(host="management.azure.com", detail="reset", via="directly")
    lost.leaves_open = True
    with pytest.raises(Unreachable), journal.attempt(action, OLD):
        raise lost
    assert headline in summary(journal, ("it failed",)).partition("```")[0]
    assert outputs(journal)["runningImage"] == ""


def test_settings_that_a_rollback_restored_are_told_although_its_image_was_refused(journal: Journal) -> None:
    journal.add(UPDATED)
    journal.add(VerificationFailed())
    journal.add(SettingsBack(names=("COLOR",), stayed=(), moment=None))
    journal.add(NotRolledBack("the rollback failed"))
    assert settings_now(journal) == "COLOR restored"
    assert "settings: COLOR restored; it was not rolled back" in describe_state(journal)
