"""Answers in place of the network, for every HTTP client that sends through `requests`: no socket is opened."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import PreparedRequest, Response


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a host answers."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        """Return the headers, with a content type where the case names none."""
        kinds = {"{": "application/json", "[": "application/json", "<": "text/html"}
        kind = kinds.get(self.text.lstrip()[:1], "text/plain")
        named = {name.lower() for name in self.headers}
        return {**({} if "content-type" in named else {"Content-Type": kind}), **self.headers}


class Wire(HTTPAdapter):
    """Answers each request by asking a function."""

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        self._answer = answer
        super().__init__()

    def send(self, request: PreparedRequest, **_: Any) -> Response:  # type: ignore[override] # noqa: ANN401 - requests' own
        """Return the answer to one request, by its method and URL."""
        given = self._answer(request.method or "", request.url or "")
        raw = HTTPResponse(
            body=BytesIO(b"" if request.method == "HEAD" else given.text.encode()),
            headers=given.all_headers,
            status=given.status,
            reason=http.client.responses.get(given.status, ""),
            preload_content=False,
            decode_content=False,
        )
        response: Response = self.build_response(request, raw)
        return response


def as_json(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer with a body as JSON."""
    return Answer(status=status, text=json.dumps(body), headers=headers or {})
