"""Finding the target of a run, of any kind. Each kind's remaining code is loaded only when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.errors.app import AppNotFound
from pytask.errors.container_app import ContainerAppHasNoSlots
from pytask.targets.site.find import find_app

if TYPE_CHECKING:
    from pytask.cloud.arm import Azure
    from pytask.model import AppAddress
    from pytask.targets.container_app.target import ContainerAppTarget
    from pytask.targets.site.target import SiteTarget
    from pytask.targets.slots import SlotPair
    from pytask.targets.target import Target


def find_slots(target: Target[Any]) -> SlotPair[Any]:
    """Return a slot, found before, and the production that it can be swapped with.

    Raises:
        ContainerAppHasNoSlots: for an app on Container Apps.
        TaskFailure: when production cannot be read, or does not run containers.
    """
    from pytask.targets.site.slots.pair import pair_of  # noqa: PLC0415
    from pytask.targets.site.target import SiteTarget  # noqa: PLC0415

    if isinstance(target, SiteTarget):
        return pair_of(target)
    raise ContainerAppHasNoSlots(app=target.app.title, slot="production, and a swap is requested")


def find_target(azure: Azure, address: AppAddress) -> Target[Any]:
    """Return the target that the user named; if no Function App has the name, a container app is looked up.

    Raises:
        AppNotFound, AppAmbiguous, SlotNotFound: when it is missing or not unique.
        TaskFailure: when it is of a kind that cannot run a container image.
    """
    if address.on_container_apps and (named := _container_app(azure, address)):
        return named
    try:
        return _site(azure, address)
    except AppNotFound:
        if found := _container_app(azure, address):
            return found
        raise


def _site(azure: Azure, address: AppAddress) -> SiteTarget:
    found = find_app(azure.arm, address)
    from pytask.targets.site.target import site_target  # noqa: PLC0415

    return site_target(azure, found)


def _container_app(azure: Azure, address: AppAddress) -> ContainerAppTarget | None:
    from pytask.targets.container_app.target import find_container_app  # noqa: PLC0415

    return find_container_app(azure, address)
