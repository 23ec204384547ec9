"""What a run ends with: each kind of target in each situation, as a whole run without Docker."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tests.contract.builders.paper import Cabinet
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.outcomes.container_apps import OneContainerApp, SeveralRevisions
from tests.contract.outcomes.many_apps import FirstOfMany, OneOfMany
from tests.contract.outcomes.sites import OneSite, SiteInEnvironment
from tests.contract.outcomes.swaps import OnlySwapped, Swapped, SwappedProduction
from tests.contract.test_whole_run import _registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from tests.contract.outcomes.case import Case

TABLES: dict[str, dict[str, Callable[[Path, Cabinet], Case]]] = {
    "Function Apps": {
        "Function App or slot": OneSite,
        "`swapWithProduction`: in the slot": Swapped,
        "`swapWithProduction`: in production after the swap": SwappedProduction,
        "`command: swap`": OnlySwapped,
    },
    "Functions on Container Apps": {
        "Single revision mode": OneContainerApp,
        "Multiple revision mode": SeveralRevisions,
        "Function App in an environment": SiteInEnvironment,
    },
    "Several apps in one step": {"`appName`": FirstOfMany, "An app of `moreApps`": OneOfMany},
}


@contextmanager
def a_case(kind: Callable[[Path, Cabinet], Case], folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Case]:
    """Return a target of a kind whose previous image is in the registry."""
    cabinet = Cabinet()
    for tag, content in (("6", b"{}"), ("8", b"{ }")):
        cabinet.tags[tag] = cabinet.file("application/vnd.oci.image.manifest.v1+json", content)["digest"]
    with a_world(patch, folder) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield kind(folder, cabinet)


def outcome(case: Case, situation: str) -> str:
    """Return the cell of the document: what the run says, and what becomes of the target."""
    case.arrange(situation)
    said = case.run()
    return ", ".join(one for one in (said, case.end(), case.more()) if one)
