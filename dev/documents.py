"""Write the generated parts of the documents: tables, docs/troubleshooting.md, docs/recipes.md, docs/move_over.py.

`python -m dev.documents` writes them. `python -m dev.documents --check` only lists those that are not current.
"""
# ruff: noqa: RUF001, RUF002 - these quotation marks are meant

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytask.errors
from dev.editor.rules import parse_rule
from dev.one_file import MOVER, mover_file
from pytask.errors import OneOfSeveral, TaskFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from dev.editor.rules import Rule
    from pytask.errors import Cause

ROOT = Path(__file__).parent.parent
INPUTS = ROOT / "docs" / "inputs.md"
OVERVIEW = ROOT / "overview.md"
TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
RECIPES = ROOT / "docs" / "recipes.md"
TASK = ROOT / "task" / "task.json"
COMMAND = "npm run docs"

_FILE = re.compile(r"^(<!-- file: (\S+) -->)\n+```yaml\n.*?^```$", re.MULTILINE | re.DOTALL)
# Characters that have a meaning in Markdown. An underscore inside a word has none.
_SIGN = re.compile(r"[\\`*<\[]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")

_PREFACE = f"""\
<!-- Written by `{COMMAND}` from pytask/errors; change the texts there. -->
# Troubleshooting

Every failure has a code. The log names it first, and then says what happened, the cause, and how to fix it:

```text
app-not-found: there is no Function App hello-functoin
  happened  the subscription 8e8f… has no app with this name that this connection can see
  cause     …
  fix       …
  state     nothing was pushed and nothing was changed
  docs      docs/troubleshooting.md#app-not-found
```

`state` says what was changed and what was not. If a failure has a correlation ID, Microsoft support will ask for it.
On this page, ‹words in these marks› stand for values that the log fills in.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One failure as the document shows it."""

    code: str
    title: str
    about: str
    happened: str
    cause: str
    fix: str
    links: tuple[str, ...] = ()
    causes: tuple[tuple[str, str], ...] = ()
    """Each cause with its fix, if a code has several."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """Failures of one kind."""

    title: str
    entries: tuple[Entry, ...]


class _Shown(dict[str, str]):
    """Stand in for any facts: each is shown by its name."""

    def __missing__(self, fact: str) -> str:
        return f"‹{fact}›"


SHIM = Chapter(
    title="Failures of starting the program",
    entries=(
        Entry(
            code="python-not-found",
            title="this agent has no Python 3.10 or newer",
            about="Reported by task/index.js, which the agent starts and which finds a Python.",
            happened="none of these can be used: {tried} (or: there is no Python on PATH)",
            cause="the task is written in Python and includes everything it needs except Python itself",
            fix=(
                "add this step before this one:\n- task: UsePythonVersion@0\n  inputs: {{ versionSpec: '3.x' }}\n"
                "or install Python 3.10 or newer on the agent (in a container job: in the image)"
            ),
        ),
        Entry(
            code="python-interpreter-unfit",
            title="the Python that pythonInterpreter names cannot run this task",
            about="Reported by task/index.js, which tries no other Python when the input pythonInterpreter is set.",
            happened="pythonInterpreter is {interpreter}: {why} (or: there is no such file, or none on PATH)",
            cause="the task uses only the Python that pythonInterpreter names",
            fix=(
                "name a Python 3.10 or newer by its full path or by its name on PATH,\n"
                "or leave pythonInterpreter empty, so that the task finds one"
            ),
        ),
        Entry(
            code="python-ended",
            title="the Python program of this task ended without a result ({how})",
            about="Reported by task/index.js when the program that it started ended without reporting a result.",
            happened="{python} is no longer running; its last output is above",
            cause=(
                "SIGKILL usually means that the agent ran out of memory; exit code 1 is an unexpected error (see above)"
            ),
            fix="run the step again; if it happens again, open an issue with this log",
        ),
    ),
)
"""Failures that cannot come from Python; the texts are those of task/index.js."""


def catalogue() -> dict[ModuleType, tuple[type[TaskFailure], ...]]:
    """Return every failure with a code, in the order of its module."""
    names = (info.name for info in pkgutil.iter_modules(pytask.errors.__path__, "pytask.errors."))
    found = {module: tuple(_failures_in(module)) for module in map(importlib.import_module, names)}
    return {module: failures for module, failures in found.items() if failures}


def _failures_in(module: ModuleType) -> Iterator[type[TaskFailure]]:
    for thing in vars(module).values():
        named_here = isinstance(thing, type) and thing.__module__ == module.__name__
        if named_here and issubclass(thing, TaskFailure) and hasattr(thing, "code"):
            yield thing


def causes_of(failure: type[TaskFailure]) -> tuple[tuple[str, str], ...]:
    """Return each cause of a failure with its fix; most failures have only one."""
    if not issubclass(failure, OneOfSeveral):
        return ((failure.cause, failure.fix),)
    kind = cause_type(failure)
    return tuple((one.cause, failure.fix.replace("{known_fix}", one.fix)) for one in kind)


def _links(failure: type[TaskFailure]) -> tuple[str, ...]:
    """Return the pages that the causes of a failure name, each once."""
    kind = cause_type(failure) if issubclass(failure, OneOfSeveral) else ()
    return tuple(dict.fromkeys(one.link for one in kind if one.link))


def cause_type(failure: type[OneOfSeveral]) -> type[Cause]:
    """Return the causes that a failure knows, as the annotation of the fact or of the property names them."""
    given = failure.__annotations__.get("known")
    name = given or vars(failure)["known"].func.__annotations__["return"]
    named: type[Cause] = vars(sys.modules[failure.__module__])[name]
    return named


def chapters() -> tuple[Chapter, ...]:
    """Return the chapters of docs/troubleshooting.md."""
    told = tuple(
        Chapter(title=_first_paragraph(module).rstrip("."), entries=tuple(_entry(failure) for failure in failures))
        for module, failures in catalogue().items()
    )
    return (*told, SHIM)


def troubleshooting() -> str:
    """Return the whole text of docs/troubleshooting.md."""
    told = chapters()
    contents = [f"\n**{chapter.title}**\n\n{_contents(chapter.entries)}\n" for chapter in told]
    bodies = [f"\n## {chapter.title}\n\n" + "\n".join(map(_section, chapter.entries)) for chapter in told]
    return "".join([_PREFACE, *contents, *bodies])


def with_tables(text: str, task: Mapping[str, Any]) -> str:
    """Return a page with the tables of inputs and outputs, written from task.json, between their marks.

    Raises:
        ValueError: when the marks around a table are missing.
    """
    text = _between(text, "inputs", inputs_table(task))
    return _between(text, "outputs", outputs_table(task))


def with_files(text: str) -> str:
    """Return a page with the whole text of each file that a mark names, in the fence below the mark."""

    def fence(found: re.Match[str]) -> str:
        return f"{found[1]}\n\n```yaml\n{(ROOT / found[2]).read_text(encoding='utf-8')}```"

    return _FILE.sub(fence, text)


def inputs_table(task: Mapping[str, Any]) -> str:
    """Return the table of inputs: first those that every step must set, then the others in the editor's order."""
    groups = ["", *(group["name"] for group in task.get("groups", ()))]
    ordered = sorted(
        task["inputs"], key=lambda item: (not must_be_given(item), groups.index(item.get("groupName", "")))
    )
    return _table(
        ("Input", "What it means"),
        ((_code(item["name"]), _meaning(item, task)) for item in ordered),
    )


def outputs_table(task: Mapping[str, Any]) -> str:
    """Return the table of output variables."""
    rows = ((_code(item["name"]), item["description"]) for item in task["outputVariables"])
    return _table(("Output", "What it means"), rows)


def current() -> dict[Path, str]:
    """Return the text that each generated document should have."""
    task = json.loads(TASK.read_text(encoding="utf-8"))
    pages = {path: with_tables(path.read_text(encoding="utf-8"), task) for path in (INPUTS, OVERVIEW)}
    recipes = with_files(RECIPES.read_text(encoding="utf-8"))
    return {**pages, TROUBLESHOOTING: troubleshooting(), RECIPES: recipes, MOVER: mover_file()}


def stale() -> list[str]:
    """Return the names of the documents that are not current."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, text in current().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the documents, or only check them, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a document is not current")
    if parser.parse_args().check:
        names = stale()
        sys.stderr.writelines(f"{name} is not current: {COMMAND} writes it\n" for name in names)
        return 1 if names else 0
    for path, text in current().items():
        path.write_text(text, encoding="utf-8")
    return 0


def _entry(failure: type[TaskFailure]) -> Entry:
    return Entry(
        code=failure.code,
        title=failure.title,
        about=_first_paragraph(failure),
        happened=failure.happened,
        cause=failure.cause,
        fix=failure.fix,
        links=(*([failure.link] if failure.link else []), *_links(failure)),
        causes=causes_of(failure) if issubclass(failure, OneOfSeveral) else (),
    )


def _first_paragraph(thing: object) -> str:
    return " ".join((thing.__doc__ or "").strip().partition("\n\n")[0].split())


def _section(entry: Entry) -> str:
    rows = [("happened", entry.happened)]
    rows += [] if entry.causes else [("cause", entry.cause), ("fix", entry.fix)]
    told = [f"- **{name}**: {markdown(text)}" for name, text in rows]
    told += [f"- **cause**: {markdown(cause)}<br>**fix**: {markdown(fix)}" for cause, fix in entry.causes]
    told += [f"- **docs**: <{link}>" for link in entry.links]
    about = entry.about if "`" in entry.about else _escaped(entry.about)
    return "\n".join([f"### {entry.code}", "", f"**{markdown(entry.title)}**", "", about, "", *told, ""])


def _contents(entries: Iterable[Entry]) -> str:
    return "\n".join(f"- [`{entry.code}`](#{entry.code}): {markdown(entry.title)}" for entry in entries)


def markdown(template: str) -> str:
    """Return a text of the catalogue as Markdown, with ‹fact› where a fact belongs."""
    return _escaped(template.replace("!q}", "}").format_map(_Shown())).replace("\n", "<br>")


def _escaped(text: str) -> str:
    return _SIGN.sub(lambda found: "\\" + found.group(), text)


def _between(text: str, name: str, body: str) -> str:
    """Put a text between its two marks."""
    begin, end = f"<!-- {name}: written by `{COMMAND}` from task/task.json -->", f"<!-- end of {name} -->"
    before, first, rest = text.partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        raise ValueError(f"the page has no {begin} with its {end}")
    return f"{before}{begin}\n\n{body}\n\n{end}{after}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def must_be_given(item: Mapping[str, Any]) -> bool:
    """Return whether every step must set this input."""
    return bool(item.get("required")) and not item.get("visibleRule") and not item.get("defaultValue")


def _meaning(item: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return what the editor shows: label, help, options, the other name, when the input is visible, the default."""
    parts = ["**Required.**"] if must_be_given(item) else []
    parts += [f"**{item['label']}.**", item["helpMarkDown"]]
    parts += [f"One of {', '.join(map(_code, item['options']))}."] if item.get("options") else []
    parts += [f"Also called {', '.join(map(_code, item['aliases']))}."] if item.get("aliases") else []
    if when := _when(item, task):
        parts.append(f"{'Required' if item.get('required') else 'Used'} {when}.")
    parts += [f"Default: {_code(item['defaultValue'])}."] if item.get("defaultValue") else []
    return " ".join(parts)


def _when(item: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return for which commands, and for which values of other inputs, the editor shows an input; empty when always."""
    groups = [one for one in task.get("groups", ()) if one["name"] == item.get("groupName")]
    rules = [parse_rule(one["visibleRule"]) for one in (*groups, item) if one.get("visibleRule")]
    commands = [name for one in task["inputs"] if one["name"] == "command" for name in one["options"]]
    of = [name for name in commands if all(_concerns(rule, name) for rule in rules)]
    by = f"by {', '.join(map(_code, of))}" if of and len(of) < len(commands) else ""
    when = " and ".join(filter(None, map(_other_conditions, rules)))
    return " ".join(part for part in (by, when and f"when {when}") if part)


def _other_conditions(rule: Rule) -> str:
    """Return the conditions of a rule that are not about the command, as words; empty when there are none."""
    others = (_code(f"{one.name} {one.comparison} {one.expected}") for one in rule.conditions if one.name != "command")
    return (" and " if rule.all_of_them else " or ").join(others)


def _concerns(rule: Rule, command: str) -> bool:
    """Return whether a rule shows its input for a command, whatever the other inputs are."""
    conditions = tuple(one for one in rule.conditions if one.name == "command")
    return not conditions or replace(rule, conditions=conditions).holds({"command": command})


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.exit(main())
