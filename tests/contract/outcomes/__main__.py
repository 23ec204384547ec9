"""`python -m tests.contract.outcomes` prints the tables of docs/outcomes.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.outcomes.case import SITUATIONS, Case
from tests.contract.outcomes.tables import TABLES, a_case, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.builders.paper import Cabinet


def _cell(kind: Callable[[Path, Cabinet], Case], situation: str) -> str:
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        a_case(kind, Path(folder), patch) as case,
    ):
        return outcome(case, situation)


def main() -> None:
    """Print the tables."""
    for heading, kinds in TABLES.items():
        sys.stdout.write(f"## {heading}\n\n| The run deploys | {' | '.join(kinds)} |\n{'| --- ' * (len(kinds) + 1)}|\n")
        for situation in SITUATIONS:
            cells = [_cell(kind, situation) for kind in kinds.values()]
            sys.stdout.write(f"| {' | '.join([situation, *cells])} |\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
