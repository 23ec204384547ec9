"""`npm run pictures`: take the pictures of the store page and of the first pages, with a headless browser.

The drawing of the flow becomes a PNG file, because the Marketplace shows no SVG, and so does the task in the classic
editor: docs/pictures. README, README.ja.md and the store page, 1,280 and 757 pixels wide, go to build/pages, to be
looked at. `-- --runs` also deploys on the local Azure, as root with Docker, and takes the logs and summaries of a run
that is verified and of one that is rolled back: build/runs.
Source: https://learn.microsoft.com/azure/devops/extend/publish/overview
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from dev.browser import NEEDED, find_browser, take
from dev.editor.__main__ import BUILD, TASK, WIDTH, page
from tests.agent.under_test import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.agent.running_task import TaskRun

PICTURES = ROOT / "docs" / "pictures"
PAGES = ("README.md", "README.ja.md", "overview.md")
WIDTHS = (1280, 757)
"""Pixels: a usual window, and the narrowest in which the Marketplace shows a page beside its column."""
_STYLE = """
body { margin: 0; padding: 20px 24px; color: #1f2328 }
body { font: 14px/1.5 'Segoe UI', 'Noto Sans', 'DejaVu Sans', 'Noto Color Emoji', 'Noto Sans CJK JP', sans-serif }
body.log { background: #1e1e1e; color: #d4d4d4 }
pre { margin: 0; font: 12px/1.55 'Cascadia Mono', 'DejaVu Sans Mono', monospace; white-space: pre-wrap }
.log .group { color: #9cdcfe } .log .error { color: #f48771 } .log .warning { color: #dcdcaa }
h1, h2, h3 { font-weight: 600; margin: 0 0 12px } h2 { font-size: 18px } h3 { font-size: 15px }
table { border-collapse: collapse; margin: 8px 0 16px } td, th { border: 1px solid #d0d7de; padding: 5px 12px }
th { background: #f6f8fa; text-align: left } code { background: #eff1f3; padding: 1px 4px; border-radius: 3px }
code { font: 12px 'Cascadia Mono', 'DejaVu Sans Mono', monospace } a { color: #0969da }
.page { max-width: 980px; margin: 0 auto; box-sizing: border-box; font-size: 16px } .page img { max-width: 100% }
.page pre { background: #f6f8fa; padding: 12px; border-radius: 6px } .page pre code { background: none; padding: 0 }
.page h1 { font-size: 28px } .page h2 { font-size: 22px; border-bottom: 1px solid #d8dee4; margin-top: 28px }
blockquote { border-left: 4px solid #d0d7de; margin: 0; padding: 0 14px; color: #59636e }
.summary pre { background: #f6f8fa; padding: 10px 12px; border-radius: 6px }
.summary pre code { background: none; padding: 0 }
"""


def main() -> int:
    """Take the pictures, and return the exit code."""
    parser = argparse.ArgumentParser(prog="npm run pictures --", description=__doc__)
    parser.add_argument("--runs", action="store_true", help="also those of real runs on the local Azure")
    runs, browser = parser.parse_args().runs, find_browser()
    if browser is None:
        sys.stderr.write(f"pictures: {NEEDED}\n")
        return 1
    flow = (ROOT / "docs" / "flow.svg").read_text(encoding="utf-8")
    _take(browser, PICTURES / "flow.png", f"<body style='padding:0'>{flow}</body>", 1050)
    _told(
        PICTURES / "editor.png", take(browser, page(json.loads(TASK.read_text()), {}), PICTURES / "editor.png", WIDTH)
    )
    for name in PAGES:
        for width in WIDTHS:
            _take(browser, BUILD / "pages" / f"{name}-{width}.png", _page(name), width)
    if runs:
        _take_runs(browser)
    return 0


def _page(name: str) -> str:
    """Return a page as GitHub and the Marketplace show it, but for their own frame."""
    text = (ROOT / name).read_text(encoding="utf-8")
    html = MarkdownIt("commonmark").enable("table").render(text).replace('src="docs/', f'src="file://{ROOT}/docs/')
    return f"<body class=page>{html}</body>"


def _take_runs(browser: str) -> None:
    verified, rolled_back = _runs()
    folder = BUILD / "runs"
    _take(browser, folder / "log-verified.png", _log(verified), 1060)
    _take(browser, folder / "summary-verified.png", _summary(verified), 900)
    _take(browser, folder / "log-rolled-back.png", _log(rolled_back, last=34), 1060)
    _take(browser, folder / "summary-rolled-back.png", _summary(rolled_back), 900)


def _runs() -> tuple[TaskRun, TaskRun]:
    """Deploy the example, a change of it, and a change that does not start."""
    from tests.local_azure.azure import LocalAzure  # noqa: PLC0415 - it needs Docker's libraries, and nothing else does
    from tests.pipeline import a_pipeline  # noqa: PLC0415 - the same

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


def _take(browser: str, picture: Path, body: str, width: int) -> None:
    """Render a page, and crop the picture to its content."""
    head = f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>"
    _told(picture, take(browser, head + body, picture, width))


def _told(picture: Path, height: int) -> None:
    sys.stdout.write(f"{picture.relative_to(ROOT)}  {height} pixels high\n")


if __name__ == "__main__":
    sys.exit(main())
