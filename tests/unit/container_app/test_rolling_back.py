"""What a rollback restores, and when there is none."""

from __future__ import annotations

import pytest

from pytask.targets.target import CannotRollBack
from tests.contract.targets.container_app import ScriptedContainerApp, a_container
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN, THEIRS
from tests.unit.container_app.runs import NO_JOURNAL, sent, updated


def test_a_rollback_is_a_revision_of_the_former_template() -> None:
    app = ScriptedContainerApp()
    app.template["containers"].append(a_container(name="proxy", image="contoso.azurecr.io/proxy:1"))
    former = list(app.template["containers"])
    app.new_image("crashes")
    update = updated(app)
    back = app.find().roll_back(update, BEFORE, None, NO_JOURNAL).update
    assert sent(app)["template"]["containers"] == former
    assert back.revision not in {update.revision, "shop--0000001"}


def test_a_rollback_restores_the_revision_that_served_and_not_one_that_was_never_ready() -> None:
    app = ScriptedContainerApp()
    app.new_image("stays away")
    app.somebody_uses(THEIRS)
    target = app.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    assert (snapshot.app.image, snapshot.previous and snapshot.previous.reference) == (THEIRS, BEFORE)
    assert any("is not ready" in note for note in snapshot.notes)
    update = updated(app)
    target.roll_back(update, BEFORE, snapshot.previous, NO_JOURNAL)
    assert sent(app)["template"]["containers"] == [a_container()]


def test_an_update_that_azure_did_not_carry_out_needs_no_rollback() -> None:
    app = ScriptedContainerApp()
    update = updated(app)
    app.template = app.revisions[0].template
    with pytest.raises(CannotRollBack, match="did not carry out"):
        app.find().roll_back(update, BEFORE, None, NO_JOURNAL)


def test_a_revision_that_someone_else_made_with_our_image_is_left_alone() -> None:
    app = ScriptedContainerApp()
    update = updated(app)
    app.somebody_uses(NEW)
    with pytest.raises(CannotRollBack, match="someone else"):
        app.find().roll_back(update, BEFORE, None, NO_JOURNAL)
