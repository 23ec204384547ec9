"""docs/permissions.md, "On an app on Container Apps", against the calls that are made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytask.cloud.poll import Seen
from pytask.errors.start import StartFailure
from pytask.journal import Journal
from pytask.targets.target import UseImage
from pytask.verification import verify_watch
from tests.contract.targets.container_app import OPERATION, PATH, ScriptedContainerApp
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN, VERIFY
from tests.scripted import OURS

PERMISSIONS = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")


def documented() -> set[str]:
    text = PERMISSIONS.partition("\n## On an app on Container Apps\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`(Microsoft\.App/[\w/]+)`", text))


def action_of(method: str, path: str) -> str:
    """Return the permission that a call takes, by Azure's rule for the names of operations."""
    if path == OPERATION:
        return "Microsoft.App/locations/containerappOperationResults/read"
    below = path.removeprefix(PATH).strip("/").split("/")
    kinds = [part for number, part in enumerate(below) if part and number % 2 == 0]
    if below[-1] == "deactivate":
        return "Microsoft.App/containerApps/revisions/deactivate/action"
    verb = {"GET": "read", "PATCH": "write", "POST": "action"}[method]
    return "/".join(["Microsoft.App/containerApps", *kinds, verb])


@pytest.mark.parametrize("fate", ["runs", "crashes"])
@pytest.mark.parametrize("mode", ["single", "multiple"])
def test_the_document_names_every_permission_that_a_run_takes_and_no_other(fate: str, mode: str) -> None:
    app = ScriptedContainerApp()
    app.new_image(fate)
    if mode == "multiple":
        app.use_several_revisions()
    target = app.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    journal = Journal(lambda _: None)
    update = target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN), snapshot, journal)
    watch = target.watch(update, VERIFY, digest_now=lambda _: Seen(OURS))
    try:
        verify_watch(watch, clock=app.clock, timeouts=app.timeouts, say=lambda _: None)
        target.release(update)
    except StartFailure:
        target.roll_back(update, BEFORE, snapshot.previous, journal)
    below = ["/subscriptions" + url.partition("/subscriptions")[2] for url in app.urls]
    asked = zip((call.partition(" ")[0] for _, call in app.calls), below, strict=True)
    taken = {action_of(method, path) for method, path in asked if not path.endswith("/eventstream")}
    assert taken <= documented()
    stays = [] if (fate, mode) == ("crashes", "multiple") else ["revisions/deactivate/action"]
    not_always = {"revisions/functions/read", *stays}
    assert documented() - taken <= {f"Microsoft.App/containerApps/{one}" for one in not_always}
