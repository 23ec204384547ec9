"""What a site is to run, frozen at the moment of one change. State only."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.local_azure.app_service.key_vault import resolved
from tests.local_azure.logs.platform_log import Launch, split_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_azure.state.function_keys import FunctionKeys
    from tests.local_azure.state.site import Site

START_TIME_LIMIT = 230.0
"""Seconds a container has to answer, unless its site says otherwise."""
WARMUP_PATH = "/robots933456.txt"
SLOW_START = "SANDBOX_START_SECONDS"
"""A setting of the local Azure only: how long (seconds of the platform) the stand-in host takes before it listens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """The image, settings and command of a site between one change and the next."""

    number: int
    site: str
    """The name the platform's log uses."""
    platform_variables: Mapping[str, str]
    """What the platform tells every container of the site."""
    secret_variables: Mapping[str, str]
    """What the local Azure tells its stand-in host besides, never to be shown."""
    image: str
    """The configured reference."""
    settings: Mapping[str, str]
    command: tuple[str, ...]
    """Replaces the image's own command; empty leaves it."""
    target_port: str | None = None
    """The port a sitecontainer says it listens on."""
    identity: bool = False
    """Whether the site has a managed identity."""
    login: bool = False
    """Whether Authentication is on."""

    @property
    def repository(self) -> str:
        """The image's repository, with its host."""
        return split_reference(self.image)[0]

    @property
    def port(self) -> int:
        """The port the container is expected to listen on."""
        port = self.target_port or self.settings.get("WEBSITES_PORT", "")
        return int(port) if port.isdecimal() else 80

    @property
    def start_time_limit(self) -> float:
        """Seconds of the platform the container has to answer.

        Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
        """
        limit = self.settings.get("WEBSITES_CONTAINER_START_TIME_LIMIT", "")
        return float(limit) if limit.isdecimal() else START_TIME_LIMIT

    @property
    def warmup_path(self) -> str:
        """What the first request asks for.

        Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
        """
        return "/" + self.settings.get("WEBSITE_WARMUP_PATH", WARMUP_PATH).lstrip("/")

    def is_warm(self, status: int) -> bool:
        """Say whether an answer with that status ends the warm-up: any does, unless the app says which.

        Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
        """
        wanted = self.settings.get("WEBSITE_WARMUP_STATUSES", "")
        return not wanted or str(status) in {one.strip() for one in wanted.split(",")}

    @property
    def mounts_home(self) -> bool:
        """Whether the platform's storage hides the image's /home.

        Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-persistent-shared-storage
        """
        return self.settings.get("WEBSITES_ENABLE_APP_SERVICE_STORAGE", "").lower() != "false"

    def environment(self, instance: str, *, second: float) -> dict[str, str]:
        """Return what the container gets: the settings, less the registry's credentials, and the platform's own.

        Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
        """
        settings = self.settings.items()
        passed = {name: value for name, value in settings if not name.startswith("DOCKER_REGISTRY_SERVER_")}
        if SLOW_START in passed:
            passed[SLOW_START] = str(float(passed[SLOW_START]) * second)
        return passed | dict(self.secret_variables) | self._platform_variables(instance)

    def launch(self, container: str, instance: str) -> Launch:
        """Return what the platform's log tells of an attempt to start a container of that name."""
        return Launch(
            site=self.site,
            container=container,
            reference=self.image,
            port=self.port,
            start_time_limit=self.start_time_limit,
            shown=self._shown(instance),
            command=self.command,
            identity=self.identity,
            login=self.login,
        )

    def _shown(self, instance: str) -> dict[str, str]:
        own = ("WEBSITES_ENABLE_APP_SERVICE_STORAGE", "WEBSITES_PORT")
        shown = {name: self.settings[name] for name in own if name in self.settings}
        return shown | self._platform_variables(instance)

    def _platform_variables(self, instance: str) -> dict[str, str]:
        # https://learn.microsoft.com/azure/app-service/reference-app-settings#app-environment
        return {**self.platform_variables, "WEBSITE_INSTANCE_ID": instance}


def generation_of(
    site: Site, number: int, secrets: Mapping[str, str], *, keys: FunctionKeys | None = None
) -> Generation | None:
    """Return what the site is configured to run now; None where no image is configured, or none can run."""
    if site.image is None or site.kind.windows or site.kind.flex:
        return None
    main = site.main_container or {}
    command = main.get("startUpCommand") if main else site.config.get("appCommandLine")
    return Generation(
        number=number,
        site=site.runtime_name,
        platform_variables=_platform_variables(site),
        secret_variables={"SANDBOX_KEY_SEED": (keys or site.keys).seed},
        image=site.image,
        settings=resolved(site.settings, secrets),
        command=tuple(shlex.split(str(command or ""))),
        target_port=main.get("targetPort"),
        identity=site.identity is not None or bool(site.user_identities),
        login=_asks_who_calls(site),
    )


def _asks_who_calls(site: Site) -> bool:
    return site.access in {"login_page", "login_required"}


def _platform_variables(site: Site) -> dict[str, str]:
    return {
        "WEBSITE_SITE_NAME": site.name,
        "WEBSITE_SLOT_NAME": site.slot or "Production",
        "WEBSITE_AUTH_ENABLED": str(_asks_who_calls(site)),
        "WEBSITE_ROLE_INSTANCE_ID": "0",
        "WEBSITE_HOSTNAME": site.host,
    }
