"""The stage that copies an image from another registry into the one that the apps pull from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.access.roles import may
from pytask.clock import Deadline
from pytask.errors import TaskFailure
from pytask.errors.import_image import (
    ImportedDigestDiffers,
    ImportForbidden,
    ImportFromItself,
    ImportTargetUnseen,
    ImportUnconfirmed,
)
from pytask.journal import Action
from pytask.registry.contents import Repository
from pytask.registry.hosts import is_azure_registry, is_same_registry
from pytask.registry.images import open_existing, open_target
from pytask.registry.imports import Import, SourceAccess, import_image
from pytask.registry.resource import find_resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure
    from pytask.job import Job
    from pytask.model import Deploy, Digest, PushedImage, RegistryAddress, RegistryHost
    from pytask.registry.images import ImageSource
    from pytask.registry.registries import Registries
    from pytask.registry.resource import RegistryResource

_IMPORTS = "Microsoft.ContainerRegistry/registries/importImage/action"


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundImage:
    """The image to deploy, and where the apps pull it from."""

    source: ImageSource
    image: PushedImage
    """As it is in that registry, or will be once it is imported."""
    imports: Import | None = None
    """None when it is there already."""
    note: str = ""
    """Why nothing is imported although the step asks for it."""


def find_image(registries: Registries, azure: Callable[[], Azure], plan: Deploy) -> FoundImage:
    """Return the image to deploy, and what must be imported first; `azure` waits for the sign-in.

    Raises:
        TaskFailure: when there is no such image, or it certainly cannot be imported.
    """
    found, image = open_existing(registries, plan.image)
    if plan.imports_into is None:
        return FoundImage(source=found, image=image)
    target, host = open_target(registries, plan.imports_into, image)
    if is_same_registry(image.registry, host):
        raise ImportFromItself(input="azureContainerRegistry", registry=str(host))
    there = replace(image, registry=host, fresh_tag=target.fresh_tag)
    if image.digest and str(_digest_in(target, there)) == str(image.digest):
        return FoundImage(source=target, image=there, note=f"{there.reference} is already there: nothing is imported")
    target = replace(target, notes=(*found.notes, *target.notes))
    arm = registries.azure or azure()
    resource = _target(arm, host, plan.imports_into)
    wanted = Import(image=image, access=_access(arm, registries, image), target=resource, arm=arm.arm)
    return FoundImage(source=target, image=there, imports=wanted)


def bring_image(job: Job, found: FoundImage) -> PushedImage:
    """Import the image if it is not there yet, and return it with the digest that the registry confirms.

    Raises:
        TaskFailure: why it could not be imported.
    """
    wanted, image = found.imports, found.image
    if found.note:
        job.console.line(found.note)
    if wanted is None:
        return image
    done = f"{wanted.reference} was imported into {wanted.target.name}"
    with job.stage("Import image"):
        with job.clock.until_answered(), job.journal.attempt(Action.IMPORT, done):
            if not import_image(wanted):
                _wait_until_there(job, found, wanted)
        return _confirmed(job, found.source, image)


def _wait_until_there(job: Job, found: FoundImage, wanted: Import) -> None:
    """Wait until the registry itself shows the image, because Azure does not say how the import goes on.

    Raises:
        ImportUnconfirmed: when the registry does not show it in time, or may not be read.
    """
    deadline, image = Deadline.after(job.clock, job.timeouts.import_image), found.image
    while found.source.reading and not deadline.passed():
        now = _digest_in(found.source, image)
        # Without the digest of the source, an image under this tag may be the one from before.
        if now and (str(now) == str(image.digest) if image.digest else image.fresh_tag):
            return
        job.clock.sleep(job.timeouts.longest_poll)
    raise ImportUnconfirmed(reference=wanted.reference, registry=wanted.target.name, scope=wanted.target.id)


def _confirmed(job: Job, source: ImageSource, image: PushedImage) -> PushedImage:
    """Return the image with the digest that its new registry has, which must be the one it was imported by."""
    now = _digest_in(source, image)
    if now is None:
        job.console.line(f"{image.reference} was imported; this run is not allowed to read its digest there")
        return image
    # The copy has the same bytes, so that it also is an index where the other is one.
    if image.digest and str(now) != str(image.digest):
        raise ImportedDigestDiffers(reference=str(image.reference), imported=str(image.digest), found=str(now))
    job.console.line(f"{image.reference} is {now}")
    return replace(image, digest=now)


def _digest_in(source: ImageSource, image: PushedImage) -> Digest | None:
    """Return the digest under the image's tag in its registry; None when it is unknown or there is none."""
    if source.reading is None:
        return None
    try:
        return Repository(session=source.reading, name=image.repository).manifest(image.reference.wanted).digest
    except TaskFailure:
        return None


def _target(azure: Azure, host: RegistryHost, address: RegistryAddress) -> RegistryResource:
    """Return the registry to import into, unless it is certain that the connection may not."""
    arm = azure.arm
    resource = find_resource(arm, host, address.resource_id)
    if resource is None:
        raise ImportTargetUnseen(registry=str(host), subscription=arm.subscription)
    if may(arm, resource, _IMPORTS) is False:
        detail = f"none of the connection's roles on {resource.name} has the permission {_IMPORTS}"
        raise ImportForbidden(registry=resource.name, detail=detail, scope=resource.id)
    return resource


def _access(azure: Azure, registries: Registries, image: PushedImage) -> SourceAccess:
    """Return how Azure can read the source registry."""
    host = image.registry
    if (login := registries.login_of(host)) is not None:
        return SourceAccess(login=login)
    if not is_azure_registry(host, azure.credentials.connection.cloud):
        return SourceAccess()
    seen = find_resource(azure.arm, host)
    if seen:
        return SourceAccess(resource_id=seen.id)
    scope = azure.credentials.connection.cloud.arm_scope
    return SourceAccess(token=lambda: azure.credentials.token(scope))
