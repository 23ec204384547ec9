"""`npm run editor`: render task.json as the classic editor does, and count the fields that each command shows.

The page build/editor.html has the rules at work. `-- --pictures` also takes a picture for each command, and
`-- --task FILE` renders another task.json, such as that of an earlier version.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev.browser import NEEDED, find_browser, take
from dev.editor.rules import met_first, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build"
TASK = ROOT / "task" / "task.json"
WIDTH = 690


def main() -> int:
    """Write the page, print the counts, take the pictures if they are asked for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="npm run editor --", description=__doc__)
    parser.add_argument("--task", type=Path, default=TASK)
    parser.add_argument("--pictures", type=Path, nargs="?", const=BUILD / "editor", help="the folder to write them to")
    arguments = parser.parse_args()
    task = json.loads(arguments.task.read_text(encoding="utf-8"))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "editor.html").write_text(page(task, {}), encoding="utf-8")
    sys.stdout.write(f"{BUILD / 'editor.html'}\n\n{counts(task)}\n")
    return _pictures(task, arguments.pictures) if arguments.pictures else 0


def page(task: Mapping[str, Any], given: Mapping[str, str]) -> str:
    """Return the editor's form as a page, with the values that are set already."""
    text = (HERE / "page.html").read_text(encoding="utf-8")
    for mark, content in (
        ("/* rules */", (HERE / "rules.js").read_text(encoding="utf-8")),
        ("/* task */", _in_script(task)),
        ("/* given */", _in_script(given)),
    ):
        text = text.replace(mark, content)
    return text


def counts(task: Mapping[str, Any]) -> str:
    """Return a table: for each command the fields that are open, and all that are shown."""
    rows = [
        f"{command:<16} {len(met_first(task, {'command': command})):>5} {len(shown(task, {'command': command})):>5}"
        for command in commands(task)
    ]
    return "\n".join([f"{'command':<16} {'open':>5} {'all':>5}", *rows])


def commands(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the choices of the input `command`."""
    return tuple(next(one for one in task["inputs"] if one["name"] == "command")["options"])


def _in_script(value: Mapping[str, Any]) -> str:
    """Return a value as JSON that cannot end the script around it."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _pictures(task: Mapping[str, Any], folder: Path) -> int:
    browser = find_browser()
    if browser is None:
        sys.stderr.write(f"editor: {NEEDED}\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for command in commands(task):
        picture = folder / f"editor-{command}.png"
        height = take(browser, page(task, {"command": command}), picture, WIDTH)
        sys.stdout.write(f"{picture}  {WIDTH} x {height}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
