"""Build the image while a preflight checks whether the rest of the run can succeed."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from pytask import stages
from pytask.background import Promised, in_background
from pytask.builders.builder import Logins
from pytask.errors.foreign import shell_word
from pytask.job import open_acr
from pytask.journal import Action, PreflightPassed
from pytask.model import Build, BuiltImage, PushedImage
from pytask.report.log import begin

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pytask.background import Background
    from pytask.builders.builder import Builder, LocalImage
    from pytask.job import Job
    from pytask.model import BuildCache, BuildPlan, Recipe, RegistryHost
    from pytask.stages.connections import Access
    from pytask.stages.preflight import Found

F = TypeVar("F", bound="Found")


def build_during_preflight(
    job: Job, plan: BuildPlan, preflight: Callable[[Access, Builder, Logins], F]
) -> tuple[F, LocalImage | PushedImage | BuiltImage]:
    """Build the image, and return what the preflight found and the image.

    A preflight that fails stops the build, and its failure is the one raised. It gets the connections, the builder, and
    what to give to the build as soon as it can sign in to registries, which the build needs for its base images.

    Raises:
        TaskFailure: why the build or the preflight failed.
    """
    builder = _builder(job, plan)
    begin(plan, job.console, job.network, builder.title)
    logins: Logins = Logins(hosts=plan.signs_in_to, signed_in=Promised())

    def run_preflight() -> F:
        with logins.signed_in, logins.tasks:
            access = stages.open_access(job, plan)
            return preflight(access, builder, logins)

    with in_background(run_preflight) as running:
        with job.stage("Build image"), _attempt(job, plan):
            recipe = _with_registry(plan.recipe, running)
            with_cache = replace(logins, hosts=logins.hosts | _host_of(recipe.cache))
            image = builder.build(recipe, plan.names.references, logins=with_cache, preflight=running)
        found = running.result()
    job.journal.add(PreflightPassed(found.findings))
    if isinstance(image, PushedImage):
        image = replace(image, fresh_tag=found.fresh_tag)
    job.journal.add(image if isinstance(image, PushedImage | BuiltImage) else image.facts())
    return found, image


def _builder(job: Job, plan: BuildPlan) -> Builder:
    if plan.acr is None:
        return job.find_builder(job.machine)
    return open_acr(job.machine, plan.acr, plan.names, pushes=not isinstance(plan, Build))


def _attempt(job: Job, plan: BuildPlan) -> AbstractContextManager[None]:
    """Record the attempt to have the image built and pushed by its registry; a build on this agent changes nothing."""
    if plan.acr is None or isinstance(plan, Build):
        return nullcontext()
    registry = plan.acr.registry.name
    by_hand = f"az acr task list-runs --registry {shell_word(registry)} --top 5"
    what = f"it is not known whether {registry} is still building or already has the image (see {by_hand})"
    return job.journal.attempt(Action.BUILD, what)


def _with_registry(recipe: Recipe, preflight: Background[Any]) -> Recipe:
    """Return the recipe with the registry of its cache, which a build needs before it begins.

    Where only ARM knows the registry's host, the build waits for the preflight.

    Raises:
        TaskFailure: why the preflight failed.
    """
    if recipe.cache is None or recipe.cache.host:
        return recipe
    return replace(recipe, cache=replace(recipe.cache, host=preflight.result().session.host))


def _host_of(cache: BuildCache | None) -> frozenset[RegistryHost]:
    return frozenset({cache.host} if cache and cache.host else ())
