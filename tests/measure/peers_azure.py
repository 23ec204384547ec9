"""A local Azure that also answers what Microsoft's own deployment task asks, and nobody else of ours does.

That are calls in older api-versions, the v1 endpoint of Entra ID, publishing credentials, an app's metadata, and
Kudu. Kept apart, so that our task goes on failing in the local Azure if it should ever make such a call.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from aiohttp import web

from tests.local_azure.arm.site_json import site_resource
from tests.local_azure.arm.site_routes import SiteRoutes
from tests.local_azure.azure import LocalAzure
from tests.local_azure.front.routes import NotServedError, Routes
from tests.local_azure.services import Services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.local_azure.arm.front import ArmCall, Operation
    from tests.local_azure.front.routes import JSON
    from tests.local_azure.sign_in.entra import Entra
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

_VERSIONS = frozenset({"2016-07-01", "2016-08-01", "2018-02-01", "2022-03-01"})
_PASSWORD = "publishing-passw0rd"
_PROFILE = """<publishData><publishProfile profileName="{name} - Web Deploy" publishMethod="MSDeploy"
publishUrl="{scm}:443" msdeploySite="{name}" userName="${name}" userPWD="{password}"
destinationAppUrl="https://{host}"><databases /></publishProfile></publishData>"""


class _PublishingRoutes:
    """What App Service tells and keeps for tools that publish to it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._metadata: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def operations(self) -> Sequence[Operation]:
        on_site = SiteRoutes(self._cloud).on_site
        policies = "/basicPublishingCredentialsPolicies/scm"
        return (
            *on_site("GET", "/", "read", self._get, versions=_VERSIONS),
            *on_site("POST", "/config/publishingcredentials/list", "config/list/action", self._credentials),
            *on_site("GET", policies, "basicPublishingCredentialsPolicies/scm/read", self._policy),
            *on_site("POST", "/config/metadata/list", "config/list/action", self._list_metadata),
            *on_site("PUT", "/config/metadata", "config/write", self._put_metadata),
            *on_site("POST", "/publishxml", "publishxml/action", self._profile),
        )

    async def _get(self, site: Site, call: ArmCall) -> web.Response:
        """Return the site, to a caller that writes a slash at the end.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get
        """
        return web.json_response(site_resource(site, call.version))

    async def _credentials(self, site: Site, _call: ArmCall) -> web.Response:
        """Return user and password for Kudu.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-publishing-credentials
        """
        user = f"${site.name}"
        address = f"https://{user}:{_PASSWORD}@{_scm(site)}"
        properties = {"publishingUserName": user, "publishingPassword": _PASSWORD, "scmUri": address}
        return _resource(site, "publishingcredentials", properties)

    async def _policy(self, site: Site, _call: ArmCall) -> web.Response:
        """Say that Kudu takes no password, which is so for new apps.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-scm-allowed
        """
        return _resource(site, "scm", {"allow": False})

    async def _list_metadata(self, site: Site, _call: ArmCall) -> web.Response:
        """Return what tools have noted about the app.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-metadata
        """
        return _resource(site, "metadata", self._metadata[site.id])

    async def _put_metadata(self, site: Site, call: ArmCall) -> web.Response:
        """Replace it.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-metadata
        """
        self._metadata[site.id] = (await call.body())["properties"]
        return _resource(site, "metadata", self._metadata[site.id])

    async def _profile(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the publishing profile, with the app's address in it.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-publishing-profile-xml-with-secrets
        """
        text = _PROFILE.format(name=site.name, scm=_scm(site), host=site.host, password=_PASSWORD)
        return web.Response(text=text, content_type="application/xml")


class _Kudu:
    """The deployment service beside every app, as far as its history goes."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._routes = Routes()
        self._routes.add("PUT", "/api/deployments/{id}", self._note)

    def serves(self, host: str) -> bool:
        return any(_scm(site) == host for site in self._cloud.apps_and_slots())

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        return await self._routes.answer(request)

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        return web.Response(status=status)

    async def _note(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        """Take an entry of the history.

        Source: https://github.com/projectkudu/kudu/wiki/REST-API#deployment
        """
        return web.json_response({"id": values["id"], "url": f"https://{request.host}{request.path}"})


class _EntraV1:
    """Entra ID with the endpoint of before v2.0, for applications with a secret."""

    def __init__(self, cloud: Cloud, entra: Entra) -> None:
        self._cloud, self._entra = cloud, entra
        self._routes = Routes()
        self._routes.add("POST", "/{tenant}/oauth2/token/", self._token)

    def serves(self, host: str) -> bool:
        return self._entra.serves(host)

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        try:
            return await self._routes.answer(request)
        except NotServedError:
            return await self._entra.answer(request, host)

    async def refuse(self, request: web.Request, status: int) -> web.Response:
        return await self._entra.refuse(request, status)

    async def _token(self, request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return an access token for a resource.

        Source: https://learn.microsoft.com/previous-versions/azure/active-directory/azuread-dev/v1-oauth2-client-creds-grant-flow
        """
        form = {name: str(value) for name, value in (await request.post()).items()}
        principal = self._cloud.with_client_id(form["client_id"])
        if principal is None or principal.secret != form["client_secret"]:
            return web.json_response({"error": "invalid_client"}, status=401)
        audience = self._entra.audience(f"{form['resource'].rstrip('/')}/.default")
        token = self._entra.mint(principal, audience)
        return web.json_response({"token_type": "Bearer", "expires_in": "3599", "access_token": token})


class _ServicesForPeers(Services):
    def __init__(self, **parts: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(**parts)
        self.rooms = (_EntraV1(self.cloud, self.entra), _Kudu(self.cloud), *self.rooms)

    def _operations(self) -> list[Operation]:
        operations = [*super()._operations(), *_PublishingRoutes(self.cloud).operations()]
        return [replace(one, versions=one.versions | _VERSIONS) for one in operations]


class AzureForPeers(LocalAzure):
    """The local Azure, to more callers."""

    services: ClassVar[type[Services]] = _ServicesForPeers


def _scm(site: Site) -> str:
    return site.host.replace(".", ".scm.", 1)


def _resource(site: Site, name: str, properties: JSON) -> web.Response:
    return web.json_response({"id": f"{site.id}/config/{name}", "name": name, "properties": properties})
