"""`npm run corpus [-- FOLDER …]`: holds the product against real platform logs and real error outputs."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from tests.corpus.cases import cases_in
from tests.corpus.judging import judge
from tests.corpus.reporting import Report

OWN = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Judge the cases of the folders given, else the repository's own, and return the exit code."""
    logging.disable()  # Azure's libraries tell of each refusal by themselves
    folders = [_where_npm_was_called(folder) for folder in arguments] or [OWN]
    report = Report(tuple(judge(case) for case in cases_in(folders)))
    for line in report.lines():
        print(line)  # noqa: T201 - a command
    return 1 if report.failed else 0


def _where_npm_was_called(folder: str) -> Path:
    """Return a folder as its user means it: npm itself changes to the repository's folder.

    Source: https://docs.npmjs.com/cli/v10/commands/npm-run-script#description
    """
    return Path(os.environ.get("INIT_CWD", "."), folder).absolute()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
