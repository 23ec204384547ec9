"""What a site is to run, frozen at the moment of one change. State only."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .platform_log import split_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import Site

INSTANCE_ID = "9f1d2c3b4a5968778695a4b3c2d1e0f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
"""The one instance every site runs on."""
START_TIME_LIMIT = 230.0
"""Seconds a container has to answer, unless its site says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """The image, settings and command of a site between one change and the next."""

    number: int
    site: str
    host: str
    """The site's host name."""
    image: str
    """The configured reference."""
    settings: Mapping[str, str]
    command: tuple[str, ...]
    """Replaces the image's own command; empty leaves it."""

    @property
    def repository(self) -> str:
        """The image's repository, with its host."""
        return split_reference(self.image)[0]

    @property
    def port(self) -> int:
        """The port the container is expected to listen on."""
        return int(self.settings.get("WEBSITES_PORT", "80"))

    @property
    def start_time_limit(self) -> float:
        """Seconds of the platform the container has to answer.

        Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
        """
        return float(self.settings.get("WEBSITES_CONTAINER_START_TIME_LIMIT", START_TIME_LIMIT))

    @property
    def mounts_home(self) -> bool:
        """Whether the platform's storage hides the image's /home.

        Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-persistent-shared-storage
        """
        return self.settings.get("WEBSITES_ENABLE_APP_SERVICE_STORAGE", "").lower() != "false"

    @property
    def environment(self) -> dict[str, str]:
        """What the container gets: the settings, less the registry's credentials, and the platform's own.

        Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
        """
        settings = self.settings.items()
        passed = {name: value for name, value in settings if not name.startswith("DOCKER_REGISTRY_SERVER_")}
        return passed | self._platform_variables

    @property
    def shown(self) -> dict[str, str]:
        """What of the environment the platform's log may show."""
        own = ("WEBSITES_ENABLE_APP_SERVICE_STORAGE", "WEBSITES_PORT")
        shown = {name: self.settings[name] for name in own if name in self.settings}
        return shown | self._platform_variables

    @property
    def _platform_variables(self) -> dict[str, str]:
        # https://learn.microsoft.com/azure/app-service/reference-app-settings#app-environment
        return {
            "WEBSITE_SITE_NAME": self.site,
            "WEBSITE_AUTH_ENABLED": "False",
            "WEBSITE_ROLE_INSTANCE_ID": "0",
            "WEBSITE_HOSTNAME": self.host,
            "WEBSITE_INSTANCE_ID": INSTANCE_ID,
        }


def generation_of(site: Site, number: int) -> Generation | None:
    """Give what the site is configured to run now; None where no image is configured."""
    if site.image is None:
        return None
    return Generation(
        number=number,
        site=site.name,
        host=site.host,
        image=site.image,
        settings=dict(site.settings),
        command=tuple(shlex.split(str(site.config.get("appCommandLine") or ""))),
    )
