"""An answer to a call, as `cloud` reads it."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

from azure.core.rest import HttpRequest
from azure.core.rest._requests_basic import RestRequestsTransportResponse
from requests import Response

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse


def answered(status: int, body: object, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return an answer: text and bytes as they are, anything else as JSON."""
    inner = Response()
    inner.status_code = status
    inner.headers.update(headers or {})
    inner.reason = "Reason"
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    inner.raw = BytesIO(text.encode() if isinstance(text, str) else text)
    inner.encoding = "utf-8"
    internal: Any = inner
    response: HttpResponse = RestRequestsTransportResponse(  # type: ignore[no-untyped-call] # the library's
        request=HttpRequest("GET", "https://management.azure.com/"), internal_response=internal, block_size=4096
    )
    response.read()
    return response
