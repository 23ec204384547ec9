"""A local Azure: real TLS, registries and engines under Azure's own names, met by environment alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from tests.local_azure.inventory import Inventory
from tests.local_azure.state.state import SUBSCRIPTION_ID, SUBSCRIPTION_NAME, TENANT_ID

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.front.front import Call
    from tests.local_azure.state.principal import Principal
    from tests.local_azure.state.site import Access, Site
    from tests.local_azure.tasks.run import TaskRun

_NO_PROXY = {"http": "", "https": ""}
_WRITING_POSTS = (
    "/restart",
    "/start",
    "/stop",
    "/syncfunctiontriggers",
    "/host/default/sync",
    "/slotsswap",
    "/applyslotconfig",
    "/resetslotconfig",
    "/schedulerun",
    "/cancel",
)


class LocalAzure(Inventory):
    """One subscription of Azure on this machine, for the time of a `with`.

    `folder` gets everything it writes, `cache` keeps the base image between runs. A second of App Service
    (start time limits, waits between attempts) takes `second` seconds here. Entering raises EngineFailed or
    RegistryFailed.
    """

    tenant_id = TENANT_ID
    subscription_id = SUBSCRIPTION_ID
    subscription_name = SUBSCRIPTION_NAME

    def __init__(self, *, folder: Path, cache: Path, second: float = 0.05) -> None:
        super().__init__(folder=folder, cache=cache, second=second)

    def reset(self) -> None:
        """Forget all that exists, the scripted faults and the record; engines and registries run on."""
        self.faults.forget()
        self._loop.run(self._services.forget(), timeout=30)
        self._loop.call(self._front.forget)

    # What befalls an app

    def stop_app(self, site: Site) -> None:
        """Stop an app as the portal does: its containers end, it answers 403, changes are kept and start nothing."""
        site.state = "Stopped"
        self._loop.run(self._services.app_service.stop(site), timeout=30)

    def start_app(self, site: Site) -> None:
        """Start a stopped app with what it is configured to run now, and wait until it runs or was given up."""
        site.state = "Running"
        self._loop.call(lambda: self._services.app_service.open_generation(site))
        self.settle(site)

    def restrict_access(self, site: Site, access: Access = "restricted") -> None:
        """Let nobody through to the app but ARM: everybody is refused by address, or has to sign in."""
        action = "Deny" if access == "restricted" else "Allow"
        rule = {"ipAddress": "Any", "action": action, "priority": 2147483647, "name": f"{action} all"}
        site.config["ipSecurityRestrictions"] = [rule]
        site.access = access

    def require_login(self, site: Site, *, redirect: bool = True) -> None:
        """Let through to the app who has signed in: others get a page (302) or, without `redirect`, 401."""
        self.restrict_access(site, "login_page" if redirect else "login_required")

    def scale_out(self, site: Site) -> str:
        """Start one more instance with the image that serves now, also while a newer one is on its way; gives its id.

        Returns at once. The newer one follows on that instance. Raises LookupError where nothing serves.
        """
        return self._loop.call(lambda: self._services.app_service.scale_out(site))

    def delay_roles(self, seconds: float) -> None:
        """Let a role that is granted through ARM propagate only so much later, as it is known to do."""
        self._services.cloud.role_delay = seconds

    @property
    def task_runs(self) -> list[TaskRun]:
        """The runs of ACR Tasks, oldest first."""
        return self._loop.call(lambda: list(self._services.tasks.runs))

    # What happened

    @property
    def calls(self) -> list[Call]:
        """Every call that reached the front, oldest first."""
        return list(self._front.calls)

    @property
    def writes(self) -> list[Call]:
        """The calls of ARM that change something, refused ones too, oldest first."""
        return [call for call in self.calls if call.host == self.place.resource_manager and _writes(call)]

    @property
    def unexpected(self) -> list[str]:
        """Calls the local Azure does not serve, and its own mishaps; the live list, for a test to clear."""
        return self._front.unexpected

    @property
    def assertions_used(self) -> list[str]:
        """Every federated assertion presented to Entra, oldest first."""
        return list(self._services.entra.assertions_used)

    def actions_used(self, principal: Principal) -> set[str]:
        """Return the permissions that the principal's calls took, or would have taken where they were refused.

        Those of a list are what each item takes to be seen. Azure ignores their case, and so should a comparison.
        """
        return self._loop.call(lambda: set(self._services.cloud.actions_used[principal.object_id]))

    def log(self, site: Site) -> str:
        """Return the platform's log of a site, with what its container printed."""
        return self._loop.run(self._services.app_service.log(site))

    def serving(self, site: Site) -> str | None:
        """Return the name of the container that serves a site, the first of several, None while there is none."""
        return next(iter(self.containers(site)), None)

    def containers(self, site: Site) -> list[str]:
        """Return the names of the containers that serve a site, one for each instance that serves."""
        return self._loop.call(lambda: self._services.app_service.containers(site))

    def ask_each(self, site: Site, path: str) -> list[tuple[int, str]]:
        """Call every container that serves a site, past the platform's front end; gives status and body of each."""
        addresses = self._loop.call(lambda: self._services.app_service.addresses(site))
        headers = {"x-functions-key": site.keys.host}
        answers = [requests.get(f"{one}{path}", headers=headers, timeout=30, proxies=_NO_PROXY) for one in addresses]
        return [(answer.status_code, answer.text) for answer in answers]

    # What a job has

    @property
    def job_access_token(self) -> str:
        """The System.AccessToken that Azure DevOps takes from a job."""
        return self._services.azure_devops.job_access_token

    def set_lifetimes(self, *, token: int | None = None, assertion: int | None = None) -> None:
        """Have new access tokens or assertions live that many seconds; negative hands out expired ones."""
        if token is not None:
            self._services.entra.token_lifetime = token
        if assertion is not None:
            self._services.azure_devops.assertion_lifetime = assertion

    def token(self, principal: Principal, audience: str | None = None) -> str:
        """Return an access token of Entra's for a principal, for ARM unless an audience is named."""
        return self._loop.call(lambda: self._services.entra.mint(principal, audience or self.place.audiences[0]))


def _writes(call: Call) -> bool:
    if call.method == "POST":
        return call.path.lower().endswith(_WRITING_POSTS)
    return call.method in {"PUT", "PATCH", "DELETE"}
