"""The steps of a pipeline, wherever in the file they stand, with what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dev.mover.entries import read_entries, stands_alone
from dev.mover.images import plain_text
from dev.mover.tasks import find_task, task_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dev.mover.entries import Entry
    from dev.mover.source import Node, Source
    from dev.mover.tasks import OldTask

_OF_A_STEP = ("task", "script", "bash", "pwsh", "powershell")
_ALWAYS = re.compile(
    r"succeeded\(('\w+')?\)|eq\(dependencies\.\w+\.result, *'succeeded'\)|\b(and|or)(?=\()|[(),]|\s", re.IGNORECASE
)
_DEFAULTS = {("enabled", "true"), ("continueonerror", "false")}
_NO_TERM = {"task", "inputs", "displayname", "name"}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StepList:
    """A list of steps and what it stands in, from the outside in."""

    node: Node
    parents: tuple[Node, ...]

    @property
    def job(self) -> Node | None:
        """The job or deployment job that runs the steps; None when the file does not show it."""
        named = (node for node in reversed(self.parents) if node.get("job") or node.get("deployment"))
        return next(named, None)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Step:
    """A step of a list; its keys and inputs are found by names in small letters."""

    node: Node
    number: int
    """The line, from 0, on which it begins."""
    last: int
    """The last line on which something of it is written."""
    column: int
    """Where its keys begin."""
    steps: StepList
    name: str
    """The task as `Name@major`; empty for a script."""
    task: OldTask | None
    """The old task, if it is one."""
    heads: Mapping[str, Entry]
    inputs: Mapping[str, Entry]
    unusual: str
    """Why its lines cannot be rewritten; empty when they can."""

    def given(self, name: str, default: str = "") -> str:
        """Return what an input says, or its default when it is absent or empty."""
        entry = self.inputs.get(name)
        return (entry.text if entry else "") or default

    def is_set(self, name: str, default: str = "false") -> bool:
        """Return what an input of the kind true or false says."""
        return self.given(name, default).lower() == "true"

    @property
    def title(self) -> str:
        """The step as a report names it."""
        shown = self.heads.get("displayname")
        return f"{self.name} ({shown.text})" if shown and shown.text else self.name


def read_steps(source: Source) -> tuple[Step, ...]:
    """Return all steps of a file, in its order."""
    used = {node.text for root in source.roots for node in root.below() if node.kind == "alias"}
    lists = [found for root in source.roots for found in _lists(root, ())]
    steps = [_read_step(source, steps, item, used) for steps in lists for item in steps.node.items if _is_step(item)]
    return tuple(sorted(steps, key=lambda step: step.node.start))


def _lists(node: Node, parents: tuple[Node, ...]) -> Iterator[StepList]:
    if _holds_steps(node):
        yield StepList(node=node, parents=parents)
    for child in (*(pair.value for pair in node.pairs), *node.items):
        yield from _lists(child, (*parents, node))


def _holds_steps(node: Node) -> bool:
    return node.kind == "sequence" and any(_is_step(item) for item in node.items)


def _is_step(item: Node) -> bool:
    return item.kind == "mapping" and any(item.get(key) for key in _OF_A_STEP)


def _read_step(source: Source, steps: StepList, item: Node, used: set[str]) -> Step:
    reference = item.says("task")
    task, given = find_task(reference), item.get("inputs")
    unusual = (_unusual(source, steps, item, used) or _given_twice(item, task)) if task else ""
    heads = () if unusual else read_entries(source, item, source.line(item.start))
    is_mapping = given is not None and given.kind == "mapping" and not unusual
    header = next((pair.key.start for pair in item.pairs if pair.key.text.lower() == "inputs"), item.start)
    inputs = read_entries(source, given, source.line(header) + 1) if given and is_mapping else ()
    aliases = task.aliases if task else {}
    return Step(
        node=item,
        number=source.line(item.start),
        last=source.last_line(item),
        column=source.column(item.pairs[0].key.start if item.style != "flow" else item.start),
        steps=steps,
        name=task_name(reference),
        task=task,
        heads={entry.name.lower(): entry for entry in _with_comment_behind(source, item, heads)},
        inputs={aliases.get(entry.name.lower(), entry.name.lower()): entry for entry in inputs},
        unusual=unusual,
    )


def _given_twice(item: Node, task: OldTask) -> str:
    """Return why a step cannot be rewritten whose keys are ambiguous; Azure Pipelines refuses most of these."""
    given = item.get("inputs")
    named = [pair.key.text.lower() for pair in given.pairs] if given else []
    inputs = [task.aliases.get(name, name) for name in named]
    heads = [pair.key.text.lower() for pair in item.pairs]
    return "it gives a key twice" if len({*inputs}) < len(inputs) or len({*heads}) < len(heads) else ""


def _with_comment_behind(source: Source, item: Node, heads: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return a step's own keys; the comment behind one in brackets goes with the first of them."""
    number = source.last_line(item)
    behind = source.text[item.end : source.starts[number] + len(source.lines[number])].strip()
    if item.style != "flow" or not heads or not behind.startswith("#"):
        return heads
    return (replace(heads[0], rest=f"{heads[0].rest}  {behind}", tail=behind), *heads[1:])


def _unusual(source: Source, steps: StepList, item: Node, used: set[str]) -> str:
    """Return why a step cannot be rewritten line by line; empty when it can."""
    given = item.get("inputs")
    before = source.text[source.starts[source.line(item.start)] : item.start].lstrip("\ufeff")
    if steps.node.style == "flow" or not re.fullmatch(r" *-[ ]+", before) or item.anchor:
        return "its list is in brackets, or it begins in an unusual way"
    if given is None or given.kind != "mapping" or not given.pairs:
        return "it has no inputs of its own"
    if any(pair.key.text.startswith(("${{", "<<")) for mapping in (item, given) for pair in mapping.pairs):
        return "which inputs it has depends on a template expression or an alias"
    if any(_holds_steps(node) for node in item.below()):
        return "other steps stand inside it"
    if any(node.anchor in used for node in item.below() if node.anchor):
        return "an alias elsewhere refers to a part of it"
    return "" if stands_alone(source, item) and stands_alone(source, given) else "its keys are not on separate lines"


def terms(source: Source, step: Step) -> dict[str, str]:
    """Return what a step says of itself besides its task: condition, env, limits, whether it is enabled.

    A condition that only says that all went well is none, and neither is what Azure Pipelines takes for granted.
    """
    written = {key: plain_text(_words(source, entry.value)) for key, entry in step.heads.items() if key not in _NO_TERM}
    kept = {key: text for key, text in written.items() if (key, text.lower()) not in _DEFAULTS}
    return {key: text for key, text in kept.items() if key != "condition" or _ALWAYS.sub("", text)}


def _words(source: Source, value: Node | None) -> str:
    if value is None or value.kind == "scalar":
        return value.text if value else ""
    text = re.sub(r"(?m)\s+#.*$", "", source.text[value.start : value.end])
    return " ".join(text.split())


def job_terms(source: Source, job: Node) -> dict[str, str]:
    """Return what a job says of itself besides its name, its steps and what it waits for."""
    ours = {"job", "displayname", "dependson", "steps"}
    said = {pair.key.text.lower(): plain_text(_words(source, pair.value)) for pair in job.pairs}
    return {
        key: text for key, text in said.items() if key not in ours and (key != "condition" or _ALWAYS.sub("", text))
    }


def variables(source: Source) -> dict[str, str]:
    """Return the variables that a file sets to one text only, by small names; not those that a script may set."""
    found: dict[str, set[str]] = {}
    for root in source.roots:
        for node in root.below():
            for name, text in _set_by(node.get("variables")) if node.kind == "mapping" else ():
                found.setdefault(name.lower(), set()).add(text)
    by_script = {
        name.lower() for name in re.findall(r"task\.setvariable variable=([\w.]+)", source.text, re.IGNORECASE)
    }
    return {name: next(iter(texts)) for name, texts in found.items() if len(texts) == 1 and name not in by_script}


def _set_by(node: Node | None) -> Iterator[tuple[str, str]]:
    for pair in node.pairs if node else ():
        yield pair.key.text, pair.value.text
    for item in node.items if node else ():
        if item.says("name"):
            yield item.says("name"), item.says("value")
