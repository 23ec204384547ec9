"""The pipelines of the mover: `python -m tests.corpus.pipelines_expected` writes what is expected of each anew.

Read the difference before you commit it: each `NAME.after.yml` and `NAME.report.txt` is what a person found right.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dev.mover.command import Moved, move

FOLDER = Path(__file__).parent / "pipelines"


@dataclass(frozen=True, slots=True)
class PipelineCase:
    """A pipeline, and what is expected of the mover: the pipeline afterwards and the report."""

    name: str

    @property
    def before(self) -> str:
        """The pipeline; its bytes count, so its line ends stay."""
        return (FOLDER / f"{self.name}.yml").read_bytes().decode()

    @property
    def after(self) -> str:
        """The pipeline afterwards."""
        return (FOLDER / f"{self.name}.after.yml").read_bytes().decode()

    @property
    def report(self) -> str:
        """The report."""
        return (FOLDER / f"{self.name}.report.txt").read_text(encoding="utf-8")

    def expect(self, moved: Moved) -> None:
        """Write what is expected."""
        (FOLDER / f"{self.name}.after.yml").write_bytes(moved.after.encode())
        (FOLDER / f"{self.name}.report.txt").write_text(as_text(moved), encoding="utf-8")


def as_text(moved: Moved) -> str:
    """Return a report as a text."""
    return "".join(f"{line}\n" for line in moved.lines)


def pipeline_cases() -> list[PipelineCase]:
    """Return all cases, by name."""
    names = {path.name.removesuffix(".yml") for path in FOLDER.glob("*.yml")}
    return [PipelineCase(name) for name in sorted(names) if not name.endswith(".after")]


def main() -> None:
    """Write what the mover makes of each pipeline as what is expected of it."""
    for case in pipeline_cases():
        case.expect(move(case.before))


if __name__ == "__main__":
    main()
