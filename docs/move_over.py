"""Moves a pipeline from Docker@1 or Docker@2 and AzureFunctionAppContainer@1 to FunctionAppContainerDeploy@1.

    python3 move_over.py azure-pipelines.yml            shows the change, and what is left to do by hand
    python3 move_over.py --write azure-pipelines.yml    makes the change; git keeps the previous version

It needs only Python 3.8 or later. It edits lines: everything outside those steps stays the same, byte for byte, and
values are copied as they are written. It leaves a step unchanged when it is not sure about it, and says so.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator  # noqa: UP035 - that of collections.abc cannot be subscripted in Python 3.8

TASK, DEPLOY, WEB = "FunctionAppContainerDeploy@1", "azurefunctionappcontainer@1", "azurewebappcontainer@1"
INPUTS = """azureSubscription azureContainerRegistry containerRegistry imageName tags appName resourceGroupName slotName
    appSettings configurationStrings containerCommand dockerFile buildContext arguments"""
NAMES = {**{name.lower(): name for name in INPUTS.split()}, "azuresubscriptionendpoint": "azureSubscription"}
NAMES.update(dockerregistryendpoint="containerRegistry", repository="imageName")  # by their old names
NOT_NEEDED = {"command", "containerregistrytype", "usedefaultcontext", "includelatesttag", "deploytoslotorase"}
KINDS = {"build": "build", "push": "push", "buildandpush": "both", "login": "login", "logout": "login"}
VARIABLE = re.compile(r"\$\(([^()]+)\)")
WENT_WELL = re.compile(r"succeeded\(('\w+')?\)|eq\(dependencies\.\w+\.result, *'succeeded'\)|\b(and|or)(?=\()|[(),]|\s")


@dataclass(eq=False)
class Node:
    """A key of a mapping, or an item of a list (its key is `-`), with the lines it takes."""

    key: str
    value: str
    column: int
    first: int
    end: int = 0
    parents: list[Node] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        """Return the child with this key; Azure Pipelines ignores case."""
        return next((child for child in self.children if child.key.lower() == key.lower()), None)


@dataclass(eq=False)
class Step:
    """A step, its task and inputs in lower case, and its kind: build, push, both, login or deploy; or why it stays."""

    node: Node
    task: str
    inputs: dict[str, Node]
    job: Node | None
    terms: dict[str, str]
    kind: str = ""
    moved: bool = False


def read(lines: list[str]) -> Iterator[Node]:
    """Return the keys and items of a YAML file by line; the content of a multi-line text is skipped."""
    stack, inside = [Node("", "", -1, 0)], sys.maxsize
    for number, line in enumerate(lines):
        text, column = line.strip("\ufeff \t\r\n"), len(line) - len(line.lstrip("\ufeff "))
        if not text or (column <= inside and text.startswith("#")):
            continue
        for token in re.finditer(r"(-)(?:\s+|$)|(.+?)\s*:(?:\s+(.*))?$|(.+)", text) if column <= inside else ():
            name, value = token[1] or (token[2] or "").strip("\"'"), token[3] or token[4] or ""
            node = Node(name, value, column + token.start(), number)
            while stack[-1].column >= node.column + (name == "-" and stack[-1].key != "-"):
                stack.pop()  # a list may begin in the column of its key
            if name:
                node.parents = stack[:]
                stack[-1].children.append(node)
                stack.append(node)
                yield node
            inside = stack[-1].column if value and not value.startswith("#") and stack[1:] else sys.maxsize
        for node in stack:
            node.end = number + 1


def parts(image: str) -> tuple[str, str]:
    """Return the name of an image and its tag; `?` stands for one that a variable at the end may hold."""
    plain = VARIABLE.sub(lambda found: "x" * len(found.group()), image)
    colon, unknown = plain.rfind(":"), "?" if image.endswith(")") else ""
    return (image[:colon].lower(), image[colon + 1 :]) if colon > plain.rfind("/") else (image.lower(), unknown)


class Pipeline:
    """A pipeline's file, and the changes to it."""

    def __init__(self, text: str) -> None:
        self.lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        self.nodes = list(read(self.lines))
        lists = (node for node in self.nodes if node.key == "steps" or node.key.startswith("${{"))
        self.lists = [[self._step(item) for item in node.children] for node in lists]
        self.changed = [[line] for line in self.lines]
        self.words: list[tuple[int, str]] = []

    def move(self) -> None:
        """Change `lines`, and collect notes about the changes in `words`, by line."""
        deploys = [step for steps in self.lists for step in steps if step.kind == "deploy"]
        for steps in self.lists:
            for group, behind in self._groups(steps):
                self._move_build(group, behind, deploys)
        for step in (step for step in deploys if not step.moved):
            self._replace([step], {"command": Node("", "deploy", 0, 0)})
        for steps in self.lists:
            self._leave(steps)
        self.lines = [line for lines in self.changed for line in lines]

    def _text(self, node: Node | None) -> str:
        """Return the value of a key without quotes and comments; empty when there is none."""
        lines = [node.value, *self.lines[node.first + 1 : node.end]] if node else [""]
        whole = "\n".join(line.strip() for line in lines[lines[0].startswith(("|", ">")) :]).strip()
        quoted = re.fullmatch(r"""(['"])(.*?)\1(\s+#.*)?""", whole, re.DOTALL)
        return quoted.group(2) if quoted else re.sub(r"(?m)(^|\s)#.*", "", whole).strip()

    def _given(self, step: Step, name: str, default: str = "") -> str:
        """Return an input's value, with variables in lower case, because Azure Pipelines ignores their case."""
        return VARIABLE.sub(lambda found: found.group().lower(), self._text(step.inputs.get(name)) or default)

    def _image(self, step: Step) -> tuple[str, list[str]]:
        """Return the name and the tags of the image that a Docker step builds or pushes; the first is deployed."""
        if step.task == "docker@2":
            tags = re.split(r"[\n,]+", self._given(step, "tags", "$(build.buildid)"))
            return self._given(step, "repository").lower(), [tag.strip() for tag in tags if tag.strip()]
        name, tag = parts(self._given(step, "imagename", "$(build.repository.name):$(build.buildid)"))
        latest = not tag or self._given(step, "includelatesttag").lower() == "true"
        return name, [tag or "$(build.buildid)", *(["latest"] if latest else [])]

    def _step(self, item: Node) -> Step:
        job = next((node for node in item.parents[::-1] if node.get("job") or node.get("deployment")), None)
        inputs = {node.key.lower(): node for of in item.children if of.key == "inputs" for node in of.children}
        terms = self._terms(item, "task", "inputs", "displayname", "name")
        step = Step(item, self._text(item.get("task")).lower(), inputs, job, terms)
        step.kind = self._kind(step) if step.task.startswith("docker@") or step.task in (DEPLOY, WEB) else ""
        return step

    def _kind(self, step: Step) -> str:
        """Return build, push, both, login or deploy; otherwise why the step is left unchanged."""
        written = (*step.node.parents, *step.node.children, *step.inputs.values())
        if not step.inputs or any(node.key.startswith("${{") for node in written):
            return "unchanged: it uses template expressions, or its inputs are not on separate lines"
        if step.task == WEB:
            return "unchanged: it is for web apps; for a Function App use AzureFunctionAppContainer@1 and run it again"
        command = self._given(step, "command", "build" if step.task == "docker@1" else "buildandpush").lower()
        kind = "deploy" if step.task == DEPLOY else KINDS.get(command.replace(" an image", ""), "")
        several = self._given(step, "pushmultipleimages").lower() == "true" or "dockerhostendpoint" in step.inputs
        return "unchanged: the new step cannot do this" if several or not kind or step.task == "docker@0" else kind

    def _terms(self, node: Node, *others: str) -> dict[str, str]:
        """Return the other keys of a step or job; a condition counts unless it only requires earlier success."""
        texts = {child.key.lower(): self._text(child) for child in node.children if child.key.lower() not in others}
        return {key: text for key, text in texts.items() if key != "condition" or WENT_WELL.sub("", text.lower())}

    def _groups(self, steps: list[Step]) -> Iterator[tuple[list[Step], Step | None]]:
        """Yield each build with the pushes of its image that follow directly, and the step after those."""
        row = [step for step in steps if step.kind != "login"]
        for place, build in enumerate(row):
            if build.kind in ("build", "both"):
                end = next((end for end in range(place + 1, len(row)) if not self._pushes(row[end], build)), len(row))
                yield row[place:end], row[end] if end < len(row) else None

    def _pushes(self, push: Step, build: Step) -> bool:
        (name, tags), (made, all_tags) = self._image(push), self._image(build)
        same_image = name == made and (tags == all_tags if build.task == "docker@2" else tags[0] in all_tags)
        places = [key for key in NAMES if "registry" in key or "subscription" in key]
        same_place = all(self._given(push, key) == self._given(build, key) for key in places)
        alike = (push.kind, build.kind, push.task, push.terms) == ("push", "build", build.task, build.terms)
        return alike and same_place and same_image

    def _takes(self, deploy: Step, build: Step) -> bool:
        (name, tag), (made, tags) = parts(self._given(deploy, "imagename")), self._image(build)
        return not deploy.moved and (tag or "latest") in tags and f"/{name}".endswith(f"/{made}")

    def _apart(self, deploy: Step, build: Step, behind: Step | None) -> str:
        """Return why a deployment cannot be one step with the build; empty when it can."""
        here, there = build.job, deploy.job
        if deploy.terms != build.terms:
            return "it has its own condition, environment or limits"
        if deploy is behind or behind or not here or not there or here is there:
            return "" if deploy is behind else "there are other steps in between"
        if here.parents[-1] is not there.parents[-1] or there.get("deployment"):
            return "it is in another stage, or in a deployment job"
        pool = {key: text for key, text in self._terms(here).items() if key in ("pool", "strategy")}
        steps = [item for of in there.children if of.key == "steps" for item in of.children if not item.get("checkout")]
        if steps[1:] or self._terms(there, "job", "displayname", "dependson", "steps") != pool or "strategy" in pool:
            return "its job has its own pool, conditions or other steps"
        name, rest = self._text(there.get("job")), "".join(self.lines[: there.first] + self.lines[there.end :])
        named = re.search(rf"(?m)(dependsOn:|ependencies[.\[]).*\b{name}\b|^ *- {name}\s*$", rest)
        waits = re.findall(r"\w+", self._text(there.get("dependsOn")))
        alone = not named and waits in ([], [self._text(here.get("job"))])
        return "" if alone else "its job depends on other jobs, or they depend on it"

    def _move_build(self, group: list[Step], behind: Step | None, deploys: list[Step]) -> None:
        build, deploy = group[0], next((step for step in deploys if self._takes(step, group[0])), None)
        if not deploy:
            self._say(build.node, "unchanged: no AzureFunctionAppContainer@1 in this file deploys its image")
        elif build.kind == "build" and not group[1:]:
            self._say(build.node, "unchanged: the next step does not push its image under the same conditions")
        elif why := self._apart(deploy, build, behind):
            self._say(deploy.node, f"deploys in a separate step: {why}")
            self._replace(group, {"command": Node("", "buildAndPush", 0, 0)})
        else:
            if parts(self._given(deploy, "imagename"))[1] not in ("?", self._image(build)[1][0]):
                self._say(deploy.node, f"now deploys the tag {self._image(build)[1][0]}")
            self._replace([*group, deploy], {})
            self._remove(deploy.node if deploy is behind or not deploy.job else deploy.job)

    def _replace(self, steps: list[Step], inputs: dict[str, Node]) -> None:
        """Replace the first of these steps with the new one, and remove the pushes among the others."""
        for step in reversed(steps):
            own, step.moved = self._inputs(step), True
            if len({self._text(of.get("azureSubscription")) for of in (own, inputs)} - {""}) > 1:
                own["azureSubscriptionForACR"] = own.pop("azureSubscription")
            inputs.update(own)
            if step.kind == "push":
                self._remove(step.node)
        at, column = steps[0].node, steps[0].node.children[0].column
        keys = {"name": steps[-1].node.get("name") or at.get("name"), "displayName": steps[-1].node.get("displayName")}
        keys.update({node.key: node for node in at.children if node.key.lower() in steps[0].terms})
        heads = [line for key, value in keys.items() if value for line in self._copy(key, value, column)]
        inner = next(iter(steps[0].inputs.values())).column
        body = [line for key, value in inputs.items() for line in self._copy(key, value, inner)]
        lines = [f"{' ' * at.column}-".ljust(column) + f"task: {TASK}", *heads, f"{' ' * column}inputs:", *body]
        ending = "\r\n" if self.lines[at.first].endswith("\r\n") else "\n"
        self.changed[at.first : at.end] = [[line + ending for line in lines], *[[]] * (at.end - at.first - 1)]

    def _copy(self, key: str, value: Node, column: int) -> list[str]:
        """Return a key's lines with its value as it is written, at another column."""
        below = [line.rstrip("\r\n") for line in self.lines[value.first + 1 : value.end]]
        moved = [" " * (column - value.column) + line[max(0, value.column - column) :] for line in below]
        return [f"{' ' * column}{key}: {value.value}".rstrip(), *moved]

    def _inputs(self, step: Step) -> dict[str, Node]:
        """Return the inputs that the new step takes from an old one, and note the others."""
        whole = step.task == "docker@1" and self._given(step, "usedefaultcontext", "true").lower() == "true"
        found, unused = self._tags(step), set(NAMES) if step.kind == "push" else {"buildcontext"} if whole else set()
        for key, node in step.inputs.items():
            if key in NAMES and key not in unused:
                found[NAMES[key]] = node
            elif key not in NOT_NEEDED | unused:
                self._say(node, f"{node.key} has no equivalent in the new step")
        return found

    def _tags(self, step: Step) -> dict[str, Node]:
        """Return the tags that the old step implies; a build does not deploy `latest`."""
        name, latest = self._given(step, "imagename"), self._given(step, "includelatesttag").lower() == "true"
        untagged = bool(name) and not parts(name)[1] and step.task != "docker@2"
        tags = "$(Build.BuildId), latest" if step.kind == "build" and (untagged or not name) else "latest"
        return {"tags": Node("", tags, 0, 0)} if step.kind != "push" and (untagged or latest) else {}

    def _leave(self, steps: list[Step]) -> None:
        """Remove logins that nothing needs anymore, and note what is left."""
        stay = [step.node for step in steps if not step.moved and step.kind != "login"]
        docker = "docker" in "".join(line for node in stay for line in self.lines[node.first : node.end]).lower()
        for step in steps:
            if step.kind.startswith("unchanged"):
                self._say(step.node, step.kind)
            elif step.kind == "login" and any(step.moved for step in steps):
                self._say(step.node, "unchanged: other steps use Docker") if docker else self._remove(step.node)

    def _remove(self, node: Node) -> None:
        first, end = node.first - (not self.lines[node.first - 1].strip()), node.end  # with the blank line beside it
        end += first == node.first and not "".join(self.lines[end : end + 1]).strip()
        self.changed[first:end] = [[]] * (end - first)

    def _say(self, node: Node, text: str) -> None:
        self.words.append((node.first + 1, text))


def main() -> int:
    """Show the change or make it, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the pipeline's YAML")
    parser.add_argument("--write", action="store_true", help="make the change")
    given = parser.parse_args()
    try:
        pipeline = Pipeline(given.file.read_bytes().decode())
        before = pipeline.lines[:]
        pipeline.move()
        if given.write:
            given.file.write_bytes("".join(pipeline.lines).encode())
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{given.file}: {error}\n")
        return 1
    lines = difflib.unified_diff(before, pipeline.lines, str(given.file), str(given.file))
    diff = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    sys.stdout.buffer.write((f"{given.file} was changed\n" if given.write and diff else diff).encode())
    sys.stdout.flush()
    sys.stderr.writelines(f"line {line}: {text}\n" for line, text in sorted(pipeline.words))
    sys.stderr.write("moving-over.md lists the other differences\n" if diff else "nothing to change\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
