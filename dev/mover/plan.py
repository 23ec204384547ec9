"""What becomes of each step of a file: decided here, with the reasons that the report gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dev.mover.builds import docker_kind, is_docker, place_of, read_builds
from dev.mover.carried import Carried, carry
from dev.mover.deploys import match, read_deploys
from dev.mover.joining import carry_build, complete, connection_of, unite
from dev.mover.merging import job_to_remove, why_apart
from dev.mover.rewriting import Edit, in_place, merged, merged_with, removed
from dev.mover.steps import read_steps, variables
from dev.mover.swaps import known_apps, read_swaps, why_no_swap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dev.mover.builds import Build
    from dev.mover.deploys import Deploy, Matched
    from dev.mover.source import Source
    from dev.mover.steps import Step, StepList

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
