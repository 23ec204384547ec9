# /// script
# requires-python = ">=3.10"
# dependencies = ["ruamel.yaml>=0.18"]
# ///
# Written by `npm run docs` from the modules in dev/mover; change them there.
"""Moves pipelines from Docker@1 or Docker@2 and AzureFunctionAppContainer@1 to FunctionAppContainerDeploy@1.

    uv run move_over.py azure-pipelines.yml             shows the change as a patch, and a report
    uv run move_over.py --check azure-pipelines.yml     only reports
    uv run move_over.py --write azure-pipelines.yml     makes the change; git keeps what was before

`pipx run move_over.py …` does the same, and so does `python move_over.py …` after `pip install ruamel.yaml`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path
import argparse
import difflib
import json
import re
import sys

try:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent
    from ruamel.yaml.events import DocumentStartEvent
    from ruamel.yaml.events import Event
    from ruamel.yaml.events import MappingEndEvent
    from ruamel.yaml.events import MappingStartEvent
    from ruamel.yaml.events import ScalarEvent
    from ruamel.yaml.events import SequenceEndEvent
    from ruamel.yaml.events import SequenceStartEvent
except ImportError:
    sys.stderr.write("move_over.py needs ruamel.yaml: pip install ruamel.yaml, or start it with uv run or pipx run\n")
    sys.exit(2)

# --- images: Names of images in a pipeline, with variables in them, and whether two of them are surely the same image.

_VARIABLE = re.compile(r"\$\(([^()]+)\)|\$\{\{.*?\}\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageText:
    """An image as a pipeline names it: parts in small letters where Docker makes them so, variables as they stand."""

    host: str = ""
    """The registry, maybe a variable; empty when the name begins with the repository, or may."""
    repository: str
    tag: str = ""
    """Empty for none; `?` when a variable at the end may hold one."""

    @property
    def has_host(self) -> bool:
        """Whether what stands first is surely a registry: it has a dot or a port, or is localhost."""
        return bool(re.search(r"[.:]|^localhost$", _masked(self.host)))


def plain_text(text: str) -> str:
    """Return a text with its variables and expressions in small letters and without spaces, which mean nothing."""
    return _VARIABLE.sub(lambda found: re.sub(r"\s+", "", found.group()).lower(), text.strip())


def has_variable(text: str) -> bool:
    """Tell whether a text holds a variable or an expression."""
    return bool(_VARIABLE.search(text))


def _masked(text: str) -> str:
    return _VARIABLE.sub(lambda found: "x" * len(found.group()), text)


def read_image(text: str) -> ImageText:
    """Return the parts of an image's name."""
    text = plain_text(text)
    masked = _masked(text)
    at = masked.find("@")
    colon = masked.rfind(":") if at < 0 else at
    tagged = colon > masked.rfind("/")
    name, tag = (text[:colon], text[colon + 1 :]) if tagged else (text, "?" if text.endswith((")", "}")) else "")
    slash = _masked(name).find("/")
    first = name[: max(slash, 0)]
    is_host = bool(re.search(r"[.:]|^localhost$", _masked(first))) or has_variable(first)
    host, repository = (first, name[slash + 1 :]) if is_host else ("", name)
    return ImageText(host=host.lower(), repository=_small(repository), tag=tag)


def _small(text: str) -> str:
    return re.sub(r"\s+", "", text).lower()


def read_registry(text: str) -> str:
    """Return the host in Docker@1's azureContainerRegistry: a login server, a name, or JSON with a loginServer."""
    text = plain_text(text)
    if text.startswith("{") and not text.startswith("${"):
        try:
            text = str(json.loads(text).get("loginServer", "")).strip()
        except (ValueError, AttributeError):
            return ""
    return plain_text(text).lower().removeprefix("https://").rstrip("/")


def read_tags(text: str) -> tuple[str, ...]:
    """Return the tags in a list by lines or commas."""
    return tuple(dict.fromkeys(plain_text(tag) for tag in re.split(r"[\n,]+", text) if tag.strip()))


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """What a build makes and pushes, and where."""

    host: str
    """The registry's host, if the build names it; a Docker Registry connection does not."""
    connection: str
    """The Docker Registry connection; empty when the build names the registry."""
    repository: str
    tags: tuple[str, ...]
    """Those that are pushed; the first is deployed."""


def same_place(one: BuiltImage, other: BuiltImage) -> bool:
    """Tell whether two builds push to the same repository of the same registry."""
    return (one.host, one.connection, one.repository) == (other.host, other.connection, other.repository)


def why_not_same(text: str, built: BuiltImage, values: Mapping[str, str]) -> str | None:
    """Return None if an image surely is that of a build, why it may be another, or nothing if it surely is another.

    `values` are the variables that the file itself sets, by small names.
    """
    wanted = read_image(text)
    differs = _difference(wanted, built)
    if not differs:
        return "" if "/" in expand(wanted.host, values) else None
    there = replace(
        built,
        host=expand(built.host, values),
        repository=expand(built.repository, values),
        tags=tuple(expand(tag, values) for tag in built.tags),
    )
    if not _difference(read_image(expand(text, values)), there):
        return "it is written differently"
    if differs == "tag":
        return f"its tag is {wanted.tag or 'latest'}, which the build does not push"
    written = (wanted.repository, built.repository) if differs == "repository" else (wanted.host, built.host)
    alike = len({name.rpartition("/")[2] for name in (wanted.repository, built.repository)}) == 1
    only_variable = any(_VARIABLE.fullmatch(name) for name in (wanted.repository, built.repository))
    unknown = has_variable("".join(written)) and (alike or only_variable)
    return f"its {differs} is written differently" if unknown else ""


def _difference(wanted: ImageText, built: BuiltImage) -> str:
    """Return in what two images differ, by their text; empty when in nothing."""
    if built.repository not in (wanted.repository, f"{wanted.host}/{wanted.repository}"):
        return "repository"
    if built.host and wanted.host != built.host:
        return "registry"
    return "" if (wanted.tag or "latest") in built.tags else "tag"


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the variables that the file sets; up to three in one another."""
    for _ in range(3):
        text = _VARIABLE.sub(lambda found: values.get((found[1] or "").strip().lower(), found.group()), text)
    return plain_text(text)


def may_have_host(text: str, values: Mapping[str, str]) -> bool | None:
    """Tell whether an image's name has a registry; None when it begins with a variable that the file does not set."""
    image = read_image(expand(text, values))
    if image.has_host:
        return True
    return None if image.host or has_variable(image.repository.partition("/")[0]) else False


# --- entries: The keys of a step and of its inputs as they are written, with their comments, ready to be written elsewhere.

_PLAIN = re.compile(r"[A-Za-z0-9_./$(][A-Za-z0-9_./$()+=@-]*(?::[A-Za-z0-9_./$()+=@-]+)*")
_NO_TEXT = re.compile(r"[0-9.]+|true|false|null|yes|no|on|off|~", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A key and its value as lines without line ends, and the comments that belong to it."""

    name: str
    """Empty when there are only comments."""
    value: Node | None
    """None for a key that no step had."""
    above: tuple[str, ...] = ()
    """The comments and blank lines above the key."""
    rest: str
    """What stands behind the key's name on its line, from the colon on."""
    lines: tuple[str, ...] = ()
    """The further lines of the value."""
    column: int = 0
    tail: str = ""
    """The comment behind the value, if the value ends on a line with one."""
    number: int = 0
    """The line of the file, from 0."""

    @property
    def text(self) -> str:
        """What the value says; empty unless it is a scalar."""
        return self.value.text.strip() if self.value and self.value.kind == "scalar" else ""

    @property
    def comments(self) -> tuple[str, ...]:
        """The comments of an entry that goes: those above it, and the one behind it."""
        tail = (" " * self.column + self.tail,) if self.tail else ()
        return (*(line for line in self.above if line.strip()), *tail)

    def written(self, column: int) -> Iterator[str]:
        """Return the lines of this entry at another column; what a line holds beyond its indentation stays."""
        yield from (shifted(line, self.column, column) for line in self.above)
        if not self.name:
            return
        yield f"{' ' * column}{self.name}{self.rest}"
        yield from (shifted(line, self.column, column) for line in self.lines)


def new_entry(name: str, text: str, like: Entry | None = None) -> Entry:
    """Return an entry with a text as its value; `like` is the entry whose place and comments it takes."""
    lines = text.split("\n")
    several = len(lines) > 1
    rest = ": |" if several else f": {_as_scalar(text)}"
    entry = Entry(
        name=name,
        value=None,
        rest=rest + (f"  {like.tail}" if like and like.tail else ""),
        lines=tuple(f"  {line}".rstrip() for line in lines) if several else (),
    )
    if not like:
        return entry
    above = tuple(shifted(line, like.column, 0) for line in like.above)
    return replace(entry, above=above, number=like.number)


def only_comments(entry: Entry) -> Entry:
    """Return what stays of an entry that goes."""
    return replace(entry, name="", rest="", lines=(), tail="", above=entry.comments)


def as_comment(entry: Entry) -> Entry:
    """Return an entry with its value turned into a comment, for what has no place but is worth reading."""
    written = list(entry.written(entry.column))[len(entry.above) :]
    lines = (f"{' ' * entry.column}# {line[entry.column :]}" for line in written)
    return replace(entry, name="", rest="", lines=(), tail="", above=(*entry.above, *lines))


def _as_scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and not _NO_TEXT.fullmatch(text)
    return text if plain or text in ("true", "false") else "'" + text.replace("'", "''") + "'"


def shifted(line: str, column: int, other: int) -> str:
    """Return a line with its indentation changed by the way from one column to another."""
    if not line.strip() or other == column:
        return line
    if other > column:
        return " " * (other - column) + line
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(spaces, column - other) :]


def read_entries(source: Source, mapping: Node, above_first: int) -> tuple[Entry, ...]:
    """Return the entries of a mapping; `above_first` is the first line that may hold a comment of the first key."""
    if mapping.style == "flow":
        return tuple(_from_flow(source, pair) for pair in mapping.pairs)
    entries, first_above = [], above_first
    for pair in mapping.pairs:
        entries.append(_from_block(source, pair, first_above))
        first_above = _last_line_of(source, pair) + 1
    return tuple(entries)


def stands_alone(source: Source, mapping: Node) -> bool:
    """Tell whether each key of a mapping begins a line, but for the first, and so can be taken out by lines."""
    if mapping.style == "flow":
        return "#" not in _without_scalars(source, mapping)
    begins = [source.line(pair.key.start) for pair in mapping.pairs]
    return len(set(begins)) == len(begins) and all(pair.key.kind == "scalar" for pair in mapping.pairs)


def _without_scalars(source: Source, mapping: Node) -> str:
    """Return the text of a mapping between its scalars: signs, spaces and comments."""
    kept, at = [], mapping.start
    for node in mapping.below():
        if node.kind in ("scalar", "alias"):
            kept.append(source.text[at : node.start])
            at = max(at, node.end)
    return "".join([*kept, source.text[at : mapping.end]])


def _last_line_of(source: Source, pair: Pair) -> int:
    return max(source.line(pair.key.start), source.last_line(pair.value))


def _from_flow(source: Source, pair: Pair) -> Entry:
    written = source.text[pair.value.start : pair.value.end].splitlines() or [""]
    return Entry(
        name=pair.key.text,
        value=source.anchors.get(pair.value.text) if pair.value.kind == "alias" else pair.value,
        rest=f": {written[0]}".rstrip(),
        lines=tuple(f"  {line.strip()}" for line in written[1:]),
        number=source.line(pair.key.start),
    )


def _from_block(source: Source, pair: Pair, first_above: int) -> Entry:
    number, last = source.line(pair.key.start), _last_line_of(source, pair)
    begin = pair.key.end - source.starts[number]
    lines = [line.rstrip("\r\n") for line in source.lines[first_above : last + 1]]
    own = lines[number - first_above :] if number >= first_above else [source.lines[number].rstrip("\r\n")]
    return Entry(
        name=pair.key.text,
        value=source.anchors.get(pair.value.text) if pair.value.kind == "alias" else pair.value,
        above=tuple(lines[: max(0, number - first_above)]),
        rest=own[0][begin:],
        lines=tuple(own[1:]),
        column=source.column(pair.key.start),
        tail=_tail(source, pair, last),
        number=number,
    )


def _tail(source: Source, pair: Pair, last: int) -> str:
    """Return the comment behind a value; a text over several lines has none of its own."""
    value = pair.value
    if value.kind in ("mapping", "sequence") and value.style != "flow":
        begin = pair.key.end + 1
        end_of_line = source.starts[source.line(pair.key.start)] + len(source.lines[source.line(pair.key.start)])
        behind = source.text[begin : min(end_of_line, max(begin, _first_inside(value)))]
        found = re.search(r"(?:^|\s)(#.*)", behind.rstrip())
        return found[1] if found else ""
    line_end = source.starts[last] + len(source.lines[last])
    behind = source.text[max(pair.key.end + 1, value.end) : line_end].strip()
    return behind if behind.startswith("#") and value.style not in ("|", ">") else ""


def _first_inside(value: Node) -> int:
    inside = [*(pair.key.start for pair in value.pairs), *(item.start for item in value.items)]
    return min(inside, default=value.end)


# --- tasks: The old tasks: by which names and ids a pipeline calls them, and where each of their inputs goes.

NEW_TASK = "FunctionAppContainerDeploy@1"
_REFERENCE = re.compile(r"([\w-]+)@(\d+)(?:\.[\d.*]+)?", re.ASCII)
_IDS = {
    "e28912f1-0114-4464-802a-a3a35437fd16": "Docker",
    "13c22ce0-3b93-43f9-aeb7-71fbce7bf5b2": "AzureFunctionAppContainer",
    "15858991-8bac-4542-99e7-577fef9b5be6": "AzureWebAppContainer",
    "497d490f-eea7-4f2b-ab94-48d9c1acdcb1": "AzureRmWebAppDeployment",
    "cad8dd6a-de28-4d89-a7db-1bc20a2fbb2d": "AzureContainerApps",
    "f045e430-8704-11e6-968f-e717e6411619": "AzureAppServiceManage",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OldTask:
    """A task that the new one replaces."""

    name: str
    inputs: Mapping[str, str]
    """The new step's name of each input that goes over, by the old name in small letters."""
    settled: frozenset[str] = frozenset()
    """Inputs whose meaning the move itself looks after, so that they are not named as lost."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Names, in small letters, under which a pipeline may give an input as well."""


def _same(names: str) -> dict[str, str]:
    return {name.lower(): name for name in names.split()}


_BUILD = _same("imageName dockerFile buildContext arguments")
_DEPLOY = _same(
    "azureSubscription appName resourceGroupName slotName imageName containerCommand appSettings configurationStrings"
)
TASKS = (
    OldTask(
        name="Docker@1",
        inputs={
            **_BUILD,
            "azuresubscriptionendpoint": "azureSubscription",
            "azurecontainerregistry": "azureContainerRegistry",
            "dockerregistryendpoint": "containerRegistry",
        },
        settled=frozenset({"command", "containerregistrytype", "usedefaultcontext", "includelatesttag"}),
    ),
    OldTask(
        name="Docker@2",
        inputs={**_BUILD, **_same("containerRegistry tags"), "repository": "imageName"},
        settled=frozenset({"command"}),
    ),
    OldTask(name="Docker@0", inputs={}),
    OldTask(name="AzureFunctionAppContainer@1", inputs=_DEPLOY, settled=frozenset({"deploytoslotorase"})),
    OldTask(
        name="AzureWebAppContainer@1",
        inputs=_DEPLOY,
        settled=frozenset({"deploytoslotorase"}),
        aliases={"containers": "imagename"},
    ),
    OldTask(
        name="AzureRmWebAppDeployment@4",
        inputs={
            **_same("azureSubscription resourceGroupName slotName appSettings"),
            "webappname": "appName",
            "startupcommand": "containerCommand",
            "configurationsettings": "configurationStrings",
            "imagename": "imageName",
        },
        settled=frozenset(
            {"connectiontype", "webappkind", "deploytoslotoraseflag", "dockernamespace", "dockerrepository"}
            | {"dockerimagetag"}
        ),
        aliases={
            "connectedservicename": "azuresubscription",
            "apptype": "webappkind",
            "deploytoslotorase": "deploytoslotoraseflag",
            "configurationstrings": "configurationsettings",
        },
    ),
    OldTask(
        name="AzureContainerApps@1",
        inputs={
            "azuresubscription": "azureSubscription",
            "containerappname": "appName",
            "resourcegroup": "resourceGroupName",
            "imagetodeploy": "imageName",
            "environmentvariables": "appSettings",
        },
        settled=frozenset({"kind", "disabletelemetry", "acrname", "workingdirectory", "cwd"}),
        aliases={"connectedservicenamearm": "azuresubscription"},
    ),
    OldTask(
        name="AzureAppServiceManage@0",
        inputs={
            "azuresubscription": "azureSubscription",
            "webappname": "appName",
            "resourcegroupname": "resourceGroupName",
            "sourceslot": "slotName",
        },
        settled=frozenset({"action", "swapwithproduction", "targetslot"}),
        aliases={"connectedservicename": "azuresubscription"},
    ),
)
_BY_NAME = {task.name.lower(): task for task in TASKS}


def find_task(reference: str) -> OldTask | None:
    """Return the old task that a step's `task` means, by name or id, with any minor version; None for others."""
    name = task_name(reference)
    return _BY_NAME.get(name.lower())


def task_name(reference: str) -> str:
    """Return `Name@major` of a step's `task`; an id that is known becomes its name."""
    found = _REFERENCE.fullmatch(reference.strip())
    return f"{_IDS.get(found[1].lower(), found[1])}@{found[2]}" if found else reference.strip()


REFUSED_PROPERTIES = frozenset(
    {"connectionstrings", "azurestorageaccounts", "metadata", "appsettings", "machinekey", "vnetname"}
)
"""Site properties that the new step refuses in configurationStrings without having an input for them."""
SITE_PROPERTIES = frozenset(
    _same(
        "alwaysOn apiDefinition apiManagementConfig autoHealEnabled autoHealRules autoSwapSlotName cors "
        "defaultDocuments detailedErrorLoggingEnabled documentRoot elasticWebAppScaleLimit experiments ftpsState "
        "functionAppScaleLimit functionsRuntimeScaleMonitoringEnabled handlerMappings healthCheckPath http20Enabled "
        "http20ProxyFlag httpLoggingEnabled ipSecurityRestrictions ipSecurityRestrictionsDefaultAction "
        "javaContainer javaContainerVersion javaVersion keyVaultReferenceIdentity limits loadBalancing "
        "localMySqlEnabled logsDirectorySizeLimit managedPipelineMode managedServiceIdentityId "
        "minimumElasticInstanceCount minTlsCipherSuite minTlsVersion netFrameworkVersion nodeVersion "
        "numberOfWorkers phpVersion powerShellVersion preWarmedInstanceCount publicNetworkAccess publishingUsername "
        "push pythonVersion remoteDebuggingEnabled remoteDebuggingVersion requestTracingEnabled "
        "requestTracingExpirationTime scmIpSecurityRestrictions scmIpSecurityRestrictionsDefaultAction "
        "scmIpSecurityRestrictionsUseMain scmMinTlsVersion scmType tracingOptions use32BitWorkerProcess "
        "virtualApplications vnetPrivatePortsCount vnetRouteAllEnabled websiteTimeZone webSocketsEnabled "
        "xManagedServiceIdentityId"
    )
)
"""Site properties that the new step sets. A test compares them with the program's own."""


# --- steps: The steps of a pipeline, wherever in the file they stand, with what they say.

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


# --- builds: What Docker's steps do: which image they make and push, and where to.

_KINDS = {"build": "build", "push": "push", "buildandpush": "both", "login": "login", "logout": "login"}
_DEFAULT_NAME = "$(Build.Repository.Name):$(Build.BuildId)"
_BUILD_ID = "$(build.buildid)"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Build:
    """A build with the pushes of its image right behind it."""

    steps: tuple[Step, ...]
    """The build first."""
    image: BuiltImage
    login: Step | None = None
    """The step that signed in to the registry, for a build that names none."""
    why_left: str = ""
    """Why it stays as it is; empty when it can move."""
    behind: int = 0
    """The place in the list behind its last step, logins aside."""

    @property
    def first(self) -> Step:
        """The step that builds."""
        return self.steps[0]

    @property
    def is_pushed(self) -> bool:
        """Whether the image is pushed here; a build for a pull request, say, is not."""
        return bool(self.steps[1:]) or docker_kind(self.first) == "both"


def is_docker(step: Step) -> bool:
    """Tell whether a step is one of the Docker tasks."""
    return step.name.lower().startswith("docker@") and step.task is not None


def docker_kind(step: Step) -> str:
    """Return `build`, `push`, `both` or `login` for what a Docker step does; empty for other commands."""
    default = "buildAndPush" if step.name.lower() == "docker@2" else "build"
    command = step.given("command", default).lower().replace(" an image", "")
    return _KINDS.get(command, "") if step.name.lower() != "docker@0" else ""


def place_of(step: Step) -> str:
    """Return the registry of a Docker step as its connection or host; empty when it names none."""
    host, connection, _, _ = _registry(step, ())
    return connection or host


def read_builds(source: Source, row: Sequence[Step | None], logins: Sequence[Step]) -> Iterator[Build]:
    """Return the builds of a list of steps; `row` has None for each item that is no step, and no logins."""
    for place, step in enumerate(row):
        if step and is_docker(step) and docker_kind(step) in ("build", "both"):
            yield _build(
                source, step, row[place + 1 :], [login for login in logins if login.number < step.number], place
            )


def _build(source: Source, first: Step, following: Sequence[Step | None], logins: Sequence[Step], place: int) -> Build:
    image, login, why = _image(first, logins)
    build = Build(steps=(first,), image=image, login=login, why_left=first.unusual or why, behind=place + 1)
    for step in following:
        if not step or not _pushes(source, step, build, logins):
            break
        tags = tuple(dict.fromkeys((*_pushed(build), *_tags(step))))
        build = replace(
            build, steps=(*build.steps, step), image=replace(build.image, tags=tags), behind=build.behind + 1
        )
    return replace(build, why_left=build.why_left or _why_left(build))


def _pushed(build: Build) -> tuple[str, ...]:
    """Return the tags that are pushed so far."""
    return build.image.tags if build.is_pushed else ()


def _image(step: Step, logins: Sequence[Step]) -> tuple[BuiltImage, Step | None, str]:
    """Return the image of a Docker step, the login it relies on, and why its registry is not known."""
    named = step.given("imagename", _DEFAULT_NAME) if step.name.lower() == "docker@1" else step.given("repository")
    wanted = read_image(named)
    host, connection, login, why = _registry(step, logins)
    if connection and wanted.has_host:
        host = wanted.host
    elif wanted.host and wanted.host == (host or wanted.host) and wanted.has_host:
        host, why = wanted.host, ""
    elif wanted.host:
        wanted = replace(wanted, host="", repository=f"{wanted.host}/{wanted.repository}")
    if not named:
        why = "it names no repository, so it pushes nothing"
    image = BuiltImage(host=host, connection=connection, repository=wanted.repository, tags=_tags(step))
    return image, login, why


def _registry(step: Step, logins: Sequence[Step]) -> tuple[str, str, Step | None, str]:
    """Return a Docker step's registry as host or connection, the login that it relies on, and what is wrong."""
    own = step.given("containerregistry" if step.name.lower() == "docker@2" else "dockerregistryendpoint")
    is_other = step.given("containerregistrytype").lower() == "container registry"
    host = read_registry(step.given("azurecontainerregistry")) if not is_other else ""
    if own and not (host and step.name.lower() == "docker@1"):
        return "", plain_text(own), None, ""
    if host or step.name.lower() == "docker@1":
        return host, "", None, "" if host else "it names no registry"
    signed_in = {plain_text(login.given("containerregistry")): login for login in logins}
    if len(signed_in) == 1 and (connection := next(iter(signed_in))):
        return "", connection, signed_in[connection], ""
    told = "it pushes to every registry that the job signed in to, and the new step pushes to one"
    return "", "", None, told if signed_in else "it names no registry, and no step before it in its job signs in to one"


def _tags(step: Step) -> tuple[str, ...]:
    """Return the tags of the image that a Docker step makes or pushes."""
    if step.name.lower() == "docker@2":
        return read_tags(step.given("tags", _BUILD_ID))
    tag = read_image(step.given("imagename", _DEFAULT_NAME)).tag
    latest = ("latest",) if not tag or step.is_set("includelatesttag") else ()
    return (tag or _BUILD_ID, *latest)


def _pushes(source: Source, push: Step, build: Build, logins: Sequence[Step]) -> bool:
    """Tell whether a step pushes what the build made, under the same terms."""
    first = build.first
    if docker_kind(push) != "push" or docker_kind(first) != "build" or push.name != first.name:
        return False
    image, _, why = _image(push, logins)
    made = build.image if not build.steps[1:] else _image(first, logins)[0]
    place = (image.host, image.connection, image.repository) == (made.host, made.connection, made.repository)
    tags = _tags(push) if push.name.lower() == "docker@2" else _named_tags(push)
    return place and not why and set(tags) <= set(made.tags) and terms(source, push) == terms(source, first)


def _named_tags(push: Step) -> tuple[str, ...]:
    tag = read_image(push.given("imagename", _DEFAULT_NAME)).tag
    return (tag,) if tag else _tags(push)


def _why_left(build: Build) -> str:
    """Return why a build with its pushes stays as it is."""
    if docker_kind(build.first) == "build" and not build.steps[1:]:
        return "the push of its image, to the same place and under the same conditions, is not the next step"
    for step in build.steps:
        if step.unusual:
            return f"its push in line {step.number + 1}: {step.unusual}"
        if step.is_set("pushmultipleimages") or step.is_set("tagmultipleimages"):
            return "it pushes several images, and the new step builds and pushes one"
        if "dockerhostendpoint" in step.inputs:
            return "it uses another Docker host; set DOCKER_HOST for the new step"
    if any(step.given("arguments") for step in build.steps[1:]):
        return "its push has arguments of its own"
    return ""


# --- build_flags: The flags of `docker build`, both of the command's own builder (20.10) and of buildx.

WITH_VALUE = frozenset({
    "--add-host", "--allow", "--annotation", "--attest", "--build-arg", "--build-context", "--builder",
    "--cache-from", "--cache-to", "--call", "--cgroup-parent", "--cpu-period", "--cpu-quota", "--cpu-shares",
    "--cpuset-cpus", "--cpuset-mems", "--file", "--iidfile", "--invoke", "--isolation", "--label", "--memory",
    "--memory-swap", "--metadata-file", "--network", "--no-cache-filter", "--output", "--platform", "--policy",
    "--print", "--progress", "--provenance", "--resource", "--root", "--sbom", "--secret", "--security-opt",
    "--server-config", "--shm-size", "--ssh", "--tag", "--target", "--ulimit",
})  # fmt: skip
SWITCHES = frozenset({
    "--check", "--compress", "--debug", "--detach", "--disable-content-trust", "--force-rm", "--load", "--no-cache",
    "--pull", "--push", "--quiet", "--rm", "--squash", "--stream",
})  # fmt: skip
SHORT = {
    "c": "--cpu-shares",
    "D": "--debug",
    "f": "--file",
    "m": "--memory",
    "o": "--output",
    "q": "--quiet",
    "t": "--tag",
}
_NO_IMAGE = "it only checks or prints, and builds no image; run it in a separate script step"
INSTEAD = {
    "--tag": "name the image with imageName and tags",
    "--file": "set dockerFile",
    "--output": "the image is pushed to the registry and nowhere else",
    "--push": "the task pushes the image",
    "--secret": "use buildSecrets: id=value, id,src=path or id,env=NAME",
    "--platform": "set platform",
    "--progress": "the log needs Docker's plain output",
    "--iidfile": "the output imageDigest names the image",
    "--metadata-file": "the output imageDigest names the image",
    "--builder": (
        "the image is built by the engine that pushes it; to use another engine, set DOCKER_HOST or DOCKER_CONTEXT"
    ),
    "--check": _NO_IMAGE,
    "--call": _NO_IMAGE,
    "--print": _NO_IMAGE,
}
"""The flags that the task sets itself, and the input to use instead."""
DROPPED = {
    "--load": "the image is always loaded into the engine",
    "--quiet": "the log shows Docker's plain output",
}
"""The flags that have no effect here, and why."""


# --- shell_words: Splitting text into words as a shell does, for flags that people paste from scripts and documents.

_JOINS_LINES = frozenset({"\\", "`", "^"})
"""The line continuations of a POSIX shell, PowerShell and cmd. YAML may already have joined the lines."""
_ESCAPED_IN_QUOTES = frozenset('"\\$`\n')


def split_words(text: str) -> list[str]:
    """Return the words of a text.

    Quotes and backslashes work as in a POSIX shell, with two exceptions: a backslash in a path that begins with a drive
    letter stays, and a line continuation on its own is dropped.

    Raises:
        ValueError: when a quote does not close.
    """
    made = _Words()
    for sign in text.replace("\r\n", "\n"):
        made.take(sign)
    return made.all()


@dataclass(slots=True)
class _Words:
    """The words so far, and the one being read."""

    done: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    begun: bool = False
    """Whether a word has begun, even an empty one in quotes."""
    plain: bool = True
    """Whether nothing in the word was quoted or escaped."""
    quote: str = ""
    escaping: bool = False
    value_from: int = 0
    """Index in the word where the last value begins, after `=` or `,`."""

    def take(self, sign: str) -> None:
        """Take the next character."""
        if self.escaping:
            self._take_escaped(sign)
        elif self.quote:
            self._take_quoted(sign)
        elif sign == "\\" and not self._in_windows_path():
            self.escaping = True
        elif sign in "\"'":
            self.quote, self.begun, self.plain = sign, True, False
        elif sign.isspace():
            self._end_word()
        else:
            self._add(sign)

    def all(self) -> list[str]:
        """Return the words; raise ValueError when a quote is still open."""
        if self.quote:
            raise ValueError(f"No closing quotation ({self.quote})")
        self._end_word()
        return self.done

    def _take_escaped(self, sign: str) -> None:
        self.escaping = False
        if sign == "\n":
            return
        if self.quote and sign not in _ESCAPED_IN_QUOTES:
            self._add("\\")
        elif not self.quote and sign.isspace() and not self.begun:
            return  # a backslash on its own: a line continuation whose line end is gone
        self._add(sign)
        self.plain = False

    def _take_quoted(self, sign: str) -> None:
        if sign == self.quote:
            self.quote = ""
        elif sign == "\\" and self.quote == '"':
            self.escaping = True
        else:
            self._add(sign)

    def _add(self, sign: str) -> None:
        self.signs.append(sign)
        self.begun = True
        if sign in "=,":
            self.value_from = len(self.signs)

    def _in_windows_path(self) -> bool:
        r"""Tell whether a backslash here belongs to an unquoted path such as `C:\agent`."""
        letter, colon, separator = (*self.signs[self.value_from : self.value_from + 3], "", "", "")[:3]
        return self.plain and letter.isalpha() and colon == ":" and separator in {"", "\\", "/"}

    def _end_word(self) -> None:
        word = "".join(self.signs)
        if self.begun and not (self.plain and word in _JOINS_LINES):
            self.done.append(word)
        self.signs, self.begun, self.plain, self.value_from = [], False, True, 0


# --- arguments: Inputs whose text the new step takes in another form: `arguments`, `configurationStrings`, environment variables.

_PROPERTY = re.compile(r"""(?<!\S)-([A-Za-z]\w*):?[ \t]+("[^"]*"|'[^']*'|[^\s'"]+)(?=\s|$)""")
OWN_INPUTS = (
    "acrusemanagedidentitycreds",
    "acrusermanagedidentityid",
    "linuxfxversion",
    "windowsfxversion",
    "appcommandline",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Translated:
    """An old input's text as the new step takes it."""

    text: str
    """What stays of it; empty when nothing does."""
    others: tuple[tuple[str, str], ...] = ()
    """Other inputs that take over parts of it, with their values."""
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Why the new step would refuse it."""


def translate_arguments(text: str) -> Translated:
    """Return the flags of `docker build`: those that have an input of their own go there."""
    try:
        words = split_words(text)
    except ValueError:
        return Translated(text=text, refused=("a quote in arguments is not closed",))
    result = Translated(text=text)
    for name, written, value in _flags(words):
        result = _with_flag(result, name, written, value)
    return result


def _flags(words: list[str]) -> Iterator[tuple[str, str, str]]:
    """Return each flag's long name, the flag as written and its value; the name is empty for a word that is none."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            yield "", word, ""
            continue
        written, equals, value = word.partition("=")
        if not word.startswith("--"):
            written, equals, value = word[:2], word[2:], word[2:].removeprefix("=")
        name = written if word.startswith("--") else SHORT.get(written[1:], written)
        takes_next = name in WITH_VALUE or (name not in SWITCHES and rest and not rest[0].startswith("-"))
        if not equals and takes_next and rest:
            value = rest.pop(0)
        yield name, written, value


def _with_flag(result: Translated, name: str, written: str, value: str) -> Translated:
    if name == "--secret" and (secret := _secret(value)):
        return _moved(result, "--secret", "buildSecrets", secret)
    if name == "--platform" and "," not in value:
        return _moved(result, "--platform", "platform", value)
    if name == "--progress":
        return replace(
            _without_flag(result, "--progress"), notes=(*result.notes, "--progress has no equivalent in the new step")
        )
    why = _why_refused(name, written)
    return _refusing(result, why) if why else result


def _why_refused(name: str, written: str) -> str:
    """Return why the new step refuses a flag or a word that is none; empty when it takes it."""
    if name in INSTEAD:
        return f"{written} in arguments: {INSTEAD[name]}"
    if name or written.startswith(("$(", "${{")):
        return ""
    if written == ".":
        return "'.' in arguments: set buildContext"
    return "a word in arguments belongs to no flag; KEY=VALUE goes into buildArgs"


def _secret(value: str) -> str:
    """Return a line of buildSecrets for the value of `--secret`; empty for one with other keys."""
    fields = dict(part.partition("=")[::2] for part in value.split(","))
    kind, name = fields.pop("type", ""), fields.pop("id", "")
    path = fields.pop("src", fields.pop("source", ""))
    variable = fields.pop("env", "")
    if fields or not name or kind not in ("", "file", "env") or bool(path) == bool(variable):
        return ""
    return f"{name},env={variable}" if variable else f"{name},src={path}"


def _moved(result: Translated, flag: str, name: str, value: str) -> Translated:
    cut = _without_flag(result, flag)
    note = f"{flag} in arguments becomes {name}"
    return replace(cut, others=(*cut.others, (name, value)), notes=(*cut.notes, note))


def _without_flag(result: Translated, flag: str) -> Translated:
    """Return it without the first of these flags; one whose value is in quotes is left to the reader."""
    pattern = rf"""(?<!\S){flag}(?:=|[ \t]+)(?:"[^"]*"|'[^']*'|[^\s'"]+)(?=\s|$)[ \t]*"""
    text, count = re.subn(pattern, "", result.text, count=1)
    return (
        replace(result, text=text.strip()) if count else _refusing(result, f"{flag} in arguments is written unusually")
    )


def _refusing(result: Translated, reason: str) -> Translated:
    return replace(result, refused=(*result.refused, reason))


def translate_configuration(text: str) -> Translated:
    """Return the site's properties without those that have an input of their own."""
    result = Translated(text=text)
    for found in _PROPERTY.finditer(text):
        name, value = found[1].lower(), found[2].strip("\"'")
        if name not in SITE_PROPERTIES | REFUSED_PROPERTIES | set(OWN_INPUTS) or _has_colon(found):
            written = found.group().split()[0]
            result = _refusing(result, f"{written} in configurationStrings is not a property, and Azure ignored it")
        elif name in REFUSED_PROPERTIES:
            result = _refusing(result, f"{found[1]} in configurationStrings is refused; see settings.md")
        elif name in OWN_INPUTS:
            result = _with_property(replace(result, text=_cut(result.text, found.group())), found[1], value)
    if any(re.search(rf"(?i)\b{name}\b", result.text) for name in OWN_INPUTS):
        return _refusing(result, "configurationStrings names a property that has an input of its own")
    return _with_identity(replace(result, text=result.text.strip()))


def _has_colon(found: re.Match[str]) -> bool:
    """Tell whether a property other than those that go elsewhere has a colon behind its name."""
    return found[1].lower() not in OWN_INPUTS and found.group().startswith(f"-{found[1]}:")


def refused_names(text: str) -> tuple[str, ...]:
    """Return why the new step would refuse names of app settings in Microsoft's form, `-NAME value`."""
    if not text.startswith("-"):
        return ()
    unquoted = re.sub(r"""(?<=\s)("[^"]*"|'[^']*')(?=\s|$)""", "''", text)
    names = re.findall(r"(?<!\S)-([A-Za-z_]\S*)(?=\s)", unquoted)
    unfit = dict.fromkeys(name for name in names if not re.fullmatch(r"[\w.]+", name, re.ASCII))
    return tuple(
        f"the name {name} in appSettings is not allowed on Linux; write __ for : and _ for -" for name in unfit
    )


def _cut(text: str, part: str) -> str:
    return re.sub(r"[ \t]*" + re.escape(part) + r"[ \t]*", " ", text, count=1).strip(" \t")


def _with_property(result: Translated, name: str, value: str) -> Translated:
    small = name.lower()
    if small == "acrusemanagedidentitycreds" and value.lower() in ("true", "false"):
        others = (("appPullAccess", "managedIdentity"),) if value.lower() == "true" else ()
        note = f"{name} in configurationStrings becomes appPullAccess" if others else f"{name} false is left out"
        return replace(result, others=(*result.others, *others), notes=(*result.notes, note))
    if small == "acrusermanagedidentityid":
        note = f"{name} in configurationStrings becomes pullIdentity"
        return replace(result, others=(*result.others, ("pullIdentity", value)), notes=(*result.notes, note))
    if small.endswith("fxversion"):
        return replace(result, notes=(*result.notes, f"{name} is left out: imageName alone names the image"))
    if small == "appcommandline":
        note = f"{name} in configurationStrings becomes containerCommand"
        return replace(result, others=(*result.others, ("containerCommand", value)), notes=(*result.notes, note))
    return _refusing(result, f"{name} in configurationStrings: use appPullAccess")


def _with_identity(result: Translated) -> Translated:
    given = dict(result.others)
    if "pullIdentity" in given and "appPullAccess" not in given:
        return _refusing(result, "acrUserManagedIdentityID without acrUseManagedIdentityCreds true: use appPullAccess")
    if "appPullAccess" not in given:
        return result
    note = "appPullAccess also gives the app's identity its role on the registry, if it has none"
    return replace(result, notes=(*result.notes, note))


def translate_environment(text: str) -> Translated:
    """Return the `KEY=value` words of AzureContainerApps@1 as lines of appSettings."""
    try:
        words = split_words(text)
    except ValueError:
        return Translated(text=text, refused=("a quote in environmentVariables is not closed",))
    if not all(re.match(r"[A-Za-z_]\w*=", word) for word in words):
        return Translated(text=text, refused=("a word in environmentVariables is not KEY=value",))
    note = "environmentVariables replaced all of the app's; appSettings changes only those that it names"
    return Translated(text="\n".join(words), notes=(note,))


# --- carried: What the new step takes from an old one: entries under their new names, and what has no place.

_INSTEAD = {
    "addpipelinedata": "addSourceLabels adds labels for source and commit",
    "addbaseimagedata": "addSourceLabels adds labels for source and commit",
    "adddefaultlabels": "addSourceLabels adds labels for source and commit",
    "includesourcetags": "write the tags into tags",
    "imagedigestfile": "use the output imageDigest, or recordFile",
    "memorylimit": "BuildKit has no memory limit",
    "qualifyimagename": "the registry always comes before the name",
    "enforcedockernamingconvention": "names are always corrected",
}
_CREATES = (
    "targetport",
    "ingress",
    "location",
    "containerappenvironment",
    "runtimestack",
    "acrusername",
    "acrpassword",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """The inputs of the new step that come from one old step."""

    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Why the new step would not work with them."""

    def get(self, name: str) -> Entry | None:
        """Return the entry of one of the new step's inputs."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def without(self, name: str) -> Carried:
        """Return it without an input, whose comments stay."""
        kept = (only_comments(entry) if entry.name == name else entry for entry in self.entries)
        return replace(self, entries=tuple(kept))

    def adding(self, *entries: Entry, notes: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> Carried:
        """Return it with more."""
        return Carried(
            entries=(*self.entries, *entries), notes=(*self.notes, *notes), refused=(*self.refused, *refused)
        )


def carry(step: Step, values: Mapping[str, str]) -> Carried:
    """Return what the new step takes from a step; `values` are the variables that the file sets."""
    found = Carried()
    for old, entry in step.inputs.items():
        found = _with_input(found, step, old, entry)
    if _has_the_root_as_context(step):
        note = "buildContext is the repository's root, as with useDefaultContext: false alone"
        found = found.adding(new_entry("buildContext", "."), notes=(note,))
    if is_docker(step) or step.name.lower() == "azureappservicemanage@0":
        return found
    return _with_host(_with_image(found, step), values)


def _with_input(found: Carried, step: Step, old: str, entry: Entry) -> Carried:
    name = step.task.inputs.get(old, "") if step.task else ""
    if not name or (ignored := _ignored(step, old)):
        settled = step.task is not None and old in step.task.settled
        gone = _gone(old, entry) if not name else ignored
        return found.adding(only_comments(entry), notes=() if settled or not entry.text else (gone,))
    if is_docker(step) and docker_kind(step) == "push":
        return found.adding(only_comments(entry))
    if translated := _translated(name, step, entry):
        return _with_translated(found, name, entry, translated)
    refused = refused_names(entry.text) if name == "appSettings" else ()
    return found.adding(replace(entry, name=name), refused=refused)


def _has_the_root_as_context(step: Step) -> bool:
    """Tell whether Docker@1 builds from the checkout's root, as its agent makes an empty path that folder.

    https://github.com/microsoft/azure-pipelines-tasks/blob/master/Tasks/DockerV1/containerbuild.ts
    """
    builds = step.name.lower() == "docker@1" and docker_kind(step) == "build"
    return builds and not step.is_set("usedefaultcontext", "true") and not step.given("buildcontext")


def _gone(old: str, entry: Entry) -> str:
    if old in _CREATES:
        return f"{entry.name} has no equivalent in the new step: it does not create or configure the app"
    instead = f"; {_INSTEAD[old]}" if old in _INSTEAD else ""
    return f"{entry.name}: {entry.text.partition(chr(10))[0]} has no equivalent in the new step{instead}"


def _ignored(step: Step, old: str) -> str:
    """Return why an input that the new step knows is left out: the old task did not use it."""
    if step.name.lower() == "docker@1" and old == "buildcontext" and step.is_set("usedefaultcontext", "true"):
        return "buildContext is left out: Docker@1 did not use it without useDefaultContext: false"
    if step.name.lower() == "docker@1" and old in ("azurecontainerregistry", "dockerregistryendpoint"):
        other = step.given("containerregistrytype").lower() == "container registry"
        if other == (old == "azurecontainerregistry") and (other or step.given("azurecontainerregistry")):
            return f"{old} is left out: containerregistrytype says that the other registry is meant"
    if (
        old in ("slotname", "resourcegroupname")
        and "webappkind" in step.inputs
        and not step.is_set("deploytoslotoraseflag")
    ):
        return f"{step.inputs[old].name} is left out: the old task did not use it without deployToSlotOrASE: true"
    return ""


def _translated(name: str, step: Step, entry: Entry) -> Translated | None:
    """Return an input whose text changes; None for one that stays as it is written."""
    if name == "arguments":
        found = translate_arguments(entry.text)
        if docker_kind(step) == "both":
            note = "Docker@2 ignored arguments with buildAndPush; the new step uses them"
            return replace(found, notes=(*found.notes, note))
        return found
    if name == "configurationStrings":
        return translate_configuration(entry.text)
    return (
        translate_environment(entry.text)
        if step.name.lower() == "azurecontainerapps@1" and name == "appSettings"
        else None
    )


def _with_translated(found: Carried, name: str, entry: Entry, new: Translated) -> Carried:
    kept = replace(entry, name=name)
    if new.text != entry.text:
        kept = new_entry(name, new.text, like=entry) if new.text else only_comments(entry)
    by_name: dict[str, list[str]] = {}
    for other, value in new.others:
        by_name.setdefault(other, []).append(value)
    others = (new_entry(other, "\n".join(texts)) for other, texts in by_name.items())
    return found.adding(kept, *others, notes=new.notes, refused=new.refused)


def _with_image(found: Carried, step: Step) -> Carried:
    """Return it with the image of AzureRmWebAppDeployment@4, whose name comes in three inputs."""
    space, name, tag = (step.inputs.get(key) for key in ("dockernamespace", "dockerrepository", "dockerimagetag"))
    if not space or not name:
        return found
    image = f"{space.text}/{name.text}" + (f":{tag.text}" if tag and tag.text else "")
    return found.adding(new_entry("imageName", image))


def _with_host(found: Carried, values: Mapping[str, str]) -> Carried:
    """Return it with an image that names its registry and tag: without one, Azure means Docker Hub and latest."""
    entry = found.get("imageName")
    text = image_text(entry)
    if not entry or not text:
        return found.adding(refused=("it names no image",))
    if "\n" in text:
        return found.adding(refused=("it deploys several images, and the new step deploys one",))
    known = may_have_host(text, values)
    if known is None:
        first = text.partition("/")[0]
        return found.adding(
            notes=(f"if {first} does not contain a registry, add docker.io/: Azure assumed Docker Hub",)
        )
    return found


def image_text(entry: Entry | None) -> str:
    """Return what an image's entry says, whether an old step has it or the move made it."""
    if entry is None:
        return ""
    return entry.text or entry.rest.removeprefix(":").strip().strip("'")


def qualify_hub(found: Carried, values: Mapping[str, str], connection: str) -> Carried:
    """Return a deployment whose image has a registry: Docker Hub, or that of the connection that it was pushed with."""
    entry, text = found.get("imageName"), image_text(found.get("imageName"))
    if not entry or may_have_host(text, values) is not False:
        return found
    if connection:
        note = "imageName has no registry: the image now comes from containerRegistry; Azure assumed Docker Hub"
        return found.adding(new_entry("containerRegistry", connection), notes=(note,))
    path = text if "/" in expand(text, values) else f"library/{text}"
    entries = tuple(
        new_entry("imageName", f"docker.io/{path}", like=one) if one is entry else one for one in found.entries
    )
    return replace(
        found,
        entries=entries,
        notes=(*found.notes, "docker.io/ is added to imageName, because Azure assumed Docker Hub"),
    )


# --- deploys: The steps that point an app at an image, and which build makes that image.

_FOR_WEB_APPS = "azurewebappcontainer@1"
_OF_MANY_KINDS = "azurermwebappdeployment@4"
_FOR_CONTAINER_APPS = "azurecontainerapps@1"
_DEPLOYS = ("azurefunctionappcontainer@1", _FOR_WEB_APPS, _OF_MANY_KINDS, _FOR_CONTAINER_APPS)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Deploy:
    """A deployment of an image."""

    step: Step
    carried: Carried
    why_left: str
    """Why it stays as it is; empty when it can move."""

    @property
    def image(self) -> str:
        """The image's name as it is written."""
        return image_text(self.carried.get("imageName"))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Matched:
    """A deployment, the builds that surely make its image, and what keeps other builds from being recognized."""

    deploy: Deploy
    builds: tuple[Build, ...]
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Doubt:
    """Why a deployment's image is not surely that of builds that may make it."""

    builds: tuple[Build, ...]
    text: str


def read_deploys(steps: Iterable[Step], values: Mapping[str, str], apps: Iterable[str]) -> Iterator[Deploy]:
    """Return the deployments of containers among steps; `apps` are names of apps that are Function Apps for sure."""
    for step in steps:
        if step.name.lower() in _DEPLOYS and _is_container(step):
            carried = Carried() if step.unusual else carry(step, values)
            why = step.unusual or _not_for_us(step, set(apps)) or "; ".join(carried.refused)
            yield Deploy(step=step, carried=carried, why_left=why)


def _is_container(step: Step) -> bool:
    """Tell whether a step deploys a container; AzureRmWebAppDeployment@4 mostly deploys packages."""
    said = [node.text.lower() for node in step.node.below()] if step.unusual else [step.given("webappkind").lower()]
    return step.name.lower() != _OF_MANY_KINDS or any(text.endswith("appcontainer") for text in said)


def _not_for_us(step: Step, apps: set[str]) -> str:
    """Return why the new step cannot do what a step does, or when it can; empty when it surely can."""
    if "multicontainerconfigfile" in step.inputs:
        return "it deploys several containers"
    if step.given("connectiontype").lower() == "publishprofile":
        return "it signs in with a publish profile, and the new step with an Azure service connection"
    if step.name.lower() == _FOR_CONTAINER_APPS and (why := _not_only_an_image(step)):
        return why
    app = step.given("appname") or step.given("webappname") or step.given("containerappname")
    told = step.given("kind").lower() == "functionapp" or step.given("webappkind").lower() == "functionappcontainer"
    if told or app in apps or step.name.lower() == "azurefunctionappcontainer@1":
        return ""
    kind = "Container Apps of every kind" if step.name.lower() == _FOR_CONTAINER_APPS else "web apps"
    return f"it is for {kind}; if {app} is a Function App, run this again with --function-app '{app}'"


def _not_only_an_image(step: Step) -> str:
    for name, why in (
        ("appsourcepath", "it builds the image from appSourcePath; use Docker@2 or the new step's dockerFile"),
        ("yamlconfigpath", "it configures the app from a YAML file"),
    ):
        if step.given(name):
            return why
    return "" if step.given("containerappname") else "it creates an app, as it names none"


def match(deploys: Sequence[Deploy], builds: Sequence[Build], values: Mapping[str, str]) -> list[Matched]:
    """Return each deployment with its builds; where two registries are possible, it has none."""
    found = [_matched(deploy, builds, values) for deploy in deploys]
    hosts: dict[str, set[str]] = {}
    for one in found:
        for build in one.builds:
            if build.image.connection and not build.image.host:
                hosts.setdefault(build.image.connection, set()).add(_host(one.deploy, values))
    several = {connection for connection, names in hosts.items() if len(names) > 1}
    return [_without(one, several) for one in found]


def _host(deploy: Deploy, values: Mapping[str, str]) -> str:
    return read_image(expand(deploy.image, values)).host


def _matched(deploy: Deploy, builds: Sequence[Build], values: Mapping[str, str]) -> Matched:
    if not deploy.image:
        return Matched(deploy=deploy, builds=())
    verdicts = [(build, why_not_same(deploy.image, build.image, values)) for build in builds]
    sure = tuple(build for build, why in verdicts if why is None)
    doubts = tuple(
        Doubt(builds=(build,), text=f"not recognized as the image of line {build.first.number + 1}: {why}")
        for build, why in verdicts
        if why
    )
    if not all(same_place(sure[0].image, build.image) for build in sure):
        lines = " and ".join(str(build.first.number + 1) for build in sure)
        doubt = Doubt(
            builds=sure, text=f"it is not certain which image this is: lines {lines} build it for different registries"
        )
        return Matched(deploy=deploy, builds=(), doubts=(*doubts, doubt))
    return Matched(deploy=deploy, builds=sure, doubts=() if sure else doubts)


def _without(one: Matched, several: set[str]) -> Matched:
    """Return it without builds for a connection whose images are deployed from several registries."""
    if not any(build.image.connection in several and not build.image.host for build in one.builds):
        return one
    line = one.builds[0].first.number + 1
    text = f"not recognized as the image of line {line}: images of its connection are deployed from several registries"
    return Matched(deploy=one.deploy, builds=(), doubts=(*one.doubts, Doubt(builds=one.builds, text=text)))


# --- joining: The inputs of the new step where an old one's do not go over by themselves: of several steps, or incomplete.

_NAME = "$(Build.Repository.Name):$(Build.BuildId)"


def carry_build(build: Build, values: Mapping[str, str]) -> Carried:
    """Return the inputs of a build with its pushes: its tags are those that are pushed."""
    carried = carry(build.first, values)
    for push in build.steps[1:]:
        carried = carried.adding(*(entry for entry in carry(push, values).entries if entry.comments))
    if build.login and "containerregistry" in build.login.inputs:
        entry = replace(build.login.inputs["containerregistry"], above=(), name="containerRegistry")
        carried = carried.adding(entry, notes=("containerRegistry is that of the login",))
    return (
        _with_tags_of_docker_2(carried, build) if build.first.name.lower() == "docker@2" else _with_tags(carried, build)
    )


def _with_tags_of_docker_2(carried: Carried, build: Build) -> Carried:
    own = build.first.given("tags", "$(Build.BuildId)")
    if not build.is_pushed:
        return carried
    written = _as_written(own if docker_kind(build.first) == "both" else "\n".join(_tags_of(build.steps[1:])))
    if [plain_text(tag) for tag in _as_written(own)] == [plain_text(tag) for tag in written]:
        return carried
    entry = new_entry("tags", "\n".join(written), like=carried.get("tags"))
    kept = tuple(one for one in carried.entries if one.name != "tags")
    return replace(carried, entries=(*kept, entry), notes=(*carried.notes, "tags are those that were pushed"))


def _tags_of(pushes: Sequence[Step]) -> Iterator[str]:
    return (push.given("tags", "$(Build.BuildId)") for push in pushes)


def _as_written(tags: str) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in re.split(r"[\n,]+", tags) if tag.strip()))


def _with_tags(carried: Carried, build: Build) -> Carried:
    """Return the inputs of Docker@1 with the tags that its steps set without writing them."""
    named = read_image(build.first.given("imagename", "$(Build.Repository.Name):$(Build.BuildId)")).tag
    more = [tag for tag in build.image.tags if tag != named]
    if named and not more and build.first.is_set("includelatesttag"):
        return carried.adding(notes=("latest is left out of tags: it was set on the agent only, and not pushed",))
    texts = {"$(build.buildid)": "$(Build.BuildId)"}
    return carried.adding(new_entry("tags", "\n".join(texts.get(tag, tag) for tag in more))) if more else carried


def connection_of(build: Build) -> str:
    """Return the Docker Registry connection of a build as it is written; empty for a build that names its registry."""
    if not build.image.connection:
        return ""
    named = ("containerregistry", "dockerregistryendpoint")
    return next(filter(None, (step.given(name) for step in (build.first, build.login) if step for name in named)), "")


def complete(deploy: Deploy, connection: str, values: Mapping[str, str]) -> Carried:
    """Return the inputs of a deployment on its own: its image has a registry and a tag."""
    carried = qualify_hub(deploy.carried, values, connection)
    if read_image(deploy.image).tag:
        return carried
    return carried.adding(new_entry("tags", "latest"))


def unite(build: Build, made: Carried, deploy: Deploy) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the inputs of a build and its deployment as one step's, and what is to be said of them.

    The image is named as the deployment named it: with its registry, so that the step fails at once, before it
    changes anything, if the build's connection turns out to be for another one.
    """
    there, notes = _by_tag(deploy.carried, build)
    if not read_image(deploy.image).host and build.image.connection:
        notes += ("imageName has no registry: the image now comes from containerRegistry; Azure assumed Docker Hub",)
    made = made.without("imageName")
    connections = {image_text(one.get("azureSubscription")) for one in (there, made)} - {""}
    renamed = {"azureSubscription": "azureSubscriptionForACR"} if len(connections) > 1 else {}
    taken = {entry.name for entry in there.entries if entry.name}
    own = (replace(entry, name=renamed.get(entry.name, entry.name)) for entry in made.entries)
    kept = (only_comments(entry) if entry.name in taken else entry for entry in own)
    return (*there.entries, *kept), notes


def _by_tag(carried: Carried, build: Build) -> tuple[Carried, tuple[str, ...]]:
    """Return a deployment by the first tag of the build, where it was by latest, which others move."""
    entry = carried.get("imageName")
    image, first = read_image(image_text(entry)), _first_tag(build)
    if not entry or image.tag not in ("", "latest") or first == "latest":
        return carried, ()
    text = image_text(entry)
    name = text.removesuffix(":latest")
    entries = tuple(
        new_entry("imageName", f"{name}:{first}", like=entry) if one is entry else one for one in carried.entries
    )
    return replace(carried, entries=entries), (f"the tag {first} of this run is deployed, not latest",)


def _first_tag(build: Build) -> str:
    """Return the tag that a build sets first, as it is written."""
    step = build.first
    if step.name.lower() == "docker@2":
        pushes = "\n".join(_tags_of(build.steps[1:]))
        return _as_written(pushes or step.given("tags", "$(Build.BuildId)"))[0]
    name = step.given("imagename", _NAME)
    tagged = read_image(name).tag
    return name[-len(tagged) :] if tagged and len(plain_text(name)) == len(name) else tagged or "$(Build.BuildId)"


# --- merging: Whether a build and a deployment can be one step.


def why_apart(source: Source, build: Build, deploy: Step, rows: Mapping[StepList, tuple[Step | None, ...]]) -> str:
    """Return why a deployment cannot be one step with its build; empty when it can."""
    if terms(source, deploy) != terms(source, build.first):
        return "its condition, env, limits or enabled state differ"
    if build.behind < len(row := rows[build.first.steps]) and row[build.behind] is deploy:
        return ""
    if build.first.steps is deploy.steps or build.behind < len(row):
        return "other steps stand between"
    return _why_other_job(source, build.first.steps, deploy)


def job_to_remove(build: Build, deploy: Step, rows: Mapping[StepList, tuple[Step | None, ...]]) -> Node | None:
    """Return the job that goes when its deployment becomes one step with a build; None when it is the build's own."""
    return None if deploy in rows[build.first.steps] else deploy.steps.job


def _why_other_job(source: Source, here: StepList, deploy: Step) -> str:
    first, second = here.job, deploy.steps.job
    if not first or not second or first is second:
        return "other steps stand between"
    if _list_of(here, first) is not _list_of(deploy.steps, second) or second.get("deployment"):
        return "it is in another stage, or in a deployment job"
    if _list_of(here, first).style == "flow" or second.anchor or _is_conditional(here) or _is_conditional(deploy.steps):
        return "its job, or the list of its steps, is written in an unusual way"
    alike = job_terms(source, second) == job_terms(source, first)
    row = [step for step in deploy.steps.node.items if not step.get("checkout")]
    if len(row) > 1 or not alike or first.get("strategy") or deploy.steps.node is not second.get("steps"):
        return "its job has a pool, conditions or steps of its own"
    return "" if _waits_alone(source, first, second) else "its job waits for other jobs, or they for it"


def _list_of(steps: StepList, job: Node) -> Node:
    """Return the list that a job is in."""
    return steps.parents[steps.parents.index(job) - 1]


def _is_conditional(steps: StepList) -> bool:
    job = steps.job
    return job is not None and steps.node is not job.get("steps")


def _waits_alone(source: Source, first: Node, second: Node) -> bool:
    """Tell whether the second job waits for the first only, or for none, and nothing else names it."""
    name = re.escape(second.says("job"))
    rest = source.text[: second.start] + source.text[second.end :]
    named = re.search(rf"(?m)(dependsOn:|ependencies[.\[]).*\b{name}\b|^ *- [\'\"]?{name}[\'\"]?\s*$", rest)
    waits = second.get("dependsOn")
    names = [] if waits is None else [waits.text] if waits.kind == "scalar" else [item.text for item in waits.items]
    return not named and names in ([], [first.says("job")])


# --- rewriting: The lines of a new step, and the lines of the file that they take the place of.

_CHOSEN = ("name", "displayname")


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """Lines of a file, numbered from 0, and what takes their place."""

    first: int
    end: int
    """The line behind the last."""
    lines: tuple[str, ...] = ()
    """Without line ends."""


def apply_edits(source: Source, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made; what no edit covers stays byte for byte."""
    lines = list(source.lines)
    for edit in reversed(_apart(edits)):
        old = lines[edit.first : edit.end]
        ending = "\r\n" if old[0].endswith("\r\n") else "\n"
        lines[edit.first : edit.end] = [line + ending for line in edit.lines]
    text = "".join(lines)
    if source.text.endswith("\n") or not text.endswith("\n"):
        return text
    return text.removesuffix("\n").removesuffix("\r")


def _apart(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits in their order: a blank line between two steps that go is the first one's to take away."""
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.first):
        found.append(replace(edit, first=max(edit.first, found[-1].end)) if found else edit)
    return found


def in_place(source: Source, step: Step, inputs: Sequence[Entry], command: str) -> Edit:
    """Return the edit that makes one old step a new one."""
    lines = _lines(source, (step,), _heads(source, (step,), (step,)), inputs, command)
    return Edit(first=step.number, end=step.last + 1, lines=tuple(lines))


def merged(source: Source, build: Sequence[Step], inputs: Sequence[Entry], command: str) -> list[Edit]:
    """Return the edits that make a build and its pushes one step, in the place of the build."""
    return [_united(source, build, build, inputs, command), *(_taken_out(source, push) for push in build[1:])]


def merged_with(
    source: Source, build: Sequence[Step], deploy: Step, inputs: Sequence[Entry], job: Node | None
) -> list[Edit]:
    """Return the edits that make a build, its pushes and a deployment one step; `job` goes with the deployment."""
    edits = [_united(source, (*build, deploy), (deploy, *build), inputs, "")]
    edits += [_taken_out(source, push) for push in build[1:]]
    return [*edits, _without_job(source, job, deploy) if job else _taken_out(source, deploy)]


def _united(
    source: Source, steps: Sequence[Step], naming: Sequence[Step], inputs: Sequence[Entry], command: str
) -> Edit:
    """Return the edit of the first of several steps that become one; `naming` has the one whose name stays first."""
    first = steps[0]
    behind = [line for step in steps[1:] for line in _behind(source, step, first.column + 2)]
    lines = (*_lines(source, steps, _heads(source, steps, naming), inputs, command), *behind)
    return Edit(first=first.number, end=first.last + 1, lines=lines)


def removed(source: Source, step: Step) -> Edit:
    """Return the edit that takes a step away, with a blank line beside it; its comments stay."""
    comments = [line for entry in (*step.heads.values(), *step.inputs.values()) for line in _own_comments(entry)]
    behind = _behind(source, step, step.column)
    kept = tuple(shifted(line, _indent(line), step.column) for line in comments)
    return _removal(source, step.number, step.last + 1 + len(behind), (*kept, *behind))


def _own_comments(entry: Entry) -> tuple[str, ...]:
    return (_header(entry) if entry.name.lower() == "inputs" else entry).comments


def _taken_out(source: Source, step: Step) -> Edit:
    """Return the edit that takes a step away whose comments are elsewhere, with a blank line beside it."""
    return _removal(source, step.number, step.last + 1 + len(_behind(source, step, 0)))


def _removal(source: Source, first: int, end: int, kept: tuple[str, ...] = ()) -> Edit:
    if not kept and first and not source.lines[first - 1].strip():
        return Edit(first=first - 1, end=end)
    if not kept and end < len(source.lines) and not source.lines[end].strip():
        return Edit(first=first, end=end + 1)
    return Edit(first=first, end=end, lines=kept)


def _without_job(source: Source, job: Node, step: Step) -> Edit:
    """Return the edit that takes a job away whose only step has moved; its comments stay."""
    first, last = source.line(job.start), source.last_line(job)
    own = range(step.number, step.last + 1 + len(_behind(source, step, 0)))
    lines = [source.lines[number].rstrip("\r\n") for number in range(first, last + 1) if number not in own]
    kept = tuple(line for line in lines if line.lstrip().startswith("#"))
    return _removal(source, first, max(last + 1, own.stop), kept)


def _behind(source: Source, step: Step, column: int) -> list[str]:
    """Return the comments behind a step's last line that belong to it: they stand deeper than its dash."""
    dash, found, number = (
        source.column(source.starts[step.number]) + _indent(source.lines[step.number]),
        [],
        step.last + 1,
    )
    while number < len(source.lines) and _is_comment_below(source.lines[number], dash):
        found.append(shifted(source.lines[number].rstrip("\r\n"), _indent(source.lines[number]), column))
        number += 1
    return found


def _is_comment_below(line: str, dash: int) -> bool:
    return line.lstrip().startswith("#") and _indent(line) > dash


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _lines(
    source: Source, steps: Sequence[Step], heads: Sequence[Entry], inputs: Sequence[Entry], command: str
) -> Iterator[str]:
    """Return a new step's lines: what the first step and the last say of the step, and the inputs."""
    first = steps[0]
    added = [new_entry("command", command)] if command else []
    inner = [line for entry in (*added, *inputs) for line in entry.written(_inner_column(first))]
    begin = next(place for place, entry in enumerate(heads) if entry.name)
    top = replace(heads[begin], above=())
    line, offset = source.lines[first.number], first.node.start - source.starts[first.number]
    own = list(top.written(first.column))
    yield line[:offset] + own[0].lstrip(" ")
    yield from own[1:]
    yield from inner if top.name.lower() == "inputs" else ()
    for entry in (only_comments(replace(heads[begin], tail="")), *heads[:begin], *heads[begin + 1 :]):
        yield from entry.written(first.column)
        yield from inner if entry.name.lower() == "inputs" else ()


def _inner_column(step: Step) -> int:
    given = next(iter(step.inputs.values()))
    return given.column if given.column > step.column else step.column + 2


def _heads(source: Source, steps: Sequence[Step], naming: Sequence[Step]) -> list[Entry]:
    """Return a new step's own keys: those of the first step, the names of the first that has them, and comments."""
    first, others = steps[0], steps[1:]
    chosen = {key: next((step.heads[key] for step in naming if key in step.heads), None) for key in _CHOSEN}
    entries: list[Entry] = []
    for key, entry in first.heads.items():
        if key == "task":
            entries.append(_new_task(source, entry))
            entries.extend(_displaced_names(first, chosen))
            entries.extend(_leftovers(others, chosen))
            entries.extend(one for name in _CHOSEN if name not in first.heads and (one := chosen[name]))
        elif key in _CHOSEN and (one := chosen[key]):
            entries.append(one)
        else:
            entries.append(_header(entry) if key == "inputs" else entry)
    return entries


def _displaced_names(step: Step, chosen: dict[str, Entry | None]) -> Iterator[Entry]:
    for key in _CHOSEN:
        if key in step.heads and step.heads[key] is not chosen[key]:
            yield from _displaced(key, step.heads[key])


def _leftovers(others: Sequence[Step], chosen: dict[str, Entry | None]) -> Iterator[Entry]:
    """Return what stays of the other steps' own keys: comments, and display names that the new step does not have."""
    for step in others:
        yield from _displaced_names(step, chosen)
        for key, entry in step.heads.items():
            if key not in _CHOSEN and entry.comments:
                yield only_comments(_header(entry) if key == "inputs" else entry)


def _displaced(key: str, entry: Entry) -> Iterator[Entry]:
    """Return a display name as a comment; a name is nothing to read, and the report names it."""
    if key == "displayname":
        yield as_comment(entry)
    elif entry.comments:
        yield only_comments(entry)


def _new_task(source: Source, entry: Entry) -> Entry:
    value = entry.value
    written = source.text[value.start : value.end] if value else ""
    return replace(entry, rest=entry.rest.replace(written, NEW_TASK, 1))


def _header(entry: Entry) -> Entry:
    """Return the line of `inputs:` without the inputs."""
    if entry.value is None or entry.value.style != "flow":
        return replace(entry, lines=())
    return replace(entry, rest=f":  {entry.tail}" if entry.tail else ":", lines=())


# --- swaps: The steps that swap a slot with production.

_MANAGES = "azureappservicemanage@0"


def read_swaps(steps: Iterable[Step]) -> Iterator[Step]:
    """Return the steps that swap slots, also in parts, with a preview."""
    for step in steps:
        given = step.node.get("inputs")
        action = given.says("action") if given else ""
        if step.name.lower() == _MANAGES and re.search(r"^$|swap", action, re.IGNORECASE):
            yield step


def why_no_swap(step: Step, apps: set[str]) -> str:
    """Return why the new step cannot swap as a step does; empty when it can. `apps` are the known Function Apps."""
    return step.unusual or _why_not_that_swap(step) or _why_not_that_app(step.given("webappname"), apps)


def _why_not_that_swap(step: Step) -> str:
    if step.given("action", "Swap Slots").lower() != "swap slots":
        return "the new step has no swap with preview"
    slot = step.given("sourceslot").lower()
    if slot in ("", "production"):
        return (
            "the new step swaps a slot into production; it swaps back by itself when production does not run the image"
        )
    if step.is_set("swapwithproduction", "true") or step.given("targetslot").lower() == "production":
        return ""
    return f"it swaps with the slot {step.given('targetslot')}, and the new step swaps with production"


def _why_not_that_app(app: str, apps: set[str]) -> str:
    if app and plain_text(app) in apps:
        return ""
    return f"it is for web apps, too; if {app} is a Function App, run this again with --function-app '{app}'"


def known_apps(steps: Iterable[Step], moved: Iterable[Step], told: Iterable[str]) -> set[str]:
    """Return the apps that surely are Function Apps: those that new steps deploy to, or are said to be."""
    names = ("appname", "webappname", "containerappname")
    deployed = [step.given(name) for step in moved for name in names]
    ours = [step.node.get("inputs") for step in steps if step.name == NEW_TASK]
    apps = (*told, *deployed, *(given.says("appName") for given in ours if given))
    return {plain_text(app) for app in apps if app}


# --- plan: What becomes of each step of a file: decided here, with the reasons that the report gives.

_LEFT, _MOVED = "left", "moved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one step."""

    number: int
    """The step's line in the file as it was, from 0."""
    title: str
    verdict: str
    """`moved`, `left`, or `note` for a step that is not an old one but that the move concerns."""
    text: str
    """Where it went, or why it is left."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The edits of a file and what became of each old step."""

    edits: tuple[Edit, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    gone: tuple[Step, ...] = ()
    """Steps whose outputs or names may be gone: the new step has others."""

    def adding(self, other: Plan) -> Plan:
        """Return both plans as one."""
        return Plan(
            edits=(*self.edits, *other.edits),
            outcomes=(*self.outcomes, *other.outcomes),
            gone=(*self.gone, *other.gone),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """A file as read: its steps, builds and deployments."""

    source: Source
    steps: tuple[Step, ...]
    values: Mapping[str, str]
    rows: Mapping[StepList, tuple[Step | None, ...]]
    """The items of each list of steps without logins; None for an item that is no step."""
    builds: tuple[Build, ...]
    deploys: tuple[Matched, ...]
    apps: tuple[str, ...] = ()
    """The apps that are said to be Function Apps."""


def read_pipeline(source: Source, apps: Iterable[str]) -> Pipeline:
    """Return a file's steps with what they make of one another; `apps` are Function Apps for sure."""
    steps, values = read_steps(source), variables(source)
    rows: dict[StepList, tuple[Step | None, ...]] = {}
    builds: list[Build] = []
    for steps_of in dict.fromkeys(step.steps for step in steps):
        own = {step.node: step for step in steps if step.steps is steps_of}
        logins = [step for step in own.values() if _is_login(step)]
        rows[steps_of] = tuple(own.get(item) for item in steps_of.node.items if own.get(item) not in logins)
        builds.extend(
            read_builds(source, rows[steps_of], [one for one in logins if one.given("command").lower() == "login"])
        )
    deploys = match(list(read_deploys(steps, values, apps)), [build for build in builds if build.is_pushed], values)
    return Pipeline(source=source, steps=steps, values=values, rows=rows, builds=tuple(builds), deploys=tuple(deploys))


def _is_login(step: Step) -> bool:
    return is_docker(step) and docker_kind(step) == "login"


def make_plan(pipeline: Pipeline) -> Plan:
    """Return what to change, and what became of each old step."""
    plan, used = Plan(), set[int]()
    for build in pipeline.builds:
        part, deploy = _plan_build(pipeline, build, used)
        plan = plan.adding(part)
        used |= {id(deploy)} if deploy else set()
    for matched in pipeline.deploys:
        if id(matched.deploy) not in used:
            plan = plan.adding(_plan_deploy(pipeline, matched))
    plan = plan.adding(_plan_swaps(pipeline, plan)).adding(_plan_others(pipeline))
    return plan.adding(_plan_logins(pipeline, plan))


def _plan_build(pipeline: Pipeline, build: Build, used: set[int]) -> tuple[Plan, Deploy | None]:
    """Return the plan for a build, and the deployment that becomes one step with it."""
    wanting = [matched for matched in pipeline.deploys if build in matched.builds]
    free = [matched.deploy for matched in wanting if not matched.deploy.why_left and id(matched.deploy) not in used]
    carried = carry_build(build, pipeline.values) if not build.first.unusual else Carried()
    if why := build.why_left or "; ".join(carried.refused) or _why_not_deployed(wanting, pipeline, build):
        return _left(build, why, carried.notes), None
    apart = {id(deploy): why_apart(pipeline.source, build, deploy.step, pipeline.rows) for deploy in free}
    joined = next((deploy for deploy in free if not apart[id(deploy)]), None)
    if joined:
        return _join(pipeline, build, carried, joined), joined
    reason = next(iter(apart.values()), "another build of its image is one step with it")
    return _alone(pipeline, build, carried, reason), None


def _alone(pipeline: Pipeline, build: Build, carried: Carried, reason: str) -> Plan:
    """Return the plan for a build with its pushes whose deployment is a step of its own, for a reason."""
    if not carried.get("containerRegistry") and not carried.get("azureSubscription"):
        return _left(build, "it names no connection, and the new step signs in with one", carried.notes)
    edits = tuple(merged(pipeline.source, build.steps, carried.entries, "buildAndPush"))
    notes = (*carried.notes, f"the deployment stays a separate step: {reason}")
    outcome = _outcome(build.first, _MOVED, "builds and pushes (command: buildAndPush)", notes)
    return Plan(edits=edits, outcomes=(outcome, *_pushes_of(build)), gone=build.steps)


def _why_not_deployed(wanting: Sequence[Matched], pipeline: Pipeline, build: Build) -> str:
    """Return why a build has no deployment that moves with it; empty when it has one."""
    if any(not matched.deploy.why_left for matched in wanting):
        return ""
    if wanting:
        return f"the deployment of its image, line {wanting[0].deploy.step.number + 1}, is left"
    doubted = [one for one in pipeline.deploys for doubt in one.doubts if build in doubt.builds]
    if doubted:
        return f"not recognized as the image that line {doubted[0].deploy.step.number + 1} deploys"
    return "no step in this file deploys its image to a Function App"


def _left(build: Build, why: str, notes: Iterable[str] = ()) -> Plan:
    pushes = (_outcome(push, _LEFT, f"its build, line {build.first.number + 1}, is left") for push in build.steps[1:])
    return Plan(outcomes=(_outcome(build.first, _LEFT, why, notes), *pushes))


def _outcome(step: Step, verdict: str, text: str, notes: Iterable[str] = ()) -> Outcome:
    return Outcome(number=step.number, title=step.title, verdict=verdict, text=text, notes=tuple(notes))


def _pushes_of(build: Build) -> Iterator[Outcome]:
    for push in build.steps[1:]:
        yield _outcome(push, _MOVED, f"into the step of line {build.first.number + 1}", carry(push, {}).notes)


def _join(pipeline: Pipeline, build: Build, carried: Carried, deploy: Deploy) -> Plan:
    """Return the plan that makes a build, its pushes and a deployment one step."""
    job = job_to_remove(build, deploy.step, pipeline.rows)
    inputs, notes = unite(build, carried, deploy)
    edits = merged_with(pipeline.source, build.steps, deploy.step, inputs, job)
    notes_of_job = ("its job is removed: it did nothing else",) if job else ()
    line = build.first.number + 1
    return Plan(
        edits=tuple(edits),
        outcomes=(
            _outcome(build.first, _MOVED, f"one step with line {deploy.step.number + 1}", (*carried.notes, *notes)),
            *_pushes_of(build),
            _outcome(deploy.step, _MOVED, f"into the step of line {line}", (*deploy.carried.notes, *notes_of_job)),
        ),
        gone=(*build.steps, deploy.step),
    )


def _plan_deploy(pipeline: Pipeline, matched: Matched) -> Plan:
    """Return the plan for a deployment that stays a step of its own."""
    step, why = matched.deploy.step, matched.deploy.why_left
    if why:
        return Plan(outcomes=(_outcome(step, _LEFT, why),))
    connection = connection_of(matched.builds[0]) if matched.builds else ""
    carried = complete(matched.deploy, connection, pipeline.values)
    notes = (*carried.notes, *(doubt.text for doubt in matched.doubts))
    outcome = _outcome(step, _MOVED, "deploys the image that it names (command: deploy)", notes)
    return Plan(edits=(in_place(pipeline.source, step, carried.entries, "deploy"),), outcomes=(outcome,), gone=(step,))


def _plan_swaps(pipeline: Pipeline, so_far: Plan) -> Plan:
    """Return the plan for swaps of slots: of apps that surely are Function Apps."""
    moved = [step for step in so_far.gone if not is_docker(step)]
    apps, plan = known_apps(pipeline.steps, moved, pipeline.apps), Plan()
    for step in read_swaps(pipeline.steps):
        if why := why_no_swap(step, apps):
            plan = plan.adding(Plan(outcomes=(_outcome(step, _LEFT, why),)))
            continue
        carried = carry(step, pipeline.values)
        notes = (*carried.notes, "production is verified after the swap, and swapped back if it does not run the image")
        outcome = _outcome(step, _MOVED, "swaps the slot with production (command: swap)", notes)
        edit = in_place(pipeline.source, step, carried.entries, "swap")
        plan = plan.adding(Plan(edits=(edit,), outcomes=(outcome,)))
    return plan


def _plan_others(pipeline: Pipeline) -> Plan:
    """Return the outcomes of Docker steps that are neither builds, their pushes nor logins."""
    in_builds = {step for build in pipeline.builds for step in build.steps}
    others = [step for step in pipeline.steps if is_docker(step) and not _is_login(step) and step not in in_builds]
    return Plan(outcomes=tuple(_outcome(step, _LEFT, _why_other(step)) for step in others))


def _why_other(step: Step) -> str:
    if docker_kind(step) == "push":
        return "it does not directly follow a build of the same image, for the same place and under the same conditions"
    if step.name.lower() == "docker@0":
        return "this version has other inputs; make it Docker@1 or Docker@2, and run this again"
    return "the new step has no such command"


def _plan_logins(pipeline: Pipeline, plan: Plan) -> Plan:
    """Return the plan for logins: those go that served moved steps only, as the new step signs in by itself."""
    found, gone = Plan(), set(plan.gone)
    for step in filter(_is_login, pipeline.steps):
        if why := _why_needed(pipeline, step, gone):
            found = found.adding(Plan(outcomes=(_outcome(step, _LEFT, why),)))
        else:
            outcome = _outcome(step, _MOVED, "removed: the new step signs in by itself")
            found = found.adding(Plan(edits=(removed(pipeline.source, step),), outcomes=(outcome,)))
    return found


def _why_needed(pipeline: Pipeline, login: Step, gone: set[Step]) -> str:
    """Return why a login stays; empty when it served moved steps only."""
    if login.unusual:
        return login.unusual
    if not any(step.steps is login.steps for step in gone):
        return "no step of its list moves"
    if _others_use_docker(pipeline, login.steps, gone):
        return "other steps of its job use Docker"
    here = [build for build in pipeline.builds if build.first in gone and build.first.steps.job is login.steps.job]
    places = {build.image.connection or build.image.host for build in here}
    alike = [one for one in pipeline.steps if _is_login(one) and one.steps.job is login.steps.job]
    wanted = {place_of(login)} - {""} or {place_of(one) for one in alike} - {""}
    return (
        "" if wanted <= places else "it is for another registry than the new steps push to, maybe that of a base image"
    )


def _others_use_docker(pipeline: Pipeline, steps: StepList, gone: set[Step]) -> bool:
    """Tell whether something of a job, besides logins and steps that moved, may need the login."""
    around = steps.job or steps.node
    text = pipeline.source.text[around.start : around.end]
    ours = [step for step in pipeline.steps if step.steps.job is steps.job and (step in gone or _is_login(step))]
    for step in ours:
        text = text.replace(pipeline.source.text[step.node.start : step.node.end], "")
    without_comments = re.sub(r"(?m)(^|\s)#.*", "", text)
    return bool(re.search(r"docker|template:", without_comments, re.IGNORECASE))


# --- report: What the mover says: a line for each old step, and what is worth knowing of the file.

_OUTPUT = re.compile(r"(?<![\w.])((?:\w+[._])?(?:DockerOutput|DockerOutputPath))\b", re.IGNORECASE)
"""As variables and outputs name it, `make.DockerOutput`, and as a script's environment does, `MAKE_DOCKEROUTPUT`."""
_BY_SCRIPT = (
    (
        r"az\s+(?:functionapp|webapp)\s+config\s+container\s+set",
        "sets an app's image by itself, which the new step does",
    ),
    (r"az\s+containerapp\s+(?:update|up)\b", "deploys to Azure Container Apps by itself"),
    (r"az\s+(?:functionapp|webapp)\s+restart", "restarts an app, which the new step does where it has to"),
    (r"az\s+(?:functionapp|webapp)\s+deployment\s+slot\s+swap", "swaps slots by itself"),
    (r"docker\s+push|az\s+acr\s+build", "pushes an image by itself"),
)
_SCRIPT_INPUTS = ("inlinescript", "script", "inline")


def report(pipeline: Pipeline, plan: Plan) -> Iterator[str]:
    """Return the lines of the report, in the file's order, and at the end what is so for every moved step."""
    outcomes = [*plan.outcomes, *_remarks(pipeline, plan)]
    for outcome in sorted(outcomes, key=lambda outcome: (outcome.number, outcome.verdict)):
        yield f"line {outcome.number + 1}: {outcome.title}: {outcome.verdict}: {outcome.text}"
        yield from (f"    {note}" for note in dict.fromkeys(outcome.notes))
    yield from _always(plan.gone)


def _remarks(pipeline: Pipeline, plan: Plan) -> Iterator[Outcome]:
    """Return notes on what is no old step: names that are gone, scripts that do the same, templates."""
    if not plan.outcomes:
        return
    yield from _lost_outputs(pipeline.source, plan)
    yield from _lost_names(pipeline.source, plan)
    for step in pipeline.steps:
        if step not in plan.gone:
            yield from _of_step(step)
    for node in (node for root in pipeline.source.roots for node in root.below() if node.says("template")):
        text = f"{node.says('template')} may contain old steps; run this on it, too"
        yield Outcome(number=pipeline.source.line(node.start), title="template", verdict="note", text=text)


def _lost_outputs(source: Source, plan: Plan) -> Iterator[Outcome]:
    """Return where an output is read that only Docker's tasks set."""
    builders = [step for step in plan.gone if is_docker(step)]
    for number, line in enumerate(source.lines if builders else ()):
        names = {found for found in _OUTPUT.findall(line) if _is_of(found, builders)}
        if names:
            told = ", ".join(sorted(names))
            text = f"{told} is not set by the new step; its outputs are imageReference, imageDigest and others"
            yield Outcome(number=number, title="output variable", verdict="note", text=text)


def _is_of(found: str, builders: list[Step]) -> bool:
    """Tell whether an output is read of a step that moved: by its name, or by none, as the steps of one job may."""
    name = re.split(r"[._]", found)[0].lower() if re.search(r"[._]", found) else ""
    return not name or name in {step.heads["name"].text.lower() for step in builders if "name" in step.heads}


def _lost_names(source: Source, plan: Plan) -> Iterator[Outcome]:
    """Return which steps' names are gone, where the merged step has another's."""
    kept = {line for edit in plan.edits for line in edit.lines}
    for step in plan.gone:
        entry = step.heads.get("name")
        if entry and not any(re.match(rf"\s*(?:- )?name: *['\"]?{re.escape(entry.text)}\b", line) for line in kept):
            pattern = rf"(?<![\w.]){re.escape(entry.text)}\.\w+|['\"]{re.escape(entry.text)}['\"]"
            used = [number + 1 for number, line in enumerate(source.lines) if re.search(pattern, line)]
            where = f"; read in line {', '.join(map(str, used))}" if used else ""
            text = f"the name {entry.text} is gone{where}"
            yield Outcome(number=entry.number, title="name", verdict="note", text=text)


def _of_step(step: Step) -> Iterator[Outcome]:
    """Return notes on a step that stays: what it does that the new step does as well."""
    title = step.title or "script"
    for pattern, does in _BY_SCRIPT:
        if re.search(pattern, _script(step), re.IGNORECASE):
            yield Outcome(number=step.number, title=title, verdict="note", text=f"it {does}; it stays")
    if step.name.lower() == "azureappservicesettings@1":
        text = "it changes an app's settings, which restarts the app unverified; appSettings of the new step does both"
        yield Outcome(number=step.number, title=title, verdict="note", text=text)
    if step.name.lower() == "azureappservicemanage@0" and step.node.get("inputs"):
        action = step.node.get("inputs")
        if action and action.says("Action").lower().startswith("restart"):
            text = "it restarts an app, and stays; it has no use behind a new step for the same app, which verifies it"
            yield Outcome(number=step.number, title=title, verdict="note", text=text)


def _script(step: Step) -> str:
    """Return a step's script, with continued lines joined."""
    inputs = step.node.get("inputs")
    scripts = [inputs.says(key) for key in _SCRIPT_INPUTS] if inputs else []
    scripts += [step.node.says(key) for key in ("script", "bash", "pwsh", "powershell")]
    return re.sub(r"[\\`^]\s*\n\s*", " ", "\n".join(scripts))


def _always(gone: tuple[Step, ...]) -> Iterator[str]:
    """Return what is different with every moved step."""
    if any(is_docker(step) and docker_kind(step) != "build" for step in gone):
        yield (
            "every moved push: Docker's labels about the pipeline are not written, and neither is Docker@2's record of "
            "image details, which environments and the check Evaluate artifact read"
        )
    if any(not is_docker(step) for step in gone):
        yield "every moved deployment: no entry is written into the Deployment Center's history"


# --- source: A YAML file as text and as a tree of nodes that know where in the text they are written.

_BLOCK = ("|", ">")


class Unreadable(Exception):  # noqa: N818 - it says what the text is
    """A text that is not YAML, with the reason and its line."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Node:
    """A value, and the offsets in the text between which it is written; two nodes are equal only if they are one."""

    start: int
    end: int
    kind: str
    """`scalar`, `mapping`, `sequence` or `alias`."""
    text: str = ""
    """What a scalar says; for an alias, the anchor's name."""
    style: str = ""
    """A scalar's quote or block sign; `flow` for a collection in brackets."""
    anchor: str = ""
    pairs: tuple[Pair, ...] = ()
    items: tuple[Node, ...] = ()

    def get(self, key: str) -> Node | None:
        """Return the value of a key; Azure Pipelines does not mind the case."""
        return next((pair.value for pair in self.pairs if pair.key.text.lower() == key.lower()), None)

    def says(self, key: str) -> str:
        """Return the text of a key's scalar; empty when there is none."""
        value = self.get(key)
        return value.text.strip() if value and value.kind == "scalar" else ""

    def below(self) -> Iterator[Node]:
        """Return this node and everything in it."""
        yield self
        for child in (*(part for pair in self.pairs for part in (pair.key, pair.value)), *self.items):
            yield from child.below()


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A key of a mapping and its value."""

    key: Node
    value: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file's text, its lines with their ends, and the documents in it."""

    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    roots: tuple[Node, ...]
    anchors: Mapping[str, Node]
    """The nodes that aliases may mean, by name."""

    def line(self, offset: int) -> int:
        """Return the number of the line, from 0, that holds an offset."""
        return bisect_right(self.starts, offset) - 1

    def last_line(self, node: Node) -> int:
        """Return the number of the last line on which something of the node is written."""
        return self.line(max(node.start, node.end - 1))

    def column(self, offset: int) -> int:
        """Return how far an offset is from the beginning of its line; a byte order mark does not count."""
        start = self.starts[self.line(offset)]
        return offset - start - self.text[start:offset].count("\ufeff")


def read_source(text: str) -> Source:
    """Return a parsed file; raise Unreadable when it is not YAML."""
    lines = tuple(_split(text))
    starts, offset = [], 0
    for line in lines:
        starts.append(offset)
        offset += len(line)
    roots = _roots(text)
    anchors = {node.anchor: node for root in roots for node in root.below() if node.anchor}
    return Source(text=text, lines=lines, starts=tuple(starts) or (0,), roots=roots, anchors=anchors)


def _roots(text: str) -> tuple[Node, ...]:
    """Return the documents of a text; raise Unreadable when it is not YAML.

    A tab that only separates is YAML, and Azure Pipelines takes it, but the library does not: it reads a space instead.
    """
    try:
        return tuple(_documents(text))
    except YAMLError as error:
        at = getattr(getattr(error, "problem_mark", None), "index", -1)
        if not _is_separating_tab(text, at):
            raise Unreadable(_reason(error)) from error
        return _roots(f"{text[:at]} {text[at + 1 :]}")
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error


def _is_separating_tab(text: str, at: int) -> bool:
    """Tell whether a tab stands behind something on its line, or on a line with nothing but a comment."""
    if text[at : at + 1] != "\t":
        return False
    before, after = text[:at].rpartition("\n")[2], text[at:].partition("\n")[0].strip()
    return bool(before.strip(" \t-")) or not after or after.startswith("#")


def _split(text: str) -> Iterator[str]:
    """Return the lines of a text with their ends; only a line feed ends one."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _reason(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _documents(text: str) -> Iterator[Node]:
    events = iter(YAML(typ="safe", pure=True).parse(text))
    for event in events:
        if isinstance(event, DocumentStartEvent):
            yield _node(next(events), events, text, 0)


def _node(event: Event, events: Iterator[Event], text: str, key_end: int) -> Node:
    """Return the node that begins with an event; `key_end` is where an empty value counts as written."""
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, AliasEvent):
        return Node(start=start, end=end, kind="alias", text=event.anchor)
    if isinstance(event, ScalarEvent):
        return _scalar(event, text, key_end)
    if isinstance(event, MappingStartEvent):
        return _mapping(event, events, text)
    if isinstance(event, SequenceStartEvent):
        return _sequence(event, events, text)
    raise Unreadable(f"unexpected {type(event).__name__}")


def _scalar(event: ScalarEvent, text: str, key_end: int) -> Node:
    start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
    if style in _BLOCK:  # the mark is behind the blank lines that follow
        end = start + len(text[start:end].rstrip())
    elif start == end and not event.anchor:
        start = end = key_end or start
    return Node(start=start, end=end, kind="scalar", text=event.value, style=style, anchor=event.anchor or "")


def _mapping(event: MappingStartEvent, events: Iterator[Event], text: str) -> Node:
    pairs = []
    while not isinstance(following := next(events), MappingEndEvent):
        key = _node(following, events, text, 0)
        pairs.append(Pair(key, _node(next(events), events, text, key.end + 1)))
    ends = [pair.value.end for pair in pairs]
    return _collection(event, following, ends, kind="mapping", pairs=tuple(pairs))


def _sequence(event: SequenceStartEvent, events: Iterator[Event], text: str) -> Node:
    items: list[Node] = []
    while not isinstance(following := next(events), SequenceEndEvent):
        items.append(_node(following, events, text, 0))
    return _collection(event, following, [item.end for item in items], kind="sequence", items=tuple(items))


def _collection(
    event: MappingStartEvent | SequenceStartEvent,
    last: Event,
    ends: list[int],
    *,
    kind: str,
    pairs: tuple[Pair, ...] = (),
    items: tuple[Node, ...] = (),
) -> Node:
    """Return a collection; one without brackets ends with its last child, as the mark is behind comments."""
    start = event.start_mark.index
    return Node(
        start=start,
        end=last.end_mark.index if event.flow_style else max([start, *ends]),
        kind=kind,
        style="flow" if event.flow_style else "",
        anchor=event.anchor or "",
        pairs=pairs,
        items=items,
    )


# --- command: The command: reads the files, shows or makes the change, and reports.

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
