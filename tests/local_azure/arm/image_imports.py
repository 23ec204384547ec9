"""Importing an image from one registry into another, by Microsoft.ContainerRegistry. Routes over `Cloud`.

Source: https://learn.microsoft.com/rest/api/containerregistry/registries/import-image, and for the form of the answers
https://github.com/Azure/azure-powershell/issues/17348
"""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING

import jwt
from aiohttp import web

from tests.local_azure.arm.front import ArmCall, ArmError, Operation, group_not_found, resource_not_found
from tests.local_azure.arm.registries import REGISTRY_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.local_azure.sign_in.entra import Entra
    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.state.state import Cloud

POLLS = 2
"""How often an import is still going on when somebody asks."""
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_REGISTRY = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_REGISTRIES}/{{name}}"
_RESULTS = "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/locations/{place}/operationResults/{id}"
_V2 = "docker/registry/v2"
_UNREADABLE = "Unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information."


class ImageImports:
    """Copies images between the registries of the subscription."""

    def __init__(self, cloud: Cloud, entra: Entra, folders: Mapping[str, Path]) -> None:
        self._cloud, self._entra, self._folders = cloud, entra, folders
        self._pending: dict[str, int] = {}

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return (
            Operation(
                method="POST",
                template=f"{_REGISTRY}/importImage",
                action=f"{_REGISTRIES}/importImage/action",
                versions=REGISTRY_VERSIONS,
                answer=self._import,
            ),
            Operation(
                method="GET",
                template=_RESULTS,
                action="Microsoft.ContainerRegistry/locations/operationResults/read",
                versions=REGISTRY_VERSIONS,
                answer=self._result,
            ),
        )

    async def _import(self, call: ArmCall) -> web.Response:
        """Copy the image, and answer that this has begun."""
        body, target = await call.body(), self._target(call)
        source, (repository, digest) = self._source(call, body), self._named(call, body)
        tags = [str(one).rpartition(":")[2] for one in body.get("targetTags", [])]
        self._copy(self._folders[source.login_server], self._folders[target.login_server], repository, digest, tags)
        operation = f"registries-{uuid.uuid4()}"
        self._pending[operation] = POLLS
        return web.Response(status=202, headers=_location(call, operation))

    async def _result(self, call: ArmCall) -> web.Response:
        operation = call.values["id"]
        if operation not in self._pending:
            raise ArmError(404, "NotFound", f"The operation '{operation}' was not found.")
        if self._pending[operation]:
            self._pending[operation] -= 1
            return web.Response(status=202, headers=_location(call, operation))
        return web.Response(status=200)

    def _source(self, call: ArmCall, body: Mapping[str, object]) -> RegistryState:
        """Return the registry that is read, by the caller's own rights or by the credentials that were given."""
        given = body["source"]
        assert isinstance(given, dict)
        wanted = str(given.get("resourceId") or given.get("registryUri")).lower()
        for one in self._cloud.registries.values():
            if wanted == one.id.lower():
                if self._cloud.may(call.principal, f"{_REGISTRIES}/pull/read", one.id):
                    return one
                raise ArmError(403, "LinkedAuthorizationFailed", f"no {_REGISTRIES}/pull/read on '{one.id}'")
            if wanted == one.login_server and self._opens(one, given.get("credentials")):
                return one
        raise ArmError(400, "InvalidParameters", _UNREADABLE)

    def _opens(self, registry: RegistryState, credentials: object) -> bool:
        """Tell whether credentials open a registry: the admin user's, a token of Entra ID, or none where all may pull.

        Source: https://learn.microsoft.com/azure/container-registry/container-registry-import-images
        """
        if not isinstance(credentials, dict):
            return registry.anonymous_pull
        password = str(credentials.get("password"))
        if "username" in credentials:
            return registry.admin_user_enabled and password in {registry.admin_password, registry.second_admin_password}
        try:
            principal = self._entra.read(password, audiences=self._cloud.environment.audiences)
        except jwt.InvalidTokenError:
            return False
        return self._cloud.may(principal, f"{_REGISTRIES}/pull/read", registry.id)

    def _named(self, call: ArmCall, body: Mapping[str, object]) -> tuple[str, str]:
        """Return the repository and the digest of what is to be copied."""
        given = body["source"]
        assert isinstance(given, dict)
        repository, separator, digest = str(given["sourceImage"]).partition("@")
        if separator:
            return repository, digest
        repository, _, tag = repository.rpartition(":")
        folder = self._folders[self._source(call, body).login_server] / _V2 / "repositories" / repository
        link = folder / "_manifests/tags" / tag / "current/link"
        if not link.exists():
            raise ArmError(400, "InvalidParameters", f"manifest unknown: manifest tagged by {tag} is not found")
        return repository, link.read_text()

    def _copy(self, source: Path, target: Path, repository: str, digest: str, tags: Sequence[str]) -> None:
        """Copy a registry's storage, as far as a repository needs it."""
        ours, theirs = (folder / _V2 / "repositories" / repository for folder in (target, source))
        name = digest.removeprefix("sha256:")
        if not (theirs / "_manifests/revisions/sha256" / name).exists():
            raise ArmError(400, "InvalidParameters", f"manifest unknown: manifest {digest} is not found")
        shutil.copytree(source / _V2 / "blobs", target / _V2 / "blobs", dirs_exist_ok=True)
        for part in ("_layers", "_manifests/revisions"):
            shutil.copytree(theirs / part, ours / part, dirs_exist_ok=True)
        for tag in tags:
            for link in ("current", f"index/sha256/{name}"):
                folder = ours / "_manifests/tags" / tag / link
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "link").write_text(digest)

    def _target(self, call: ArmCall) -> RegistryState:
        group, name = call.values["group"], call.values["name"]
        if group.lower() not in self._cloud.resource_groups():
            raise group_not_found(group)
        registry = self._cloud.registries.get(name.lower())
        if registry is None:
            raise resource_not_found(_REGISTRIES, name, group)
        return registry


def _location(call: ArmCall, operation: str) -> dict[str, str]:
    path = _RESULTS.format(subscription=call.values["subscription"], place="WESTEUROPE", id=operation)
    where = f"{call.request.scheme}://{call.request.host}{path}?api-version={call.version}"
    return {"Location": where.replace("http://", "https://"), "Retry-After": "1"}
