"""Functions apps on Container Apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.outcomes.case import CANCELED, EMPTY, EXITS, FOREIGN, LATE, OURS, REFUSED, SAME, Case, canceling
from tests.contract.targets.container_app import FUNCTIONS, ScriptedContainerApp
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.scripted import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.builders.paper import Cabinet

_REFUSAL = {
    "code": "InvalidParameterValueInContainerTemplate",
    "message": "Field 'template.containers.shop.image' is invalid: UNAUTHORIZED: authentication required",
}


class OneContainerApp(Case):
    """A Functions app on Container Apps in single revision mode."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        app = ScriptedContainerApp()
        app.good = {BEFORE}
        super().__init__(app, folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        app = self.app
        if situation == EXITS:
            app.new_image("crashes")
            app.crash_details = "Container 'shop' was terminated with exit code '1'"
        elif situation in {REFUSED, LATE}:
            app.new_image("stays away")
            app.refusals = [Answer(400, {"error": _REFUSAL})] if situation == REFUSED else []
        elif situation == SAME:
            app.somebody_uses(OURS)
            app.revisions = [app.revisions[-1]]
            app.revisions[0].at = -900.0
        elif situation == EMPTY:
            app.answers("GET functions", lambda _: Answer(body={"value": []} if app.image() == OURS else FUNCTIONS))
        elif situation == CANCELED:
            app.answers("GET functions", canceling)
        elif situation == FOREIGN:
            app.somebody_follows_with = THEIRS


class SeveralRevisions(OneContainerApp):
    """The same in multiple revision mode."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        super().__init__(folder, cabinet)
        self.app.use_several_revisions()

    def more(self) -> str:
        """Return whether the new revision had traffic at any time."""
        app = self.app
        app._note_who_is_served(app.clock.monotonic())
        ours = {one.name for one in app.revisions[1:] if one.template["containers"][0]["image"] != BEFORE}
        return "takes its traffic" if any(ours & set(one) for one in app.served) else "takes no traffic"

    def state(self) -> str:
        """Return what the run says; where the traffic waits, that is said too."""
        told = super().state()
        held = self.more() == "takes no traffic" and self.end() in {"the new image stays", "left alone"}
        assert ("ingress traffic set" in told) is held, told
        return told
