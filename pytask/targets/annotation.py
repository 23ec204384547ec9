"""Marking the deployment in the app's Application Insights, best effort: nothing depends on it.

Source: https://learn.microsoft.com/azure/azure-monitor/app/release-and-work-item-insights
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from pytask.cloud.arm import ArmCall
from pytask.decode import objects_at, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pytask.cloud.arm import Arm

_VERSION = "2015-05-01"
_KEY = re.compile(r"InstrumentationKey=([0-9a-fA-F-]{36})")


def annotate(arm: Arm, settings: Mapping[str, str], *, name: str, at: datetime, properties: Mapping[str, str]) -> str:
    """Mark a deployment, and return the result in a few words."""
    key = _instrumentation_key(settings)
    if not key:
        return "the app has no Application Insights"
    component = _component(arm, key)
    if not component:
        return "this connection cannot see its Application Insights"
    body = {
        "AnnotationName": name,
        "Category": "Deployment",
        "EventTime": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "Id": str(uuid4()),
        "Properties": json.dumps(dict(properties)),
    }
    refusals = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    way, doing = f"{component}/Annotations", "mark the deployment"
    answer = arm.send(ArmCall("PUT", way, doing=doing, body=body, api_version=_VERSION, besides=refusals))
    return f"Azure returned {answer.status_code}" if answer.status_code in refusals else "marked"


def _instrumentation_key(settings: Mapping[str, str]) -> str:
    found = _KEY.search(settings.get("APPLICATIONINSIGHTS_CONNECTION_STRING", ""))
    return found.group(1) if found else settings.get("APPINSIGHTS_INSTRUMENTATIONKEY", "")


def _component(arm: Arm, key: str) -> str:
    """Return the resource ID of the component with this instrumentation key; empty when none is visible."""
    path = f"/subscriptions/{arm.subscription}/providers/microsoft.insights/components"
    doing = "find the app's Application Insights"
    none_for = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    listed = arm.find(path, doing=doing, api_version=_VERSION, none_for=none_for)
    for item in objects_at(listed, "value"):
        if text_at(item, "properties", "InstrumentationKey").lower() == key.lower():
            return text_at(item, "id")
    return ""
