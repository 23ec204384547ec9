"""A few of the points of `npm run signals`, at least one for each signal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.signals.points import POINTS
from tests.signals.trial import have_images, try_point

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.signals.points import How

FEW: tuple[tuple[str, How, str], ...] = (
    ("image sent", "SIGINT", r"docker-func-sample is configured with contoso.azurecr.io/hello-function:stable \(prev"),
    (
        "settings written",
        "SIGTERM",
        r"settings: GREETING (added|may have been written)\nto (continue|roll back) by hand: az functionapp",
    ),
    ("swapping", "SIGTERM", "the swap of docker-func-sample was sent, but its result is not known: it may be config"),
    ("rollback written", "SIGKILL", "docker-func-sample is configured with contoso.azurecr.io/hello-function:former a"),
)
"""Points, the signal, and a pattern of what is told.

The signal passes through Node first: until it arrives, the answer to a change may come, and the next one may be sent.
`Trial.wrong` names what is told but not true.
"""


@pytest.fixture(scope="module")
def images(local_azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> None:
    have_images(local_azure, tmp_path_factory.mktemp("images"))


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(("name", "how", "told"), FEW)
def test_a_run_that_is_stopped_leaves_nothing_tells_the_truth_and_can_be_run_again(
    azure: LocalAzure, tmp_path: Path, name: str, how: How, told: str
) -> None:
    (point,) = (one for one in POINTS if one.name == name)
    trial = try_point(point, how, azure, tmp_path)
    assert not trial.wrong, f"{trial.wrong}\n{trial.log}"
    assert re.search(told, trial.told), trial.told
