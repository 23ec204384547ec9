"""What tests of traffic share: an app in multiple revision mode, and a run beside it."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from pytask.journal import Journal
from tests.contract.builders.paper import Cabinet
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.container_app import ScriptedContainerApp
from tests.contract.test_whole_run import Scene, _registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.targets.shelf import Shelf


@pytest.fixture
def app() -> ScriptedContainerApp:
    made = ScriptedContainerApp()
    made.use_several_revisions()
    return made


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, app: ScriptedContainerApp) -> Iterator[Scene]:
    cabinet = Cabinet()
    cabinet.tags["6"] = cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield Scene(tmp_path, cast("Shelf", app), cabinet, io.StringIO(), Journal(lambda _: None))
