"""What the tests of the stand-ins share: a folder, an engine as a host has it, the base image's registry."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.local_azure.engine.base_image import base_image_storage
from tests.local_azure.engine.engine import Engine
from tests.local_azure.registries.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState

CACHE = Path(__file__).parents[2] / ".cache"


def _folder() -> Path:
    # Not pytest's: its path is too long for a socket, and closed to the remapped users of a host's containers.
    folder = Path(tempfile.mkdtemp(prefix="local-azure-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = _folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    folder = _folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def base_images(session_folder: Path) -> Iterator[Registry]:
    """Return a registry that holds the base image, and takes others."""
    storage = session_folder / "storage"
    shutil.copytree(base_image_storage(CACHE), storage)
    registry = Registry(name="base images", folder=session_folder / "registry", storage=storage)
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture(scope="session")
def host_engine(session_folder: Path) -> Iterator[Engine]:
    """Return an engine with the users of an App Service host."""
    engine = Engine(name="host", folder=session_folder / "host", environment={}, remapped_users=True)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def registry(azure: LocalAzure) -> RegistryState:
    return azure.add_registry()


@pytest.fixture
def deployer(azure: LocalAzure, registry: RegistryState) -> Principal:
    """Return a principal that may push and, in the whole subscription, deploy."""
    subscription = f"/subscriptions/{azure.subscription_id}"
    roles = {registry.id: "AcrPush", subscription: "Contributor"}
    return azure.add_principal("deployer", secret="correct horse", roles=roles)
