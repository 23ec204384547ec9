"""What these tests share: a world of listening hosts, and the product's ways to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytask.agent.network import read_network
from pytask.model import Secret
from tests.contract.foreign import ARM, ENTRA, REGISTRY, World, a_world, entra, registry
from tests.contract.foreign_hosts.hosts import QUICK
from tests.contract.http_clients import an_http_client
from tests.measure.connection import azure_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytask.cloud.arm import Azure
    from pytask.cloud.http import HttpClient
    from tests.contract.foreign import Answer, Asked


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with a_world(monkeypatch, tmp_path) as one:
        one.answers = {ENTRA: entra, ARM: _nothing, REGISTRY: registry()}
        yield one


def _nothing(_asked: Asked) -> Answer:
    return 404, {}, {"error": {"code": "NotFound", "message": "nothing here"}}


@pytest.fixture
def azure(world: World) -> Azure:
    del world
    return azure_for("client", "the-client-secret", timeouts=QUICK)


@pytest.fixture
def http(world: World) -> HttpClient:
    del world
    return an_http_client(QUICK, network=read_network(os.environ, Secret))
