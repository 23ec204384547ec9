"""Finding what a run deploys to, of whatever kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.targets.site.target import find_site

if TYPE_CHECKING:
    from pytask.cloud.arm import Azure
    from pytask.model import AppAddress
    from pytask.targets.target import Target


def find_target(azure: Azure, address: AppAddress) -> Target[Any]:
    """Return what the user named.

    Raises:
        AppNotFound, AppAmbiguous, SlotNotFound: when it is not the one that is meant.
        TaskFailure: when it is of a kind that cannot run a container image.
    """
    return find_site(azure, address)
