"""Refusals as Azure was recorded to give them, for `Faults.script`: `azure.faults.script(pattern, **BUSY)`.

Source: recorded traffic of https://github.com/Azure/azure-cli (appservice tests) and
https://github.com/Azure/azure-functions-on-container-apps/issues/59
"""

from __future__ import annotations

import json
from typing import TypedDict


class Refusal(TypedDict):
    """What is answered instead."""

    status: int
    headers: dict[str, str]
    body: str


IIS_PAGE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r
<HTML><HEAD><TITLE>Service Unavailable</TITLE>\r
<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r
<BODY><h2>Service Unavailable</h2>\r
<hr><p>HTTP Error 503. The service is unavailable.</p>\r
</BODY></HTML>\r
"""
"""What the web server before ARM answers when nothing is behind it."""
BAD_GATEWAY_PAGE = IIS_PAGE.replace("Service Unavailable", "Bad Gateway").replace(
    "503. The service is unavailable", "502. The server, while acting as a gateway, received an invalid response"
)

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_HTML = {"Content-Type": "text/html; charset=us-ascii"}


def _web_error(code: str, extended_code: str, message: str) -> str:
    """Return a body in the resource provider's own shape, which has no `error`."""
    own = {"ExtendedCode": extended_code, "MessageTemplate": message, "Parameters": [], "Code": code}
    own["Message"] = message
    details = [{"Message": message}, {"Code": code}, {"ErrorEntity": own}]
    return json.dumps({"Code": code, "Message": message, "Target": None, "Details": details, "Innererror": None})


LOCKED: Refusal = {
    "status": 429,
    "headers": _JSON,
    "body": _web_error(
        "429",
        "59207",
        "Cannot acquire exclusive lock to create, update or delete this site. Retry the request later.",
    ),
}
"""Another change of the plan or of the site is under way."""
BUSY: Refusal = {
    "status": 409,
    "headers": _JSON,
    "body": _web_error(
        "Conflict",
        "59203",
        "Cannot modify this site because another operation is in progress. Details: Id: 0, OperationName: Update, "
        "CreatedTime: 11/27/2026 8:00:00 AM, RequestId: 00000000-0000-0000-0000-000000000000, EntityType: 1",
    ),
}
PAGE: Refusal = {"status": 503, "headers": _HTML, "body": IIS_PAGE}
SERVER_TIMEOUT: Refusal = {
    "status": 503,
    "headers": _JSON,
    "body": json.dumps(
        {
            "error": {
                "code": "ServerTimeout",
                "message": "The request timed out. Diagnostic information: timestamp '20261127T080000Z'.",
            }
        }
    ),
}
