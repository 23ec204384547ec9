"""The documents say what is: generated parts are current, links lead somewhere, YAML names inputs that exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from dev import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted(ROOT.glob("[PS]*.md")),
    *(ROOT / name for name in ("README.md", "README.ja.md", "overview.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)|\b(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
STEP = re.compile(r"- task: FunctionAppContainerDeploy@1$(.*?)(?=^ *- |\Z)", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"\$\(deploy\.(\w+)\)")


def ident(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def task() -> dict[str, Any]:
    return dict(json.loads(documents.TASK.read_text(encoding="utf-8")))


def links(path: Path) -> list[str]:
    prose = FENCED.sub("", path.read_text(encoding="utf-8"))
    found = ("".join(groups) for groups in LINK.findall(re.sub(r"`[^`\n]+`", "", prose)))
    return [link for link in found if not re.match(r"https?://", link)]


@cache
def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings.

    Source of the rule: https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
    """
    seen: Counter[str] = Counter()
    names = set()
    for heading in HEADING.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names


def snippets() -> Iterator[tuple[str, str]]:
    for path in DOCUMENTS:
        for language, text in FENCED.findall(path.read_text(encoding="utf-8")):
            if language == "yaml":
                yield ident(path), text


def inputs_named_in(step: str) -> set[str]:
    """Return the keys one level below `inputs:`."""
    _, _, below = step.partition("inputs:\n")
    depth = len(below) - len(below.lstrip(" "))
    return set(re.findall(rf"^ {{{depth}}}(\w+):", below, re.MULTILINE))


def test_what_is_generated_is_current() -> None:
    command = [sys.executable, "-m", "dev.documents", "--check"]
    check = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stderr) == (0, "")


def test_a_document_that_is_not_current_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {documents.INPUTS: documents.INPUTS.read_text(encoding="utf-8"), documents.TROUBLESHOOTING: "other"}
    monkeypatch.setattr(documents, "current", lambda: told)
    monkeypatch.setattr(sys, "argv", ["documents", "--check"])
    assert documents.main() == 1
    assert capsys.readouterr().err == "docs/troubleshooting.md is not current: npm run docs writes it\n"


def test_a_table_shows_all_that_the_editor_shows() -> None:
    inputs = [
        {
            "name": "late",
            "label": "A late one",
            "groupName": "second",
            "helpMarkDown": "Late.",
            "defaultValue": "a",
            "visibleRule": "early = x && command != b",
        },
        {
            "name": "command",
            "label": "Command",
            "groupName": "first",
            "defaultValue": "a",
            "helpMarkDown": "Do.",
            "options": {"a": "A", "b": "B", "c": "C"},
        },
        {
            "name": "early",
            "label": "B",
            "groupName": "first",
            "visibleRule": "late = a || late = b",
            "helpMarkDown": "A | B.",
            "options": {"x": "The x", "y": "The y"},
        },
        {
            "name": "needed",
            "label": "C",
            "aliases": ["wanted"],
            "groupName": "second",
            "required": True,
            "helpMarkDown": "Needed.",
        },
    ]
    groups = [{"name": "first"}, {"name": "second", "visibleRule": "command = a || command = c || command = b"}]
    table = documents.inputs_table({"groups": groups, "inputs": inputs})
    assert table.splitlines()[2:] == [
        "| `needed` | **Required.** **C.** Needed. Also called `wanted`. |",
        "| `command` | **Command.** Do. One of `a`, `b`, `c`. Default: `a`. |",
        r"| `early` | **B.** A \| B. One of `x`, `y`. Used when `late = a` or `late = b`. |",
        "| `late` | **A late one.** Late. Used by `a`, `c` when `early = x`. Default: `a`. |",
    ]


def test_a_text_of_the_catalogue_stays_itself_in_markdown() -> None:
    assert documents.markdown("{a} <b> *c* 'd_e' '_' {{f}}\ng") == r"‹a› \<b> \*c\* 'd_e' '\_' {f}<br>g"  # noqa: RUF001 - meant


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="the page has no <!-- inputs"):
        documents.with_tables("# Title\n", task())


def test_every_failure_has_its_anchor() -> None:
    codes = {failure.code for failures in documents.catalogue().values() for failure in failures}
    assert codes
    assert codes | {entry.code for entry in documents.SHIM.entries} <= anchors(documents.TROUBLESHOOTING)


def test_the_store_page_names_failures_that_exist() -> None:
    _, _, below = documents.OVERVIEW.read_text(encoding="utf-8").partition("## When it fails")
    named = set(re.findall(r"^\| `([a-z-]+)` \|", below.partition("\n## ")[0], re.MULTILINE))
    assert named
    assert named <= anchors(documents.TROUBLESHOOTING)


@pytest.mark.parametrize("entry", documents.SHIM.entries, ids=lambda entry: str(entry.code))
def test_the_texts_of_the_shim_are_the_shims(entry: documents.Entry) -> None:
    shim = words((ROOT / "task" / "index.js").read_text(encoding="utf-8").replace("\\n", " "))
    for text in (entry.code, entry.title, entry.happened, entry.cause, entry.fix):
        for part in re.split(r"(?<!\{)\{\w+\}|\(or: ", text):
            assert words(part) in shim


def words(text: str) -> str:
    return " ".join(re.findall(r"[\w.@+]+", text))


@pytest.mark.parametrize("path", DOCUMENTS, ids=ident)
def test_every_link_within_the_repository_leads_somewhere(path: Path) -> None:
    for link in links(path):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`]+)`", text)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).is_file()] == []
    promised = text.partition("## What an attacker can do")[2].partition("## What the task does with secrets")[0]
    for attacker in promised.split("### ")[1:]:
        assert "`tests/" in attacker, attacker[:40]
        assert "Not protected: " in attacker, attacker[:40]


def test_snippets_name_inputs_that_exist_and_all_that_are_required() -> None:
    declared = {name for item in task()["inputs"] for name in (item["name"], *item.get("aliases", []))}
    required = {item["name"] for item in task()["inputs"] if documents.must_be_given(item)}
    steps = [(where, step) for where, text in snippets() for step in STEP.findall(text)]
    assert "README.md" in {where for where, _ in steps}
    for where, step in steps:
        named = inputs_named_in(step)
        assert named, where
        assert required <= named <= declared, where


def test_snippets_read_outputs_that_exist() -> None:
    declared = {item["name"] for item in task()["outputVariables"]}
    named = {name for _, text in snippets() for name in OUTPUT.findall(text)}
    assert named
    assert named <= declared


def test_the_picture_is_well_formed_and_needs_nothing_else() -> None:
    picture = ET.parse(ROOT / "docs" / "flow.svg").getroot()  # noqa: S314 - our own file
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    names = {attribute for element in picture.iter() for attribute in element.attrib}
    assert not {name for name in names if name.endswith("href")}
