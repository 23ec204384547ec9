import json
import logging

import azure.functions as func

log = logging.getLogger(__name__)


def main(req: func.HttpRequest) -> func.HttpResponse:
    name = req.params.get("name") or name_in_body(req)
    log.info("Asked to greet %s", name or "nobody")
    if name is None:
        return func.HttpResponse("Pass a name in the query string or in a JSON body: ?name=Ada", status_code=400)
    return func.HttpResponse(f"Hello, {name}. This HTTP triggered function executed successfully.")


def name_in_body(req: func.HttpRequest) -> str | None:
    try:
        body = req.get_json()
    except json.JSONDecodeError:
        return None
    return body.get("name") if isinstance(body, dict) else None
