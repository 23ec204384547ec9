"""The command: reads the files, shows or makes the change, and reports."""

from __future__ import annotations

import argparse
import difflib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dev.mover.plan import make_plan, read_pipeline
from dev.mover.report import report
from dev.mover.rewriting import apply_edits
from dev.mover.source import Unreadable, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ABOUT = """\
Move pipelines from Docker@1 or Docker@2 and AzureFunctionAppContainer@1 to FunctionAppContainerDeploy@1.
Without an option, the change is shown as a patch on stdout, and the report on stderr.

Exit code: 0; with --check 1 if something can move; 2 if a file cannot be read or is not YAML."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """A file's text before and after, and the report's lines."""

    before: str
    after: str
    lines: tuple[str, ...]


def move(text: str, apps: Iterable[str] = ()) -> Moved:
    """Return what becomes of a pipeline's text; raise Unreadable when it is not YAML."""
    source = read_source(text)
    pipeline = read_pipeline(source, apps)
    plan = make_plan(pipeline)
    after = apply_edits(source, plan.edits)
    _confirm_readable(after)
    return Moved(before=text, after=after, lines=tuple(report(pipeline, plan)))


def _confirm_readable(after: str) -> None:
    """Raise Unreadable when what came out is not YAML: then nothing is written."""
    try:
        read_source(after)
    except Unreadable as error:
        raise Unreadable(
            f"moving it would break it, so nothing was changed ({error}); please report this file"
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = _parser().parse_args(arguments)
    codes = [_run(path, given) for path in given.files]
    return max(codes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a pipeline or template in YAML")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--write", action="store_true", help="make the change; git keeps the previous version")
    doing.add_argument("--check", action="store_true", help="only report, on stdout")
    parser.add_argument(
        "--function-app",
        action="append",
        default=[],
        metavar="NAME",
        help="the name, as in the file, of an app that is a Function App; can be given more than once",
    )
    return parser


def _run(path: Path, given: argparse.Namespace) -> int:
    try:
        moved = move(path.read_bytes().decode(), given.function_app)
        if given.write and moved.after != moved.before:
            path.write_bytes(moved.after.encode())
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 2
    _show(path, given, moved)
    return int(given.check and moved.after != moved.before)


def _show(path: Path, given: argparse.Namespace, moved: Moved) -> None:
    changed = moved.after != moved.before
    if given.write and changed:
        sys.stdout.write(f"{path} is written\n")
    elif changed and not given.check:
        sys.stdout.buffer.write(_patch(path, moved).encode())
    sys.stdout.flush()
    out = sys.stdout if given.check else sys.stderr
    out.write(f"{path}:\n" if len(given.files) > 1 else "")
    out.writelines(f"{line}\n" for line in moved.lines)
    out.write("moving-over.md says what else is different now\n" if changed else "nothing to move\n")


def _patch(path: Path, moved: Moved) -> str:
    before, after = (text.split("\n") for text in (moved.before, moved.after))
    old, new = (
        [*(f"{line}\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])] for lines in (before, after)
    )
    lines = difflib.unified_diff(old, new, str(path), str(path))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
