"""Finding the target of a run, of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.errors.app import AppNotFound
from pytask.targets.container_app.target import find_container_app
from pytask.targets.site.target import find_site

if TYPE_CHECKING:
    from pytask.cloud.arm import Azure
    from pytask.model import AppAddress
    from pytask.targets.target import Target


def find_target(azure: Azure, address: AppAddress) -> Target[Any]:
    """Return the target that the user named; if no Function App has the name, a container app is looked up.

    Raises:
        AppNotFound, AppAmbiguous, SlotNotFound: when it is missing or not unique.
        TaskFailure: when it is of a kind that cannot run a container image.
    """
    if address.on_container_apps and (named := find_container_app(azure, address)):
        return named
    try:
        return find_site(azure, address)
    except AppNotFound:
        if found := find_container_app(azure, address):
            return found
        raise
