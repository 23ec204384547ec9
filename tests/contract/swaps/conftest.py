"""What tests of swaps share: two slots, and a run beside them."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from pytask.journal import Journal
from tests.contract.builders.paper import Cabinet
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.slots import ScriptedSlots
from tests.contract.test_whole_run import Scene, _registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.targets.shelf import Shelf


@pytest.fixture
def slots() -> ScriptedSlots:
    return ScriptedSlots()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slots: ScriptedSlots) -> Iterator[Scene]:
    cabinet = Cabinet()
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        slots.digest_of = lambda image: cabinet.tags.get(image.rpartition(":")[2], image.rpartition("@")[2])
        yield Scene(tmp_path, cast("Shelf", slots), cabinet, io.StringIO(), Journal(lambda _: None))
