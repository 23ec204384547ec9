"""What tests of many apps share: a store, and no thread left of its run."""

from __future__ import annotations

import gc
import io
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytask.journal import Journal
from tests.contract.builders.paper import Cabinet
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.many_apps.store import Store
from tests.contract.targets.shelf import Shelf
from tests.contract.test_whole_run import _registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    cabinet = Cabinet()
    cabinet.tags["6"] = cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield Store(tmp_path, Shelf(), cabinet, io.StringIO(), Journal(lambda _: None))
        for thread in threading.enumerate():
            if thread.name == "background":
                thread.join(10)  # a run that ends early leaves one that still asks the registry
        gc.collect()
