"""The system log of a container app: what Container Apps did with a revision, and its warnings.

Reading it is optional, because the role Reader may not.
Source: https://learn.microsoft.com/azure/container-apps/log-streaming
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall
from pytask.cloud.http import Call, request
from pytask.cloud.poll import Seen, poll, read_object
from pytask.cloud.transport import only
from pytask.decode import Unreadable, decode_object, text_at
from pytask.errors import TaskFailure
from pytask.targets.container_app.app import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Azure
    from pytask.targets.container_app.app import ContainerApp

_LINES = 100


def warnings_about(azure: Azure, app: ContainerApp, revision: str) -> tuple[str, ...] | None:
    """Return the warnings about a revision, oldest first; None when this agent cannot read the log.

    A network that blocks the agent is tried only once.
    """
    endpoint = text_at(app.properties, "eventStreamEndpoint")
    call = ArmCall("POST", f"{app.resource_id}/getAuthToken", doing="open the system log", api_version=VERSION)
    token = poll(azure.arm, call, _token) if endpoint.startswith("https://") else None
    if not isinstance(token, Seen):
        return None
    secret = azure.credentials.mask(token.value).reveal()
    asked = request(
        "GET",
        endpoint,
        params={"follow": "false", "output": "json", "tailLines": str(_LINES)},
        headers={"Authorization": f"Bearer {secret}"},
    )
    once = replace(azure.http, timeouts=replace(azure.http.timeouts, http_attempts=1))
    try:
        answer = once.send(Call(request=asked, doing="read the system log", only_to=only(endpoint)))
    except TaskFailure:
        return None
    return tuple(dict.fromkeys(_warnings(answer, revision)))


def _token(answer: HttpResponse) -> str | None:
    return text_at(read_object(answer), "properties", "token") or None


def _warnings(answer: HttpResponse, revision: str) -> Iterator[str]:
    for line in answer.content.decode("utf-8", errors="replace").splitlines():
        record = decode_object(line)
        if isinstance(record, Unreadable) or text_at(record, "RevisionName") != revision:
            continue
        if text_at(record, "Type").lower() == "warning":
            yield f"{text_at(record, 'Reason')}: {text_at(record, 'Msg')}".removeprefix(": ")
