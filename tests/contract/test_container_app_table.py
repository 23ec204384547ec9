"""The table "What happens when" of docs/container-apps.md, each cell of it as a whole run."""

from __future__ import annotations

import io
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from pytask.errors import Cancelled, TaskFailure
from pytask.journal import Journal
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.container_app import FUNCTIONS, ScriptedContainerApp
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.site import ScriptedSiteOnContainerApps
from tests.contract.test_whole_run import Scene, _registry
from tests.scripted import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.targets.shelf import Shelf

App = ScriptedContainerApp | ScriptedSiteOnContainerApps
OURS = f"{REGISTRY}/shop:7"
DOCUMENT = (Path(__file__).parents[2] / "docs" / "container-apps.md").read_text(encoding="utf-8")
KINDS: dict[str, Callable[[], App]] = {}
SITUATIONS: dict[str, Callable[[App], None]] = {}
STATES = {
    "nothing changed": "shop was not changed",
    "the new image stays": f"shop is configured with {OURS}",
    "rolled back": f"rolled back to {BEFORE} and verified",
    "left alone": "someone else has changed shop",
}
REFUSED = {
    "code": "InvalidParameterValueInContainerTemplate",
    "message": "Field 'template.containers.shop.image' is invalid: UNAUTHORIZED: authentication required",
}


def _several() -> ScriptedContainerApp:
    app = ScriptedContainerApp()
    app.use_several_revisions()
    return app


KINDS |= {
    "Single revision mode": ScriptedContainerApp,
    "Multiple revision mode": _several,
    "Function App in an environment": ScriptedSiteOnContainerApps,
}


def _bad(app: App) -> None:
    app.new_image("crashes")
    if isinstance(app, ScriptedContainerApp):
        app.crash_details = "Container 'shop' was terminated with exit code '1'"


def _refused(app: App) -> None:
    app.new_image("stays away")
    if isinstance(app, ScriptedContainerApp):
        app.refusals = [Answer(400, {"error": REFUSED})]


def _no_functions(app: App) -> None:
    app.answers("GET functions", lambda _: Answer(body={"value": []} if app.image() == OURS else FUNCTIONS))


def _cancelled(app: App) -> None:
    """Cancel the run in the middle of its verification, whatever it asks about the new image."""

    def cancel(_at: float) -> Answer:
        if app.image() == OURS:
            raise Cancelled
        return Answer(body={"properties": getattr(app, "config", {})})

    app.answers("GET functions" if isinstance(app, ScriptedContainerApp) else "GET config/web", cancel)


def _foreign(app: App) -> None:
    if isinstance(app, ScriptedContainerApp):
        app.somebody_follows_with = THEIRS
        return

    def theirs(_at: float) -> Answer:
        if app.image() == OURS:
            app.somebody_uses(THEIRS)
        return Answer(body={"properties": app.config})

    app.answers("GET config/web", theirs)


def _same(app: App) -> None:
    app.somebody_uses(OURS)
    if isinstance(app, ScriptedContainerApp):
        app.revisions = [app.revisions[-1]]
        app.revisions[0].at = -900.0


SITUATIONS |= {
    "a new image": lambda _: None,
    "the same image": _same,
    "an image whose container exits": _bad,
    "a pull that the registry refuses": _refused,
    "an image that never gets ready": lambda app: app.new_image("stays away"),
    "an image without functions": _no_functions,
    "a run that is canceled during the verification": _cancelled,
    "somebody else's image meanwhile": _foreign,
}


def documented(situation: str, kind: str) -> str:
    """Return the document's cell."""
    table = DOCUMENT.partition("\n## What happens when\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    row = next(row for row in rows if row[0] == situation)
    return row[rows[0].index(kind)]


@pytest.fixture
def cabinet() -> Cabinet:
    made = Cabinet()
    made.tags["6"] = made.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    return made


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cabinet: Cabinet) -> Iterator[Path]:
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield tmp_path


def result(scene: Scene, **inputs: str) -> str:
    """Run, and return what it says of the new image."""
    try:
        return f"*{outputs(scene.run(PaperBuilder(scene.cabinet), **inputs))['verification']}*"
    except TaskFailure as failure:
        return f"[`{failure.code}`](troubleshooting.md#{failure.code})"
    except Cancelled:
        return "canceled"


def became(app: App, journal: Journal) -> str:
    """Return what became of the app."""
    if journal.update() is None:
        return "nothing changed"
    return {BEFORE: "rolled back", OURS: "the new image stays", THEIRS: "left alone"}[app.image()]


def traffic(app: App) -> str:
    """Return whether the new revision had traffic at any time."""
    if not isinstance(app, ScriptedContainerApp) or not app.traffic:
        return ""
    app._note_who_is_served(app.clock.monotonic())
    ours = {one.name for one in app.revisions[1:] if one.template["containers"][0]["image"] != BEFORE}
    return "takes its traffic" if any(ours & set(one) for one in app.served) else "takes no traffic"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_kind_of_app_ends_as_the_document_says(world: Path, cabinet: Cabinet, situation: str, kind: str) -> None:
    app = KINDS[kind]()
    if isinstance(app, ScriptedContainerApp):
        app.good = {BEFORE}
    scene = Scene(world, cast("Shelf", app), cabinet, io.StringIO(), Journal(lambda _: None))
    SITUATIONS[situation](app)
    said = result(scene)
    end = became(app, scene.journal)
    assert ", ".join(one for one in (said, end, traffic(app)) if one) == documented(situation, kind)
    assert STATES[end] in describe_state(scene.journal)
    held = end != "rolled back" and "takes no traffic" in documented(situation, kind) and end != "nothing changed"
    assert ("ingress traffic set" in describe_state(scene.journal)) is held


def test_the_document_has_no_other_row() -> None:
    table = DOCUMENT.partition("\n## What happens when\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", table, flags=re.MULTILINE)
    assert set(rows) - {"---", "The run deploys"} == set(SITUATIONS)
