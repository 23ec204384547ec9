"""The storage account behind the registries: whoever has a signed address gets the blob. HTTP over `Cloud`.

That a registry leads there: https://learn.microsoft.com/azure/container-registry/container-registry-firewall-rules
What the address says: https://learn.microsoft.com/rest/api/storageservices/create-service-sas
What becomes of a registry's token there: https://github.com/Azure/acr/issues/217
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from tests.local_azure.front.front import ORIGIN
from tests.local_azure.front.routes import NotServedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.state.state import Cloud, RegistryState

HOST = "weureplstore7.blob.core.windows.net"
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_LIFETIME = timedelta(minutes=20)
_STORED = "docker/registry/v2/blobs/sha256"
_PATH = re.compile(rf"/(?P<registry>[^/]+)/(?P<repository>.+)//{_STORED}/../(?P<hex>[0-9a-f]{{64}})/data")
_TWO_KINDS = "Authentication information is not given in the correct format. Check the value of Authorization header."
_BAD_SIGNATURE = "Server failed to authenticate the request. Make sure the value of Authorization header is correct."
_ERROR = (
    '<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{text}\n'
    "RequestId:{id}\nTime:{moment}</Message></Error>"
)


class BlobStorage:
    """One account for all registries."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._key = secrets.token_bytes(32)
        self.folders: dict[str, Path] = {}
        """Where the real registry behind each login server keeps its blobs."""

    def serves(self, host: str) -> bool:
        """Answer under the account's one name."""
        return host == HOST

    def address(self, registry: RegistryState, repository: str, digest: str) -> str:
        """Return the signed address of a blob, good for some minutes."""
        name = digest.removeprefix("sha256:")
        path = f"/{registry.login_server}/{repository}//{_STORED}/{name[:2]}/{name}/data"
        until = f"{datetime.now(timezone.utc) + _LIFETIME:{_MOMENT}}"
        given = {"se": until, "sp": "r", "spr": "https", "sr": "b", "sv": "2018-03-28", "regid": registry.name}
        return f"https://{HOST}{path}?{urlencode(given | {'sig': self._signature(path, until)})}"

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Return the blob, whole or in part, to whoever shows a good signature and nothing else."""
        found = _PATH.fullmatch(request.path)
        if request.method != "GET" or found is None:
            raise NotServedError("only blobs of registries are stored here")
        if "Authorization" in request.headers:
            return _refusal(400, "InvalidAuthenticationInfo", _TWO_KINDS)
        until = request.query.get("se", "")
        signature = self._signature(request.path, until)
        if not hmac.compare_digest(signature, request.query.get("sig", "")) or until < _now():
            return _refusal(403, "AuthenticationFailed", _BAD_SIGNATURE)
        self._note(request, found)
        blob = f"{_STORED}/{found['hex'][:2]}/{found['hex']}/data"
        return web.FileResponse(self.folders[found["registry"]] / blob)

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return an error in the shape of Azure Storage."""
        return _refusal(status, "ServerBusy", "The server is currently unable to receive requests.")

    def _signature(self, path: str, until: str) -> str:
        return hmac.new(self._key, f"{path}\n{until}".encode(), hashlib.sha256).hexdigest()

    def _note(self, request: web.Request, found: re.Match[str]) -> None:
        registry = self._cloud.registry_at(found["registry"])
        if registry is not None:
            digest = f"sha256:{found['hex']}"
            registry.blob_reads[f"{found['repository']}@{digest}"] += 1
            registry.reads[digest] += request[ORIGIN] == "agent"


def _now() -> str:
    return f"{datetime.now(timezone.utc):{_MOMENT}}"


def _refusal(status: int, code: str, text: str) -> web.Response:
    body = _ERROR.format(code=code, text=text, id=uuid.uuid4(), moment=_now())
    return web.Response(status=status, text=body, content_type="application/xml", headers={"x-ms-error-code": code})
