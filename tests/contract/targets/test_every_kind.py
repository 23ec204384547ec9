"""What every kind of target has to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytask.cloud.poll import Seen
from pytask.errors import TaskFailure
from pytask.errors.start import StartFailure
from pytask.journal import Journal
from pytask.model import Verdict
from pytask.targets.target import CannotRollBack, UseImage
from pytask.verification import verify_watch
from tests.contract.targets.container_app import ScriptedContainerApp
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN, THEIRS, VERIFY, Scene
from tests.contract.targets.shelf import Shelf
from tests.contract.targets.site import ScriptedSite, ScriptedSiteOnContainerApps
from tests.scripted import OURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.model import Update, Verification
    from pytask.targets.target import Target


def several_revisions() -> ScriptedContainerApp:
    app = ScriptedContainerApp()
    app.use_several_revisions()
    return app


KINDS: dict[str, Callable[[], Scene]] = {
    "site": ScriptedSite,
    "container app": ScriptedContainerApp,
    "container app with several revisions": several_revisions,
    "site on container apps": ScriptedSiteOnContainerApps,
    "shelf": Shelf,
}


@pytest.fixture(params=list(KINDS))
def scene(request: pytest.FixtureRequest) -> Scene:
    made: Scene = KINDS[request.param]()
    return made


def updated(target: Target[Any], reference: str = NEW) -> Update:
    change = UseImage(reference=reference, digest=OURS, fresh_tag=True, plan=PLAN)
    made: Update = target.update(change, target.preflight(PLAN, NO_REGISTRY), Journal(lambda _: None))
    return made


def verified(scene: Scene, target: Target[Any], update: Update, *, rolls_back: bool = False) -> Verification:
    watch = target.watch(update, VERIFY, digest_now=lambda _: Seen(OURS), rolls_back=rolls_back)
    return verify_watch(watch, clock=scene.clock, timeouts=scene.timeouts, say=lambda _: None)


def test_looking_changes_nothing(scene: Scene) -> None:
    target = scene.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    assert (target.pending(PLAN, snapshot), target.health().failure) == ((), None)
    assert (scene.writes(), scene.image()) == ([], BEFORE)


def test_a_snapshot_holds_what_is_there_before_anything_changes(scene: Scene) -> None:
    target = scene.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    updated(target)
    assert snapshot.previous
    assert snapshot.previous.reference == target.app.image == snapshot.app.image == BEFORE


def test_a_target_says_what_people_call_it_and_how_they_do_it_by_hand(scene: Scene) -> None:
    app = scene.find().app
    assert app.title.startswith("shop")
    assert app.url.startswith("https://")
    assert app.by_hand.use(NEW).endswith(NEW)
    assert "shop" in app.by_hand.use(NEW)
    assert "shop" in app.by_hand.restart


def test_an_update_has_it_run_the_image(scene: Scene) -> None:
    update = updated(scene.find())
    assert scene.image() == update.reference == NEW
    assert (update.app.image, update.digest) == (BEFORE, OURS)


def test_the_same_image_is_pulled_again(scene: Scene) -> None:
    target = scene.find()
    assert updated(target, BEFORE).restarted
    assert scene.writes()
    before = len(scene.writes())
    target.update_again(updated(target))
    assert len(scene.writes()) > before + 1


def test_what_was_written_is_read_back(scene: Scene) -> None:
    target = scene.find()
    update = updated(target)
    target.confirm(update)
    target.confirm_settings(update, Journal(lambda _: None))
    scene.somebody_uses(THEIRS)
    with pytest.raises(StartFailure) as caught:
        target.confirm(update, again=True)
    assert not caught.value.rolls_back


def test_an_image_that_runs_is_verified_and_what_that_rests_on_is_told(scene: Scene) -> None:
    target = scene.find()
    found = verified(scene, target, updated(target))
    if scene.shows_its_image:
        assert (found.verdict, found.unavailable) == (Verdict.VERIFIED, ())
    else:
        assert found.verdict is Verdict.UNVERIFIED
        assert all("Container Apps" in reason or "which image" in reason for _, reason in found.unavailable)
    assert all(check and rests_on for check, rests_on in found.passed)


def test_an_image_that_does_not_start_fails_and_is_rolled_back_from(scene: Scene) -> None:
    scene.new_image("crashes")
    target = scene.find()
    if not scene.shows_its_image:
        assert verified(scene, target, updated(target)).verdict is Verdict.UNVERIFIED
        return
    with pytest.raises(StartFailure) as caught:
        verified(scene, target, updated(target))
    assert caught.value.rolls_back
    assert (caught.value.app, caught.value.reference) == (target.app.title, NEW)


def test_what_cannot_be_seen_is_never_verified_and_never_a_failure(scene: Scene) -> None:
    scene.new_image("cannot be seen")
    target = scene.find()
    found = verified(scene, target, updated(target))
    assert found.verdict is Verdict.UNVERIFIED
    assert all(reason for _, reason in found.unavailable)


@pytest.mark.parametrize("what", ["runs", "crashes", "stays away", "cannot be seen"])
def test_a_verification_ends_in_its_time_whatever_becomes_of_the_image(scene: Scene, what: str) -> None:
    scene.new_image(what)
    target = scene.find()
    update, began = updated(target), scene.clock.monotonic()
    try:
        verified(scene, target, update)
    except StartFailure:
        assert what in {"crashes", "stays away"}
    assert scene.clock.monotonic() - began <= VERIFY.seconds + 1


def test_what_ran_before_is_no_evidence_for_the_new_image(scene: Scene) -> None:
    scene.new_image("stays away")
    target = scene.find()
    try:
        assert verified(scene, target, updated(target)).verdict is Verdict.UNVERIFIED
    except StartFailure as failure:
        assert failure.reference == NEW  # noqa: PT017 - either is right


def test_a_rollback_has_it_run_the_previous_image(scene: Scene) -> None:
    target = scene.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    back = target.roll_back(updated(target), BEFORE, snapshot.previous, Journal(lambda _: None))
    assert scene.image() == back.update.reference == BEFORE
    assert verified(scene, target, back.update, rolls_back=True).passed


def test_a_rollback_leaves_alone_what_somebody_else_has_changed(scene: Scene) -> None:
    target = scene.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    update = updated(target)
    scene.somebody_uses(THEIRS)
    written = list(scene.writes())
    with pytest.raises(CannotRollBack):
        target.roll_back(update, BEFORE, snapshot.previous, Journal(lambda _: None))
    assert (scene.image(), scene.writes()) == (THEIRS, written)


def test_a_refused_update_says_that_nothing_was_done(scene: Scene) -> None:
    scene.refuse()
    with pytest.raises(TaskFailure) as caught:
        updated(scene.find())
    assert not caught.value.leaves_open
    assert scene.image() == BEFORE


def test_an_update_whose_answer_is_lost_may_have_been_done(scene: Scene) -> None:
    scene.lose_the_answer()
    with pytest.raises(TaskFailure) as caught:
        updated(scene.find())
    assert caught.value.leaves_open


def test_marking_a_deployment_never_fails_a_run(scene: Scene) -> None:
    target = scene.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    properties = dict.fromkeys(("Image", "Digest", "Build", "Release", "Commit"), "x")
    assert target.annotate(updated(target), snapshot, properties)
