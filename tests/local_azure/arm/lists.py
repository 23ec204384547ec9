"""What is alike in everything ARM lists: pages, and filters. Shapes only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from tests.local_azure.arm.front import ArmCall, ArmError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.local_azure.front.routes import JSON

PAGE = 5
"""Resources on one page of a list; small, so that a client meets a second page soon."""


def page(call: ArmCall, items: Sequence[JSON]) -> web.Response:
    """Return one page of a list, with the address of the next.

    Source: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md
    """
    begin = int(call.request.query.get("$skiptoken", "0"))
    body: JSON = {"value": list(items[begin : begin + PAGE])}
    if len(items) > begin + PAGE:
        query = urlencode(
            {**call.request.query, "$skiptoken": str(begin + PAGE)}
        )  # `%24filter=…+eq+…`, as Azure has it
        body["nextLink"] = f"https://{call.request.host}{call.request.path}?{query}"
    return web.json_response(body)


def clauses(text: str, known: Sequence[str]) -> Mapping[str, str]:
    """Return the wanted value (lower case) by field of a filter `a eq 'x' and b eq 'y'`.

    Fields are those of `known`, in whatever case they were sent. Raises ArmError for any other filter.
    """
    wanted = {}
    fields = {field.lower(): field for field in known}
    for clause in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text else ():
        match = re.fullmatch(r"(\w+)\s+eq\s+'([^']*)'", clause.strip(), re.IGNORECASE)
        if match is None or match[1].lower() not in fields:
            message = f"Invalid $filter '{text}' specified in the query string."
            raise ArmError(400, "InvalidFilterInQueryString", message)
        wanted[fields[match[1].lower()]] = match[2].lower()
    return wanted
