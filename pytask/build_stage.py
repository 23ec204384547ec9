"""Build the image while a preflight checks whether the rest of the run can succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pytask.background import Promised, in_background
from pytask.builders.builder import Logins
from pytask.journal import PreflightPassed
from pytask.model import PushedImage
from pytask.report.log import begin

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.builders.builder import Builder, LocalImage
    from pytask.job import Job
    from pytask.model import BuildPlan, LoginFor
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
    logins: Logins = Logins(hosts=plan.signs_in_to, signed_in=Promised())

    def run_preflight() -> F:
        with logins.signed_in:
            return preflight(builder, logins.signed_in.give)

    with in_background(run_preflight) as running:
        with job.stage("Build image"):
            image = builder.build(plan.recipe, plan.names.references, logins=logins, preflight=running)
        found = running.result()
    job.journal.add(PreflightPassed(found.findings))
    job.journal.add(image if isinstance(image, PushedImage) else image.facts())
    return found, image
