"""Which calls the scenes make, and every fault at each of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.kinds import KINDS, Kind
from tests.faults.oracle import Case, problems
from tests.faults.runs import run
from tests.faults.scenes import REPOSITORY, SCENES, Scene
from tests.faults.stage import arrange
from tests.faults.truth import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.local_azure.front.front import Call

_MOST = 4
"""How often the same call of a run is tried; those after it are polls."""
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_VARIES = (
    ("{id}", _ID),
    ("{digest}", r"sha256:[0-9a-f]{64}"),
    ("{blob}", r"[0-9a-f]{2}/[0-9a-f]{64}"),
    ("{operation}", r"(?<=operationresults/)[0-9a-f]+"),
    ("{context}", r"(?<=/source/)\d{12}/[0-9a-f]{32}"),
    ("{suffix}", r"(?<=--d)[0-9a-f]{9}"),
)
_READING = re.compile(r"^(GET|HEAD|OPTIONS) |/(list\w*|containerlogs|token|exchange|oidctoken)$", re.IGNORECASE)


@dataclass(frozen=True)
class Point:
    """One call of a scene: what is called, and the how many-th time."""

    scene: Scene
    call: str
    """As `METHOD host/path`, with what varies from run to run in braces."""
    nth: int

    @property
    def title(self) -> str:
        """What it is called in a report."""
        path = self.call.replace("management.azure.com/subscriptions/{id}/", "…/")
        return f"{self.scene.name}: {path} #{self.nth}"

    @property
    def writes(self) -> bool:
        """Whether the call changes something."""
        return not _READING.search(self.call)

    @property
    def pattern(self) -> str:
        """The call as a regular expression, for `Faults.script`."""
        text = re.escape(self.call)
        for name, what in _VARIES:
            text = text.replace(re.escape(name), what)
        return rf"^{text}(\?|$)"


def normalized(call: Call) -> str:
    """Return a call without what varies from run to run, in any case of the letters."""
    text = f"{call.method} {call.host}{call.path}".replace("/resourcegroups/", "/resourceGroups/")
    for name, what in _VARIES:
        text = re.sub(what, name, text)
    return text


def points(azure: PaperAzure, folder: Path, scenes: Sequence[Scene] = SCENES) -> list[Point]:
    """Return every call that the scenes make, each where it is made first; raises AssertionError if a scene fails."""
    found: dict[tuple[str, str, int], Point] = {}
    for scene in scenes:
        case = play(azure, folder, scene)
        if wrong := problems(case):
            raise AssertionError(f"{scene.name} without a fault: {'; '.join(wrong)}\n{case.run.raw}")
        for call, times in _made(azure.calls).items():
            for nth in range(1, min(times, _MOST) + 1):
                found.setdefault((_signing_in(call, scene), call, nth), Point(scene, call, nth))
    return sorted(found.values(), key=lambda point: point.title)


def pairs(found: Iterable[Point], kinds: Sequence[Kind] = KINDS) -> list[tuple[Point, Kind]]:
    """Return every fault at every call that it can hit."""
    return [(point, kind) for point in found for kind in kinds if point.writes or not kind.of_writes]


def rotated(found: Sequence[Point], kinds: Sequence[Kind] = KINDS) -> list[tuple[Point, Kind]]:
    """Return each call with one fault, at one of the times that it is made, and so that each fault has a call."""
    times: dict[tuple[str, str], list[Point]] = {}
    for point in found:
        times.setdefault((_signing_in(point.call, point.scene), point.call), []).append(point)
    chosen = []
    for at, same in enumerate(times.values()):
        point = same[at % len(same)]
        usable = [kind for kind in (*kinds[at % len(kinds) :], *kinds) if point.writes or not kind.of_writes]
        chosen.append((point, usable[0]))
    used = {kind.name for _, kind in chosen}
    writes = [point for point in found if point.writes]
    left = [kind for kind in kinds if kind.name not in used]
    return chosen + [(writes[at % len(writes)], kind) for at, kind in enumerate(left)]


def play(azure: PaperAzure, folder: Path, scene: Scene, point: Point | None = None, kind: Kind | None = None) -> Case:
    """Run a scene, with a fault at one of its calls."""
    stage = arrange(scene, azure)
    azure.elsewhere.got.clear()
    if point and kind:
        times = 1 if kind.once else None
        azure.faults.script(point.pattern, **kind.script(), skip=point.nth - 1, times=times)
    before = look(stage)
    done = run(stage, folder)
    of_the_app = point is not None and any(f" {host}" in point.call for host in stage.hosts_of_the_app)
    return Case(
        stage=stage,
        kind=kind,
        of_the_app=of_the_app,
        of_the_cache=point is not None and f"/{REPOSITORY}-cache/" in point.call,
        before=before,
        after=look(stage),
        run=done,
    )


def _signing_in(call: str, scene: Scene) -> str:
    """Return with what a call signs in, because no two ways are the same code; empty for all other calls."""
    of_registry = re.search(r"/(oauth2|service)/token$", call)
    of_entra = call.startswith("POST login.")
    return scene.sign_in if of_entra else scene.registry_connection if of_registry else ""


def _made(calls: Sequence[Call]) -> Counter[str]:
    return Counter(normalized(one) for one in calls if one.origin == "agent")
