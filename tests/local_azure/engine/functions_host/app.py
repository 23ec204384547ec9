"""A function app on disk: ``host.json`` and a folder for each function, with its ``function.json`` and its code.

The layout is https://learn.microsoft.com/azure/azure-functions/functions-reference-python?pivots=python-mode-configuration.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import re
import sys
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PARAMETER = re.compile(r"/?\{(?P<rest>\*?)(?P<name>\w+)[^}?]*(?P<optional>\??)\}")
"""``{name}``, ``{name:constraint}``, ``{name?}`` or ``{*name}`` in a route, with the slash before it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a function that has a parameter ``context`` learns of its call."""

    function_name: str
    function_directory: str
    invocation_id: str = field(default_factory=lambda: str(uuid4()))


class Function:
    """One function: its configuration and, unless it failed to load, its code."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.folder = folder
        self.configuration: dict[str, Any] = json.loads((folder / "function.json").read_text(encoding="utf-8-sig"))
        self.error = ""
        self._call: Callable[..., object] | None = None

    @property
    def trigger(self) -> dict[str, Any]:
        """The binding that starts the function."""
        bindings = self.configuration["bindings"]
        return next(binding for binding in bindings if str(binding["type"]).endswith("Trigger"))

    @property
    def disabled(self) -> bool:
        """Whether it is switched off (https://learn.microsoft.com/azure/azure-functions/disable-function)."""
        return os.environ.get(f"AzureWebJobs.{self.name}.Disabled", "").lower() in {"1", "true"}

    def load(self) -> None:
        """Import the function's code; when that fails, ``error`` says why."""
        module = f"{self.name}.{self.configuration.get('scriptFile', '__init__.py').removesuffix('.py')}"
        try:
            code = importlib.import_module(module.removesuffix(".__init__"))
            self._call = getattr(code, self.configuration.get("entryPoint", "main"))
        except Exception as failure:  # noqa: BLE001 (whatever the function's code raises is its error, not the host's)
            traceback.print_exc()
            self.error = f"The '{self.name}' function is in error: {type(failure).__name__}: {failure}"

    def matches(self, method: str, route: str) -> Mapping[str, str] | None:
        """Values of the route's parameters when the function answers this request, else None."""
        if self.trigger["type"] != "httpTrigger" or self.disabled:
            return None
        if method.lower() not in self.trigger.get("methods", [method.lower()]):
            return None
        found = _pattern(self.trigger.get("route", self.name)).fullmatch(route)
        return {name: value for name, value in found.groupdict().items() if value} if found else None

    def call(self, request: object) -> object:
        """Return what the function answers; raises RuntimeError when it is not loaded, or what it raises."""
        if self._call is None:
            raise RuntimeError(self.error)
        arguments = {self.trigger["name"]: request}
        if "context" in inspect.signature(self._call).parameters:
            arguments["context"] = Context(self.name, str(self.folder))
        answer = self._call(**arguments)
        return asyncio.run(answer) if inspect.iscoroutine(answer) else answer


class FunctionApp:
    """All functions below a folder, loaded."""

    def __init__(self, root: Path) -> None:
        sys.path[:0] = [str(root), str(root / ".python_packages/lib/site-packages")]
        self.functions = [Function(found.parent) for found in sorted(root.glob("*/function.json"))]
        self.prefix = _route_prefix(root / "host.json")
        """What the routes of the functions begin with, ``api`` unless ``host.json`` says otherwise."""
        for function in self.functions:
            function.load()

    @property
    def errors(self) -> list[str]:
        """Why functions could not be loaded."""
        return [function.error for function in self.functions if function.error]

    def find(self, method: str, path: str) -> tuple[Function, Mapping[str, str]] | None:
        """Return the function that answers a request, with the values of its route's parameters."""
        route = path.strip("/").removeprefix(self.prefix).strip("/")
        if not path.strip("/").startswith(self.prefix):
            return None
        matches = ((function, function.matches(method, route)) for function in self.functions)
        return next(((function, values) for function, values in matches if values is not None), None)


def _route_prefix(host_json: Path) -> str:
    # https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook#hostjson-settings
    settings = json.loads(host_json.read_text(encoding="utf-8-sig")) if host_json.exists() else {}
    return str(settings.get("extensions", {}).get("http", {}).get("routePrefix", "api")).strip("/")


def _pattern(route: str) -> re.Pattern[str]:
    route = route.strip("/")
    expression, end = "", 0
    for parameter in PARAMETER.finditer(route):
        value = f"/?(?P<{parameter['name']}>{'.*' if parameter['rest'] else '[^/]+'})"
        expression += re.escape(route[end : parameter.start()])
        expression += f"(?:{value})?" if parameter["optional"] else value
        end = parameter.end()
    return re.compile(expression + re.escape(route[end:]), re.IGNORECASE)
