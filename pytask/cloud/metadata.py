"""A cloud's own metadata: where to sign in, and the audience of its tokens.

Azure Stack connections from older versions of Azure DevOps lack it.
Sources: https://learn.microsoft.com/azure-stack/user/azure-stack-rest-api-use and
https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/azure-arm-rest/azure-arm-endpoint.ts
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.cloud.answers import text_of
from pytask.cloud.http import Call, request
from pytask.decode import decode, object_at, text_at, texts_at
from pytask.errors.foreign import beginning
from pytask.errors.sign_in import CloudUnknown

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.http import HttpClient
    from pytask.model import Cloud, ServiceConnection

_VERSION = "2015-01-01"
_ADFS = re.compile("/adfs$", re.IGNORECASE)


def with_known_cloud(connection: ServiceConnection, http: HttpClient) -> ServiceConnection:
    """Return the connection with missing data about its cloud filled in; nothing is sent when none is missing.

    Raises:
        CloudUnknown: when Resource Manager does not return it.
        TaskFailure: why Resource Manager cannot be called.
    """
    cloud = connection.cloud
    if cloud.authority_url and cloud.arm_scope:
        return connection
    asked = request("GET", f"{cloud.arm_url}/metadata/endpoints", params={"api-version": _VERSION})
    answer = http.send(Call(request=asked, doing="ask where to sign in"))
    return replace(connection, cloud=_completed(cloud, answer, connection.page))


def _completed(cloud: Cloud, answer: HttpResponse, page: str) -> Cloud:
    told = object_at(decode(answer.content), "authentication")
    authority, audience = text_at(told, "loginEndpoint").rstrip("/"), next(iter(texts_at(told, "audiences")), "")
    if not (authority and audience):
        raise CloudUnknown(url=cloud.arm_url, page=page, detail=beginning(text_of(answer), 200))
    return replace(
        cloud,
        authority_url=cloud.authority_url or _ADFS.sub("", authority),
        arm_scope=cloud.arm_scope or f"{audience}/.default",
        adfs=cloud.adfs or bool(_ADFS.search(authority)),
    )
