"""Building in the cloud, for agents without a Docker engine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytask.builders.acr.run import SUCCEEDED, Following, schedule
from pytask.builders.acr.task import Order, can_be_quick, encoded_task, quick_build
from pytask.builders.acr.upload import mask_signature, upload_context
from pytask.builders.acr.verdict import lacks_buildkit, pushed_digest, run_failure
from pytask.builders.docker.build import filled
from pytask.clock import Clock
from pytask.errors import Cancelled, TaskFailure
from pytask.errors.acr_build import AcrImageMissing
from pytask.errors.registry import DigestDiffers, ManifestMissing
from pytask.model import BuiltImage, Digest, NotAReference, PushedImage
from pytask.registry.contents import Repository
from pytask.registry.rights import may_pull

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.background import Background
    from pytask.builders.acr.run import Ended
    from pytask.builders.builder import Logins, Machine
    from pytask.model import ImageNames, Recipe, RegistryHost, RegistryLogin
    from pytask.registry.tasks import TasksRegistry


@dataclass(frozen=True, kw_only=True, slots=True)
class AcrBuilder:
    """ACR Tasks, as a `Builder`."""

    machine: Machine
    names: ImageNames
    pushes: bool
    agent_pool: str = ""
    title: str = "ACR Tasks"

    def preflight(self) -> None:
        """Check nothing: this agent needs nothing, and the registry is asked once the run has signed in."""

    def build(
        self, recipe: Recipe, references: object, *, logins: Logins, preflight: Background[Any]
    ) -> PushedImage | BuiltImage:
        """Upload the context beside the preflight, and have the image built and pushed once that has passed."""
        del references  # without the registry's host, which only Resource Manager may know
        recipe = replace(recipe, arguments=filled(recipe.arguments, self.machine.environment))
        preflight.when_failed(logins.tasks.close)
        tasks = logins.tasks.wait()
        if tasks is None:
            preflight.result()
            raise AssertionError("the preflight passed without a registry")
        with _before_anything_is_scheduled():
            place = tasks.upload_place()
            mask_signature(self.machine, place.url)
            upload_context(self.machine, tasks.http, place.url, recipe, confirm=lambda: _confirm(preflight))
            preflight.result()
        order = Order(
            recipe=recipe,
            arguments=recipe.arguments,
            references=self.names.references_at(tasks.host),
            location=place.location,
            pushes=self.pushes,
            agent_pool=self.agent_pool,
            logins=_logins(logins, tasks.host),
            as_caller=tasks.resource.by_repository,
        )
        ended = self._carried_out(tasks, order)
        return self._image(tasks, order, ended)

    def _carried_out(self, tasks: TasksRegistry, order: Order) -> Ended:
        """Have a run do it, and return how it ended: with success."""
        ended = self._run(tasks, encoded_task(order), order.build_step)
        if lacks_buildkit(ended) and can_be_quick(order.recipe):
            self.machine.console.warning(
                "ACR Tasks has no BuildKit in this registry, so it uses its older builder, without the source labels"
            )
            ended = self._run(tasks, quick_build(order), order.build_step)
        if ended.how != SUCCEEDED:
            raise run_failure(tasks.resource.name, order, ended)
        return ended

    def _run(self, tasks: TasksRegistry, body: dict[str, Any], step: str) -> Ended:
        """Schedule a run and follow it; cancel it when this run is canceled."""
        machine, run = self.machine, ""
        try:
            with machine.clock.until_answered():
                run = schedule(machine, tasks, body, step)
            machine.console.line(f"ACR Tasks run {run} in {tasks.resource.name} is building the image")
            return Following(machine=machine, tasks=tasks, run=run).to_its_end()
        except Cancelled:
            if run:
                self._cancel(tasks, run)
            raise

    def _cancel(self, tasks: TasksRegistry, run: str) -> None:
        """Cancel a run in the time that a canceled job has left."""
        http, timeouts = tasks.arm.http, self.machine.timeouts
        short = replace(timeouts, http_attempts=1, http_total=timeouts.last_answer, http_connect=timeouts.last_answer)
        # With a clock of its own, because after a cancellation nothing else is sent.
        arm = replace(tasks.arm, http=replace(http, clock=Clock(), timeouts=short, pace=None))
        try:
            done = replace(tasks, arm=arm).cancel(run)
        except TaskFailure as failure:
            self.machine.console.line(f"ACR Tasks run {run} could not be canceled: {failure}")
        else:
            told = "was canceled" if done else "has already ended, or this connection may not cancel it"
            self.machine.console.line(f"ACR Tasks run {run} {told}")

    def _image(self, tasks: TasksRegistry, order: Order, ended: Ended) -> PushedImage | BuiltImage:
        if not self.pushes:
            return BuiltImage(references=order.references, id="", platform=order.recipe.platform, size_bytes=0)
        digest = _confirmed(tasks, self.names, order.references[0], ended)
        told = f"is {digest}" if digest else "was pushed; its digest is not known"
        self.machine.console.line(f"{order.references[0]} {told}")
        repository, tags = self.names.repository, self.names.tags
        return PushedImage(registry=tasks.host, repository=repository, tags=tags, digest=digest)


@contextmanager
def _before_anything_is_scheduled() -> Iterator[None]:
    """Have a failure or cancellation of the block leave nothing open: a context by itself is no build."""
    try:
        yield
    except (TaskFailure, Cancelled) as stopped:
        stopped.leaves_open = False
        raise


def _confirm(preflight: Background[Any]) -> None:
    """Raise what the preflight failed with, if it has."""
    if preflight.failure():
        preflight.result()


def _logins(logins: Logins, own: RegistryHost) -> tuple[RegistryLogin, ...]:
    """Return the logins for the registries of base images; the one that builds needs none."""
    login_for = logins.signed_in.wait() if logins.hosts else None
    hosts = sorted(logins.hosts - {own}, key=str) if login_for else []
    return tuple(login for host in hosts if login_for and (login := login_for(host)))


def _confirmed(tasks: TasksRegistry, names: ImageNames, reference: str, ended: Ended) -> Digest | None:
    """Return the digest of what the run pushed, which must be that of the image in the registry.

    It is None where the run does not say it: what the tag means by now may be the image of another run.

    Raises:
        AcrImageMissing: when the registry has no such image.
        DigestDiffers: when another run has moved the tag.
    """
    pushed = pushed_digest(ended)
    try:
        session = tasks.registries.open(tasks.host)
        if may_pull(session, names.repository) is False:
            return _digest(pushed)
        found = Repository(session=session, name=names.repository).manifest(names.tags[0]).digest
    except ManifestMissing as missing:
        raise AcrImageMissing(reference=reference, run=ended.run) from missing
    except TaskFailure:
        return _digest(pushed)
    if pushed and pushed != found.text:
        raise DigestDiffers(reference=reference, pushed=pushed, found=str(found))
    return found if pushed else None


def _digest(text: str) -> Digest | None:
    try:
        return Digest(text) if text else None
    except NotAReference:
        return None
