"""Images for tests: built and pushed on the build agent's engine, with Docker's own client library."""

from __future__ import annotations

import io
import json
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING

import docker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .engine import Engine
    from .state import Principal

BASE = "mcr.microsoft.com/azure-functions/python:4-python3.11"
_FUNCTION = {
    "scriptFile": "__init__.py",
    "bindings": [
        {"type": "httpTrigger", "direction": "in", "name": "req", "methods": ["get"], "authLevel": "anonymous"},
        {"type": "http", "direction": "out", "name": "$return"},
    ],
}


class EngineError(Exception):
    """The engine reported an error while it built, pushed or pulled; the message is its own."""


def function_app(answer: str, *more: str) -> dict[str, str]:
    """Give the files of a function app whose one function, Hello, answers that; `more` are Dockerfile lines."""
    lines = (f"FROM {BASE}", "ENV AzureWebJobsScriptRoot=/home/site/wwwroot", "COPY app /home/site/wwwroot", *more)
    code = f"import azure.functions as func\n\ndef main(req):\n    return func.HttpResponse({answer!r})\n"
    return {
        "Dockerfile": "\n".join(lines),
        "app/host.json": '{"version": "2.0"}',
        "app/Hello/function.json": json.dumps(_FUNCTION),
        "app/Hello/__init__.py": code,
    }


def build(engine: Engine, reference: str, files: Mapping[str, str]) -> None:
    """Build an image of these files; raises EngineError."""
    with closing(docker.APIClient(base_url=engine.url)) as client:
        _follow(client.build(fileobj=_archive(files), custom_context=True, tag=reference, rm=True, decode=True))


def push(engine: Engine, reference: str, principal: Principal) -> None:
    """Push an image in the name of a principal with a secret; raises EngineError."""
    credential = {"username": principal.client_id, "password": principal.secret}
    with closing(docker.APIClient(base_url=engine.url)) as client:
        _follow(client.push(reference, auth_config=credential, stream=True, decode=True))


def pull(engine: Engine, reference: str, principal: Principal) -> None:
    """Pull an image in the name of a principal with a secret; raises EngineError."""
    credential = {"username": principal.client_id, "password": principal.secret}
    with closing(docker.APIClient(base_url=engine.url)) as client:
        try:
            _follow(client.pull(reference, auth_config=credential, stream=True, decode=True))
        except docker.errors.APIError as error:
            raise EngineError(str(error)) from error


def _follow(events: Iterable[dict[str, str]]) -> None:
    for event in events:
        if "error" in event:
            raise EngineError(event["error"])


def _archive(files: Mapping[str, str]) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    packed.seek(0)
    return packed
