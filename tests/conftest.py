"""What every test may ask for."""

from __future__ import annotations

import atexit
import os
import shutil
import socketserver
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_azure.azure import LocalAzure

# A machine that is busy must not fail a property: how fast something is has tests of its own. Each run tries the same
# examples, so that a commit is not refused for what another one did; `npm run fuzz` searches further.
settings.register_profile(
    "house", max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

# azure-devops remembers where services are below the home folder; one run of the tests must not know of another's.
os.environ["AZURE_DEVOPS_CACHE_DIR"] = tempfile.mkdtemp(prefix="azure-devops-")
atexit.register(shutil.rmtree, os.environ["AZURE_DEVOPS_CACHE_DIR"], ignore_errors=True)

_tell_error = socketserver.BaseServer.handle_error


def _tell_error_of_ours(self: socketserver.BaseServer, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's
    """Print what went wrong in a fake, but not that its caller hung up, which many tests are about."""
    if not isinstance(sys.exc_info()[1], ConnectionError):
        _tell_error(self, request, client_address)


socketserver.BaseServer.handle_error = _tell_error_of_ours  # type: ignore[method-assign] # for every fake

CACHE = Path(__file__).parent.parent / ".cache"


@pytest.fixture(scope="session")
def local_azure() -> Iterator[LocalAzure]:
    """Return the one local Azure of this session."""
    from tests.local_azure.azure import LocalAzure  # noqa: PLC0415 - the fast rings do not wait for it

    with (
        tempfile.TemporaryDirectory(prefix="local-azure-") as folder,
        LocalAzure(folder=Path(folder), cache=CACHE) as azure,
    ):
        yield azure


@pytest.fixture
def azure(local_azure: LocalAzure) -> Iterator[LocalAzure]:
    """Return an empty subscription; a call it does not serve fails the test, unless the test has cleared it."""
    local_azure.reset()
    yield local_azure
    assert local_azure.unexpected == []
