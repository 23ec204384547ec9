"""Whether a build and a deployment can be one step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dev.mover.steps import job_terms, terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dev.mover.builds import Build
    from dev.mover.source import Node, Source
    from dev.mover.steps import Step, StepList


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
