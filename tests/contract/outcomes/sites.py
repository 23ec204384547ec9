"""Function Apps, on App Service and in an environment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytask.errors import Cancelled
from tests.contract.outcomes.case import CANCELED, EMPTY, FATES, FOREIGN, OURS, SAME, Case, digest_in
from tests.contract.targets.many_sites import NamedSite
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.site import ScriptedSiteOnContainerApps
from tests.scripted import Answer, ScriptedClock
from tests.unit.site.verifying import a_function

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.builders.paper import Cabinet


class OneSite(Case):
    """A Function App, or a slot alone."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        app = NamedSite("shop", ScriptedClock(), partial(digest_in, cabinet))
        app.good = {BEFORE}
        super().__init__(app, folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        arrange_site(self.app, situation)


def arrange_site(app: NamedSite, situation: str) -> None:
    """Have it come so with a site."""
    if situation in FATES:
        app.new_image(FATES[situation])
    elif situation == SAME:
        app.somebody_uses(OURS)
    elif situation == EMPTY:
        app.answers("GET functions", lambda _: Answer(body={"value": [a_function()] * (app.image() != OURS)}))
    elif situation == CANCELED:
        app.answers("GET config/web", partial(cancel_once_ours, app))
    elif situation == FOREIGN:
        follow(app)


def cancel_once_ours(app: NamedSite | ScriptedSiteOnContainerApps, _at: float) -> Answer:
    """Have the agent cancel the run as soon as somebody reads our image back."""
    if app.image() == OURS:
        app.clock.cancelled.set()
        raise Cancelled
    return Answer(body={"properties": app.config})


def follow(app: NamedSite | ScriptedSiteOnContainerApps) -> None:
    """Have somebody else configure another image as soon as ours is there."""

    def theirs(_at: float) -> Answer:
        if app.image() == OURS:
            app.somebody_uses(THEIRS)
        return Answer(body={"properties": app.config})

    app.answers("GET config/web", theirs)


class SiteInEnvironment(Case):
    """A Function App in a Container Apps environment."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        super().__init__(ScriptedSiteOnContainerApps(), folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so; Azure shows nothing of what becomes of the image."""
        app = self.app
        if situation in FATES:
            app.new_image(FATES[situation])
        elif situation == SAME:
            app.somebody_uses(OURS)
        elif situation == EMPTY:
            app.answers("GET functions", Answer(body={"value": []}))
        elif situation == FOREIGN:
            follow(app)
        elif situation == CANCELED:
            app.answers("GET config/web", partial(cancel_once_ours, app))
