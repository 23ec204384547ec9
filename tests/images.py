"""Images for tests: built and pushed on the build agent's engine, with Docker's own client library."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING

import docker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.engine.engine import Engine
    from tests.local_azure.state.state import Principal, RegistryState

BASE = "mcr.microsoft.com/azure-functions/python:4-python3.11"
_FUNCTION = {
    "scriptFile": "__init__.py",
    "bindings": [
        {"type": "httpTrigger", "direction": "in", "name": "req", "methods": ["get"], "authLevel": "anonymous"},
        {"type": "http", "direction": "out", "name": "$return"},
    ],
}


ARM64_PROGRAM = bytes.fromhex("7f454c460201010000000000000000000200b70001000000") + bytes(40)
"""The head of an ELF program for arm64: enough for the kernel to see that it cannot run it."""

_PUSHED: set[str] = set()


class EngineError(Exception):
    """The engine reported an error while it built, pushed or pulled; the message is its own."""


def function_app(answer: str, *more: str) -> dict[str, str]:
    """Return the files of a function app whose one function, Hello, answers that; `more` are Dockerfile lines."""
    lines = (f"FROM {BASE}", "ENV AzureWebJobsScriptRoot=/home/site/wwwroot", "COPY app /home/site/wwwroot", *more)
    code = f"import azure.functions as func\n\ndef main(req):\n    return func.HttpResponse({answer!r})\n"
    return {
        "Dockerfile": "\n".join(lines),
        "app/host.json": '{"version": "2.0"}',
        "app/Hello/function.json": json.dumps(_FUNCTION),
        "app/Hello/__init__.py": code,
    }


def pushed(azure: LocalAzure, principal: Principal, answer: str, *dockerfile: str, tag: str = "") -> str:
    """Build and push an image that answers so to the registry contoso; gives its reference.

    Without a `tag` of its own the same image is built and pushed once for all tests, and its tag never moves.
    """
    files = function_app(answer, *dockerfile)
    content = hashlib.sha256(json.dumps([id(azure), files]).encode()).hexdigest()[:8]
    reference = f"contoso.azurecr.io/shop:{tag or content}"
    if tag or reference not in _PUSHED:
        build(azure.agent_engine, reference, files)
        push(azure.agent_engine, reference, principal)
        _PUSHED.add(reference)
    return reference


def pushed_for_arm64(azure: LocalAzure, principal: Principal) -> str:
    """Push an image whose program is for another processor; gives its reference."""
    program = base64.b64encode(ARM64_PROGRAM).decode()
    run = f"RUN python3 -c \"import base64; open('/program', 'wb').write(base64.b64decode('{program}'))\""
    return pushed(azure, principal, "never", f"{run} && chmod 755 /program", 'CMD ["/program"]')


def private_base(azure: LocalAzure, registry: RegistryState, name: str = "base:1") -> str:
    """Push a base image for function apps to a registry, from another machine than the agent; gives its reference."""
    reference = f"{registry.login_server}/{name}"
    colleague = azure.add_principal("colleague", secret="of-another-team", roles={registry.id: "AcrPush"})
    build(azure.host_engine, reference, {"Dockerfile": f"FROM {BASE}\nRUN echo {reference} > /private-base\n"})
    push(azure.host_engine, reference, colleague)
    return reference


def build(engine: Engine, reference: str, files: Mapping[str, str]) -> None:
    """Build an image of these files; raises EngineError."""
    with closing(docker.APIClient(base_url=engine.url)) as client:
        follow(client.build(fileobj=_archive(files), custom_context=True, tag=reference, rm=True, decode=True))


def push(engine: Engine, reference: str, principal: Principal) -> None:
    """Push an image in the name of a principal with a secret; raises EngineError."""
    credential = {"username": principal.client_id, "password": principal.secret}
    with closing(docker.APIClient(base_url=engine.url)) as client:
        follow(client.push(reference, auth_config=credential, stream=True, decode=True))


def pull(engine: Engine, reference: str, principal: Principal) -> None:
    """Pull an image in the name of a principal with a secret; raises EngineError."""
    credential = {"username": principal.client_id, "password": principal.secret}
    with closing(docker.APIClient(base_url=engine.url)) as client:
        try:
            follow(client.pull(reference, auth_config=credential, stream=True, decode=True))
        except docker.errors.APIError as error:
            raise EngineError(str(error)) from error


def follow(events: Iterable[dict[str, str]]) -> None:
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
