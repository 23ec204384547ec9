"""Marking the deployment in the app's Application Insights; best effort, nothing depends on it.

Source: https://learn.microsoft.com/azure/azure-monitor/app/release-and-work-item-insights
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pytask.cloud.arm import Arm

_VERSION = "2015-05-01"
_KEY = re.compile(r"InstrumentationKey=([0-9a-fA-F-]{36})")
_FINE_OR_NOT = frozenset({200, 201, 202, 204, 400, 401, 403, 404})
_FINE = 300


def annotate(arm: Arm, settings: Mapping[str, str], *, name: str, at: datetime, properties: Mapping[str, str]) -> str:
    """Mark a deployment; give what came of it in a few words."""
    key = _instrumentation_key(settings)
    if not key:
        return "the app has no Application Insights"
    component = _component(arm, key)
    if not component:
        return "its Application Insights is not visible to this connection"
    body = {
        "AnnotationName": name,
        "Category": "Deployment",
        "EventTime": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "Id": str(uuid4()),
        "Properties": json.dumps(dict(properties)),
    }
    answer = arm.send(
        "PUT",
        f"{component}/Annotations",
        json=body,
        doing="mark the deployment",
        api_version=_VERSION,
        accept=_FINE_OR_NOT,
    )
    return "marked" if answer.status_code < _FINE else f"refused with {answer.status_code}"


def _instrumentation_key(settings: Mapping[str, str]) -> str:
    found = _KEY.search(settings.get("APPLICATIONINSIGHTS_CONNECTION_STRING", ""))
    return found.group(1) if found else settings.get("APPINSIGHTS_INSTRUMENTATIONKEY", "")


def _component(arm: Arm, key: str) -> str:
    """Return the resource id of the component with an instrumentation key; empty when none is visible."""
    path = f"/subscriptions/{arm.subscription}/providers/microsoft.insights/components"
    answer = arm.send(
        "GET", path, doing="find the app's Application Insights", api_version=_VERSION, accept=_FINE_OR_NOT
    )
    if answer.status_code >= _FINE:
        return ""
    for item in answer.json().get("value", []):
        if str((item.get("properties") or {}).get("InstrumentationKey", "")).lower() == key.lower():
            return str(item["id"])
    return ""
