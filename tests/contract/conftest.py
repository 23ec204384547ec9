"""What tests of the contract ring share: a site behind a real connection, a company's network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.arm_site import Site, a_site
from tests.contract.company import Company, a_company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytask.cloud.arm import Arm


@pytest.fixture
def opened() -> Iterator[tuple[Site, Arm]]:
    with a_site() as both:
        yield both


@pytest.fixture
def site(opened: tuple[Site, Arm]) -> Site:
    return opened[0]


@pytest.fixture
def arm(opened: tuple[Site, Arm]) -> Arm:
    return opened[1]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with a_company(tmp_path) as one:
        yield one
