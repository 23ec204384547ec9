"""Build the image while a preflight checks whether the rest of the run can succeed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from pytask.background import Promised, in_background
from pytask.builders.builder import Logins
from pytask.journal import PreflightPassed
from pytask.model import PushedImage
from pytask.report.log import begin

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.background import Background
    from pytask.builders.builder import Builder, LocalImage
    from pytask.job import Job
    from pytask.model import BuildCache, BuildPlan, LoginFor, Recipe, RegistryHost
    from pytask.stages.preflight import Found

F = TypeVar("F", bound="Found")


def build_during_preflight(
    job: Job, plan: BuildPlan, preflight: Callable[[Builder, Callable[[LoginFor], None]], F]
) -> tuple[F, LocalImage | PushedImage]:
    """Build the image, and return what the preflight found and the image.

    A preflight that fails stops the build, and its failure is the one raised. It gets the builder, and a function to
    call as soon as it can sign in to registries, which the build needs for its base images.

    Raises:
        TaskFailure: why the build or the preflight failed.
    """
    builder = job.find_builder(job.machine)
    begin(plan, job.console, job.network, builder.title)
    signed_in: Promised[LoginFor] = Promised()

    def run_preflight() -> F:
        with signed_in:
            return preflight(builder, signed_in.give)

    with in_background(run_preflight) as running:
        with job.stage("Build image"):
            recipe = _with_registry(plan.recipe, running)
            hosts = plan.signs_in_to | _host_of(recipe.cache)
            logins = Logins(hosts=hosts, signed_in=signed_in)
            image = builder.build(recipe, plan.names.references, logins=logins, preflight=running)
        found = running.result()
    job.journal.add(PreflightPassed(found.findings))
    job.journal.add(image if isinstance(image, PushedImage) else image.facts())
    return found, image


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
