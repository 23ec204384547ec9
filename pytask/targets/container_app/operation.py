"""Changing a container app, and reading how Azure completed the change.

Azure accepts a change with 202, and works on it for about 17 seconds. Success then does not mean that the new revision
is ready. So the run does not wait for the end: it observes the app, and reads the operation's status at intervals.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.answers import correlation_id, error_of, refusal
from pytask.cloud.arm import ArmCall
from pytask.cloud.http import Call, request
from pytask.decode import Unreadable, decode_object, object_at, text_at
from pytask.errors import TaskFailure
from pytask.errors.azure import AzureRefused
from pytask.errors.container_app import ImageRefused
from pytask.targets.container_app.app import VERSION

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.targets.container_app.app import ContainerApp

_EVERY_ANSWER = frozenset(range(100, 600))
_IN_TEMPLATE = "InvalidParameterValueInContainerTemplate"
_THERE_ALREADY = "already exists"
"""Azure's message about the revision's name, which only this run can have chosen.
https://learn.microsoft.com/azure/container-apps/revisions#name-suffix"""
_UPDATING = "point the container app at the image"
_FAILED = frozenset({"failed", "canceled"})
ENDED = ""
"""The result of an operation without a known failure."""


def patch(arm: Arm, app: ContainerApp, properties: JSONObject, *, reference: str, doing: str = _UPDATING) -> str:
    """Send one change of an app, and return the URL that shows how it ends; empty when Azure returns none.

    If the answer is lost, the call is sent again. Azure may then refuse the revision's name because the first call
    created it, which counts as success.

    Raises:
        ImageRefused: when the image cannot be pulled with the app's credentials; then nothing has changed.
        TaskFailure: when Azure refuses for another reason.
    """
    call = ArmCall("PATCH", app.resource_id, body={"properties": properties}, doing=doing, api_version=VERSION)
    http = replace(arm.http, refusals=lambda call, answer: _refused(answer, app, call.doing, reference))
    try:
        answer = http.send(call.in_version(min(VERSION, arm.newest.get("microsoft.app", VERSION))))
    except AzureRefused as refused:
        if refused.leaves_open and _THERE_ALREADY in refused.detail:
            return ""
        raise
    return answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location", "")


def failure_of(arm: Arm, operation: str) -> str | None:
    """Return why an operation failed; `ENDED` when it ended well or that is unknown, None while it continues."""
    if not operation:
        return ENDED
    call = Call(
        request=request("GET", operation),
        doing="follow the update of the container app",
        accept=_EVERY_ANSWER,
        attempts=arm.http.timeouts.poll_attempts,
    )
    try:
        answer = arm.http.send(call)
    except TaskFailure:
        return None
    told = _told(answer)
    return ENDED if told and _THERE_ALREADY in told else told


def _told(answer: HttpResponse) -> str | None:
    body = decode_object(answer.content)
    status = "" if isinstance(body, Unreadable) else text_at(body, "status").lower()
    if answer.status_code == HTTPStatus.OK:
        failed = status in _FAILED
        error = {} if isinstance(body, Unreadable) else object_at(body, "error")
        if failed:
            return f"{text_at(error, 'code')}: {text_at(error, 'message') or 'the operation failed'}"
        return None if status == "inprogress" else ENDED
    if answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        code, message = error_of(answer)
        return f"{code}: {message}"
    gone = answer.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.FORBIDDEN}
    return ENDED if gone else None


def _refused(answer: HttpResponse, app: ContainerApp, doing: str, reference: str) -> TaskFailure:
    code, message = error_of(answer)
    if code != _IN_TEMPLATE or ".image'" not in message:
        return refusal(doing, answer)
    correlation = correlation_id(answer)
    return ImageRefused(app=app.title, reference=reference, detail=f"{code}: {message}", correlation_id=correlation)
