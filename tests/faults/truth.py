"""What is true of a stage: the app, its settings, its rights and the registry, as the local Azure has them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.faults.scenes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.scenes import Stage
    from tests.local_azure.state.container_app import ContainerApp

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
    roles: frozenset[tuple[str, str, str]]
    tags: Mapping[str, str]

    def app(self) -> tuple[object, ...]:
        """Return all that makes up the app."""
        return self.image, self.settings, self.sticky, self.properties, self.identities


def look(stage: Stage) -> Truth:
    """Return what is true once every start is over."""
    if stage.container_app:
        return _of_container_app(stage, stage.container_app)
    site, azure = stage.site, stage.azure
    azure.settle(site)
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
        roles=frozenset(azure.all_assignments()),
        tags=azure.store(stage.registry.login_server).tags(REPOSITORY),
    )


def _of_container_app(stage: Stage, app: ContainerApp) -> Truth:
    while app.is_busy:
        time.sleep(0.01)
    serving = next((revision for revision, _ in app.served()), None)
    variables = app.template["containers"][0]["env"]
    return Truth(
        image=str(app.template["containers"][0]["image"]),
        serves=serving.image if serving else "",
        running=serving.digest if serving else "",
        settings={one["name"]: one["value"] for one in variables},
        sticky=frozenset(),
        lists=frozenset(),
        properties={},
        identities=frozenset({app.identity.object_id} if app.identity else ()),
        roles=frozenset(stage.azure.all_assignments()),
        tags=stage.azure.store(stage.registry.login_server).tags(REPOSITORY),
    )
