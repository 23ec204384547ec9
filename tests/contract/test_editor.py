"""The classic editor shows each command the inputs that it uses, and no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dev.editor.__main__ import commands, counts, page
from dev.editor.rules import RuleError, met_first, parse_rule, problems, shown
from pytask.errors import ManyFailures
from pytask.inputs import read_plan
from pytask.model import Secret
from tests.contract.test_pipeline_examples import an_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
TASK: dict[str, Any] = json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8"))
INPUTS = {one["name"]: one for one in TASK["inputs"]}
COMMANDS = commands(TASK)
CASES = json.loads((Path(__file__).parent / "visible_rules.json").read_text(encoding="utf-8"))

AS_PEOPLE_ASK = {
    "azureSubscription": "contoso-azure",
    "azureContainerRegistry": "contoso.azurecr.io",
    "appName": "hello-function",
    "slotName": "staging",
    "imageName": "hello:7",
}
NOT_OFFERED = {
    "swap": {"azureContainerRegistry": "the host in the image name says it"},
    "check": dict.fromkeys(
        (
            "deployBy",
            "whenUnchanged",
            "swapWithProduction",
            *(one["name"] for one in TASK["inputs"] if one.get("groupName") in {"settings", "verification"}),
        ),
        "read where a step was copied from a deployment, so that the preflight refuses what the deployment would",
    ),
}
"""Inputs that a command reads and the editor does not offer, with the reason."""


class Seen(dict[str, str]):
    """The environment of a run, which notes the inputs that are read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as dict has it
        """Return a variable."""
        self.read |= {one for one in INPUTS if name == f"INPUT_{one.upper()}"}
        return super().get(name, default)


def asking_for_more() -> dict[str, str]:
    """Return values with which inputs show further ones."""
    conditions = (one for rule in sorted(rules()) for one in parse_rule(rule).conditions)
    return {one.name: one.expected for one in conditions if one.comparison == "=" and one.name != "command"}


def offered(command: str) -> set[str]:
    """Return the inputs that the editor shows for a command once every other input asks for more."""
    return {one["name"] for one in shown(TASK, {**asking_for_more(), "slotName": "staging", "command": command})}


def rules() -> set[str]:
    return {one["visibleRule"] for one in (*TASK["inputs"], *TASK["groups"]) if one.get("visibleRule")}


def read_by(command: str, folder: Path) -> set[str]:
    """Return the inputs that the program reads for a command, with those that the shim reads."""
    read: set[str] = set()
    for more in ({}, asking_for_more()):
        seen = Seen(an_environment({**AS_PEOPLE_ASK, **more, "command": command}, folder))
        with suppress(ManyFailures):  # some of it does not go together, and is read all the same
            read_plan(seen, Secret)
        read |= seen.read
    unused = not_used_by_swap() if command == "swap" else set[str]()
    return {*read - unused, "pythonInterpreter"}


def not_used_by_swap() -> set[str]:
    """Return the inputs that a swap looks at only to say that it does not use them."""
    source = (ROOT / "pytask" / "inputs" / "swap.py").read_text(encoding="utf-8")
    named = source.partition("_UNUSED = (")[2].partition("\n)")[0]
    return {*re.findall(r'"(\w+)"', named), "swapWithProduction", "moreApps"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['rule']} {case['values']}")
def test_a_rule_shows_its_input_when_its_conditions_are_met(case: dict[str, Any]) -> None:
    assert parse_rule(case["rule"]).holds(case["values"]) is case["shown"]


@pytest.mark.parametrize("rule", ["a", "a ~ b", "a = b && c = d || e = f", "(a = b) || c = d", "a In b,c", "= b"])
def test_a_rule_that_the_server_refuses_is_refused(rule: str) -> None:
    with pytest.raises(RuleError):
        parse_rule(rule)


def test_the_page_evaluates_rules_as_the_tests_do() -> None:
    questions = [{"command": command, "slotName": slot} for command in COMMANDS for slot in ("production", "staging")]
    script = f"""
        const {{ holds, shown }} = require({json.dumps(str(ROOT / "dev" / "editor" / "rules.js"))});
        const {{ cases, task, questions }} = JSON.parse(require('fs').readFileSync(0));
        const held = cases.map(one => holds(one.rule, one.values));
        console.log(JSON.stringify([held, questions.map(one => shown(task, one))]));
    """
    told = json.dumps({"cases": CASES, "task": TASK, "questions": questions})
    node = shutil.which("node")
    assert node
    done = subprocess.run([node, "-e", script], input=told, capture_output=True, text=True, check=True)
    held, lists = json.loads(done.stdout)
    assert held == [case["shown"] for case in CASES]
    assert [sorted(one) for one in lists] == [sorted(one["name"] for one in shown(TASK, asked)) for asked in questions]


def test_the_server_accepts_every_rule_of_the_task() -> None:
    assert list(problems(TASK)) == []


@pytest.mark.parametrize(
    ("place", "rule", "told"),
    [
        (("inputs", 0), "appName = x", "names appName, which is no input before it"),
        (("inputs", 5), "nothing = x", "names nothing, which is no input before it"),
        (("groups", 0), "platform = x", "names platform, which is no input before it and outside it"),
        (("inputs", 5), "command = a || command = b && command = c", "has both && and ||"),
    ],
)
def test_a_rule_that_keeps_the_extension_from_being_installed_is_seen(
    place: tuple[str, int], rule: str, told: str
) -> None:
    task = json.loads(json.dumps(TASK))
    task[place[0]][place[1]]["visibleRule"] = rule
    [problem] = problems(task)
    assert told in problem


@pytest.mark.parametrize("command", COMMANDS)
def test_the_editor_offers_what_the_command_reads_and_no_more(command: str, tmp_path: Path) -> None:
    left_out = set(NOT_OFFERED.get(command, {}))
    read = read_by(command, tmp_path)
    assert offered(command) == read - left_out
    assert left_out <= read


def test_the_four_fields_that_suffice_come_first_and_are_open() -> None:
    first = [one["name"] for one in met_first(TASK, {})][:5]
    assert first == ["command", "azureSubscription", "azureContainerRegistry", "appName", "dockerFile"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_person_meets_few_fields_at_first(command: str) -> None:
    assert len(met_first(TASK, {"command": command})) <= 8
    assert f"{command:<16} {len(met_first(TASK, {'command': command})):>5}" in counts(TASK)


@pytest.mark.parametrize("command", ["deploy", "swap", "check"])
def test_an_input_that_a_command_cannot_do_without_is_not_folded(command: str) -> None:
    """A swap needs a slot; a deployment of an image that is there needs its name."""
    needed = {"deploy": "imageName", "swap": "slotName", "check": "appName"}[command]
    assert needed in {one["name"] for one in met_first(TASK, {"command": command})}


@pytest.mark.parametrize("one", TASK["inputs"], ids=lambda one: str(one["name"]))
def test_a_help_text_calls_things_by_the_words_that_the_editor_shows(one: dict[str, Any]) -> None:
    """A choice stands by its label, or is the same word; another input is called by its label, never by its name."""
    words = set(re.findall(r"`([A-Za-z]+)`", one["helpMarkDown"]))
    choices = {**INPUTS["command"]["options"], **one.get("options", {})}
    for word in words & set(choices):
        label = choices[word]
        assert word == label.lower() or f"{label} (`{word}`)" in one["helpMarkDown"], word
    assert words.isdisjoint(set(INPUTS) - set(choices))


def test_no_field_has_the_grid_that_destroys_lines_of_names_and_values() -> None:
    assert all("editorExtension" not in one.get("properties", {}) for one in TASK["inputs"])


def test_the_name_of_a_step_tells_the_command_and_the_app() -> None:
    assert set(re.findall(r"\$\((\w+)\)", TASK["instanceNameFormat"])) == {"command", "appName"}


def test_the_page_cannot_be_ended_by_a_text_in_it() -> None:
    task = json.loads(json.dumps(TASK))
    task["inputs"][0]["helpMarkDown"] = "</script><b>"
    shown_page = page(task, {"appName": "</script>"})
    assert shown_page.count("</script>") == 2
