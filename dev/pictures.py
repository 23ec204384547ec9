"""`npm run pictures`: take the pictures for the store page, of real runs on the local Azure, with a headless browser.

There are two runs of the step: one that is verified, and one whose image does not start and is rolled back. Their logs,
as the agent shows them, and their summaries, as the Extensions tab shows them, become PNG files. So does the drawing of
the flow, because the Marketplace shows no SVG. https://learn.microsoft.com/azure/devops/extend/publish/overview
"""

from __future__ import annotations

import re
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from dev.browser import NEEDED, find_browser, take
from tests.agent.under_test import ROOT
from tests.local_azure.azure import LocalAzure
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.agent.running_task import TaskRun

PICTURES = ROOT / "docs" / "pictures"
_STYLE = """
body { margin: 0; padding: 20px 24px; color: #1f2328 }
body { font: 14px/1.5 'Segoe UI', 'Noto Sans', 'DejaVu Sans', 'Noto Color Emoji', sans-serif }
body.log { background: #1e1e1e; color: #d4d4d4 }
pre { margin: 0; font: 12px/1.55 'Cascadia Mono', 'DejaVu Sans Mono', monospace; white-space: pre-wrap }
.log .group { color: #9cdcfe } .log .error { color: #f48771 } .log .warning { color: #dcdcaa }
h1, h2, h3 { font-weight: 600; margin: 0 0 12px } h2 { font-size: 18px } h3 { font-size: 15px }
table { border-collapse: collapse; margin: 8px 0 16px } td, th { border: 1px solid #d0d7de; padding: 5px 12px }
th { background: #f6f8fa; text-align: left } code { background: #eff1f3; padding: 1px 4px; border-radius: 3px }
code { font: 12px 'Cascadia Mono', 'DejaVu Sans Mono', monospace } a { color: #0969da }
.summary pre { background: #f6f8fa; padding: 10px 12px; border-radius: 6px } .summary pre code { background: none }
"""


def main() -> int:
    """Take the pictures, and return the exit code."""
    browser = find_browser()
    if browser is None:
        sys.stderr.write(f"pictures: {NEEDED}\n")
        return 1
    PICTURES.mkdir(exist_ok=True)
    verified, rolled_back = _runs()
    _take(browser, "log-verified", _log(verified), 1060)
    _take(browser, "summary-verified", _summary(verified), 900)
    _take(browser, "log-rolled-back", _log(rolled_back, last=34), 1060)
    _take(browser, "summary-rolled-back", _summary(rolled_back), 900)
    flow = (ROOT / "docs" / "flow.svg").read_text(encoding="utf-8")
    _take(browser, "flow", f"<body style='padding:0'>{flow}</body>", 1050)
    return 0


def _runs() -> tuple[TaskRun, TaskRun]:
    """Deploy the example, a change of it, and a change that does not start."""
    with (
        tempfile.TemporaryDirectory(prefix="pictures-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
        a_pipeline(azure, Path(folder) / "pipeline", scheme="federation") as pipeline,
    ):
        test = {"smokeTestPath": "/api/HttpTriggerSample?name=you"}
        pipeline.run(build_id="1292")
        pipeline.edit("Hello", "Bonjour")
        verified = pipeline.run(test, build_id="1293")
        with (pipeline.sources / "Dockerfile").open("a") as file:
            file.write('CMD ["python3", "-c", "import requests_that_nobody_installed"]\n')
        return verified, pipeline.run(test, build_id="1294")


def _log(run: TaskRun, last: int = 60) -> str:
    """Return the last lines of a step's log as the run's page shows them: groups, errors and warnings in color."""
    lines = list(_folded(run.log.splitlines()))[-last:]
    return f"<body class=log><pre>{chr(10).join(map(_line, lines))}</pre></body>"


def _folded(lines: Iterable[str]) -> Iterable[str]:
    """Leave out the content of the build group, which is Docker's own output."""
    inside = False
    for line in lines:
        if line.startswith("##[group]"):
            inside = "Build image" in line
            yield f"▸ {line.removeprefix('##[group]')}"
        elif line.startswith("##[endgroup]"):
            inside = False
        elif not inside:
            yield line


def _line(line: str) -> str:
    found = re.match(r"##\[(error|warning|section|command)\]", line)
    kind = "group" if line.startswith("▸") else found.group(1) if found else ""
    text = escape(line[found.end() :] if found else line)
    return f"<span class={kind}>{text}</span>" if kind else text


def _summary(run: TaskRun) -> str:
    _, markdown = run.summaries[0]
    return f"<body class=summary>{MarkdownIt('commonmark').enable('table').render(markdown)}</body>"


def _take(browser: str, name: str, body: str, width: int) -> None:
    """Render a page, and crop the picture to its content."""
    head = f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>"
    height = take(browser, head + body, PICTURES / f"{name}.png", width)
    sys.stdout.write(f"{(PICTURES / name).relative_to(ROOT)}.png  {width} x {height}\n")


if __name__ == "__main__":
    sys.exit(main())
