"""What the mover says: a line for each old step, and what is worth knowing of the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dev.mover.builds import docker_kind, is_docker
from dev.mover.plan import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dev.mover.plan import Pipeline, Plan
    from dev.mover.source import Source
    from dev.mover.steps import Step

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
