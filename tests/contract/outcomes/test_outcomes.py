"""docs/outcomes.md, each cell of it as a whole run: what every kind of target ends with in every situation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.outcomes.case import SITUATIONS
from tests.contract.outcomes.tables import TABLES, a_case, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = (Path(__file__).parents[3] / "docs" / "outcomes.md").read_text(encoding="utf-8")
CELLS = [(table, kind, situation) for table, kinds in TABLES.items() for kind in kinds for situation in SITUATIONS]


def rows(table: str) -> Iterator[list[str]]:
    """Yield the cells of a table of the document, row by row; its heading first."""
    section = DOCUMENT.partition(f"\n## {table}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(("table", "kind", "situation"), CELLS)
def test_each_kind_of_target_ends_as_the_document_says(
    table: str, kind: str, situation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heading, *others = rows(table)
    documented = next(row for row in others if row[0] == situation)[heading.index(kind)]
    with a_case(TABLES[table][kind], tmp_path, monkeypatch) as case:
        assert outcome(case, situation) == documented
        assert case.states[case.end()] in case.state()


@pytest.mark.parametrize("table", TABLES)
def test_the_document_has_no_other_row_and_no_other_column(table: str) -> None:
    heading, *others = rows(table)
    assert heading[1:] == list(TABLES[table])
    assert tuple(row[0] for row in others) == SITUATIONS
