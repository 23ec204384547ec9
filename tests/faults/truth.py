"""What is true of a stage: the app, its settings, its rights and the registry, as the local Azure has them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.faults.scenes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.container_app_state import ContainerAppState
    from tests.faults.stage import Stage

    Roles = frozenset[tuple[str, str, str]]

_PROPERTIES = ("alwaysOn", "acrUseManagedIdentityCreds", "acrUserManagedIdentityID", "appCommandLine")


@dataclass(frozen=True, kw_only=True)
class Truth:
    """One moment."""

    image: str
    """What the app is configured with."""
    serves: str
    """The reference that has the traffic."""
    running: str
    """The digest of the image that serves it; empty where nothing does."""
    settings: Mapping[str, str]
    sticky: frozenset[str]
    lists: frozenset[str]
    """The names of connections and mounts that stay with their slot."""
    properties: Mapping[str, Any]
    identities: frozenset[str]
    roles: Roles
    tags: Mapping[str, str]
    slot_image: str = ""
    """What the slot of a swap is configured with."""
    traffic: str = ""
    """How it is distributed, in multiple revision mode."""

    def app(self) -> tuple[object, ...]:
        """Return all that makes up the app."""
        return self.image, self.settings, self.sticky, self.properties, self.identities


def look(stage: Stage) -> Truth:
    """Return what is true once every start is over."""
    slot = stage.slot
    while slot and slot.swap and slot.swap.state == "running":
        time.sleep(0.05)
    for each in (stage.site, *([slot] if slot else [])):
        stage.azure.settle(each)
    roles = frozenset(stage.azure.all_assignments())
    tags = stage.azure.store(stage.host).tags(REPOSITORY)
    if stage.container_app:
        return _of_container_app(stage.container_app, roles, tags)
    return _of_site(stage, roles, tags)


def _of_site(stage: Stage, roles: Roles, tags: Mapping[str, str]) -> Truth:
    site, azure = stage.site, stage.azure
    app = next(one for one in azure.apps() if one.name == site.name)
    names = {kind: frozenset(found or []) for kind, found in app.slot_names.items()}
    own = {site.identity.object_id} if site.identity else set()
    return Truth(
        image=site.image or "",
        serves=site.image or "",
        running=azure.running(site),
        settings=dict(site.settings),
        sticky=names["appSettingNames"],
        lists=names["connectionStringNames"] | names["azureStorageConfigNames"],
        properties={name: site.config.get(name) for name in _PROPERTIES},
        identities=frozenset({*own, *(one.object_id for one in site.user_identities.values())}),
        roles=roles,
        tags=tags,
        slot_image=(stage.slot.image or "") if stage.slot else "",
    )


def _of_container_app(app: ContainerAppState, roles: Roles, tags: Mapping[str, str]) -> Truth:
    running = app.settled()
    return Truth(
        image=app.image,
        serves=app.serving.image if app.serving else "",
        traffic=str(app.traffic),
        running=running,
        settings=app.settings,
        sticky=frozenset(),
        lists=frozenset(),
        properties={"registries": app.registries, "others": app.others},
        identities=frozenset({app.identity.object_id} if app.identity else set()),
        roles=roles,
        tags=tags,
    )
