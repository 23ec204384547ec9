"""The rules that show and hide inputs in the classic editor, evaluated as Azure DevOps evaluates them.

A rule is one condition, or several joined by only `&&` or only `||`; there are no parentheses. A rule may name inputs
that come before its own. An input that is hidden meets no condition, unless a list of Azure's fills it. Values are
compared without case.

Sources: the server's check of a task definition (TaskDefinitionValidator of Azure DevOps Server 2022) and the editor's
VisibilityHelper, both as published on GitHub, and https://github.com/microsoft/azure-pipelines-task-lib/issues/871.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_WORDS = "NotContains|NotEndsWith|NotStartsWith|Contains|EndsWith|StartsWith"
_CONDITION = re.compile(rf"\s*([A-Za-z0-9]+)\s*([!=<>]+|{_WORDS})\s*([A-Za-z0-9. ]*)\s*")
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "Contains": lambda value, expected: expected in value,
    "StartsWith": lambda value, expected: value.startswith(expected),
    "EndsWith": lambda value, expected: value.endswith(expected),
}


class RuleError(ValueError):
    """A rule that the server refuses when the extension is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One condition: an input, a comparison, and the value that it is compared with."""

    name: str
    comparison: str
    expected: str

    def holds(self, value: str) -> bool:
        """Return whether a value of the input meets the condition."""
        compare = _COMPARISONS[self.comparison.removeprefix("Not")]
        met = compare(value.lower(), self.expected.lower())
        return met != self.comparison.startswith("Not")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule: its conditions, and whether all of them have to be met."""

    conditions: tuple[Condition, ...]
    all_of_them: bool

    def holds(self, values: Mapping[str, str]) -> bool:
        """Return whether the rule shows its input; `values` are those of the inputs that are not hidden, by name."""
        met = [one.name in values and one.holds(values[one.name]) for one in self.conditions]
        return all(met) if self.all_of_them else any(met)


def parse_rule(text: str) -> Rule:
    """Return a rule. Raise RuleError when it has both operators, or something that is not a condition."""
    if "&&" in text and "||" in text:
        raise RuleError(f"'{text}' has both && and ||")
    parts = re.split(r"&&|\|\|", text)
    return Rule(conditions=tuple(_condition(part, text) for part in parts), all_of_them="||" not in text)


def shown(task: Mapping[str, Any], given: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the inputs that the editor shows, in its order, groups folded or not.

    `given` are the values that a person has set, by name; every other input has its default.
    """
    groups = [{"name": ""}, *task.get("groups", ())]
    values = _values(task, given)
    open_groups = [one["name"] for one in groups if _holds(one, values)]
    visible = [one for one in task["inputs"] if one["name"] in values and _holds(one, values)]
    return tuple(one for name in open_groups for one in visible if one.get("groupName", "") == name)


def met_first(task: Mapping[str, Any], given: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the inputs that are shown before a person unfolds anything."""
    folded = {group["name"] for group in task.get("groups", ()) if not group.get("isExpanded")}
    return tuple(one for one in shown(task, given) if one.get("groupName") not in folded)


def problems(task: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the server would refuse when the extension is installed, one sentence each."""
    before: set[str] = set()
    for one in task["inputs"]:
        yield from _problems(one, one["name"], before)
        before.add(one["name"])
    for group in task.get("groups", ()):
        outside = {one["name"] for one in task["inputs"] if one.get("groupName") != group["name"]}
        yield from _problems(group, f"group {group['name']}", outside)


def _problems(one: Mapping[str, Any], name: str, known: set[str]) -> Iterator[str]:
    try:
        conditions = parse_rule(one["visibleRule"]).conditions if one.get("visibleRule") else ()
    except RuleError as error:
        yield f"the rule of {name} is not one: {error}"
        return
    for condition in conditions:
        if condition.name not in known:
            yield f"the rule of {name} names {condition.name}, which is no input before it and outside it"


def _condition(part: str, whole: str) -> Condition:
    found = _CONDITION.fullmatch(part)
    if not found or found[2].removeprefix("Not") not in _COMPARISONS:
        raise RuleError(f"'{part.strip()}' in '{whole}' is no condition")
    return Condition(name=found[1], comparison=found[2], expected=found[3].strip())


def _values(task: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the inputs that are not hidden by a rule of their own; a list of Azure's counts as shown."""
    filled = {binding["target"] for binding in task.get("dataSourceBindings", ())}
    values: dict[str, str] = {}
    for one in task["inputs"]:
        if _holds(one, values) or one["name"] in filled:
            values[one["name"]] = str(given.get(one["name"], one.get("defaultValue", "")))
    return values


def _holds(one: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    rule = one.get("visibleRule")
    return not rule or parse_rule(rule).holds(values)
