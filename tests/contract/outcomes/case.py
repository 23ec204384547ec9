"""One kind of target in one situation: what a run of it ends with."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pytask.errors import Cancelled, ManyFailures, TaskFailure
from pytask.journal import Journal
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.test_whole_run import Scene

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.targets.shelf import Shelf
    from tests.scripted import Answer

OURS = f"{REGISTRY}/shop:7"
NEW, SAME, EXITS, REFUSED, LATE, EMPTY, CANCELED, FOREIGN = SITUATIONS = (
    "a new image",
    "the same image",
    "an image whose container exits",
    "a pull that the registry refuses",
    "an image that never gets ready",
    "an image without functions",
    "a run that is canceled during the verification",
    "somebody else's image meanwhile",
)
FATES = {EXITS: "crashes", REFUSED: "is refused", LATE: "never gets ready"}


class Case:
    """One kind of target, in one situation."""

    states: ClassVar[dict[str, str]] = {
        "nothing changed": "shop was not changed",
        "the new image stays": f"shop is configured with {OURS}",
        "rolled back": f"rolled back to {BEFORE} and verified",
        "left alone": "someone else has changed shop",
    }
    """By end, what the run says of it."""
    inputs: ClassVar[dict[str, str]] = {}

    def __init__(self, app: Any, folder: Path, cabinet: Cabinet) -> None:  # noqa: ANN401 - each kind has its own
        self.app, self.cabinet = app, cabinet
        self.scene = Scene(folder, cast("Shelf", app), cabinet, io.StringIO(), Journal(lambda _: None))

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        raise NotImplementedError

    def run(self) -> str:
        """Run, and return what it says of the image."""
        try:
            return f"*{outputs(self.deploy())['verification']}*"
        except ManyFailures as several:
            return _code(several.failures[0])
        except TaskFailure as failure:
            return _code(failure)
        except Cancelled:
            return "canceled"

    def deploy(self) -> Journal:
        """Run the task."""
        return self.scene.run(PaperBuilder(self.cabinet), **self.inputs)

    def end(self) -> str:
        """Return what became of the target."""
        if self.scene.journal.update() is None:
            return "nothing changed"
        return {BEFORE: "rolled back", OURS: "the new image stays", THEIRS: "left alone"}[self.app.image()]

    def state(self) -> str:
        """Return what the run says of that."""
        return describe_state(self.scene.journal)

    def more(self) -> str:
        """Return what else the document says."""
        return ""


def _code(failure: TaskFailure) -> str:
    return f"[`{failure.code}`](troubleshooting.md#{failure.code})"


def canceling(*_: object) -> Answer:
    raise Cancelled


def digest_in(cabinet: Cabinet, image: str) -> str:
    """Return what the platform's log says of a pulled image."""
    return cabinet.tags.get(image.rpartition(":")[2], image.rpartition("@")[2])
