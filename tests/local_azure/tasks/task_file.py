"""What a run is to do, read from its request as the program of ACR Tasks reads it.

Sources: https://github.com/Azure/acr-builder/blob/main/templating/engine.go (a value goes into the text as it is, and
`<no value>` is taken out of the result), …/graph/task.go, …/graph/step.go
"""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALUE = re.compile(r"\{\{ *\.Values\.(\w+) *(\| *b64dec *)?\}\}")
_RUN = re.compile(r"\{\{ *\.Run\.(\w+) *\}\}")
DEFAULT_TIMEOUT = 600
"""Seconds of a step that says nothing."""


class TaskInvalidError(Exception):
    """A task that is no YAML, or has steps of no kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step: a command in a container, or a push."""

    id: str
    timeout: int
    cmd: str = ""
    """What goes to a shell behind `docker run …`."""
    env: tuple[str, ...] = ()
    """Each goes to the same shell behind an `--env`."""
    push: tuple[str, ...] = ()


def steps_of(body: Mapping[str, Any], registry: str, run: str) -> tuple[Step, ...]:
    """Return the steps of a run; raises TaskInvalidError."""
    if body["type"] == "EncodedTaskRunRequest":
        return _of_task(definition(body), body.get("values", []), {"Registry": registry, "ID": run})
    return _of_quick_build(body, registry)


def definition(body: Mapping[str, Any]) -> str:
    """Return the task as it is written, without its values."""
    return base64.b64decode(body["encodedTaskContent"]).decode()


def _of_task(text: str, values: list[Mapping[str, Any]], run: Mapping[str, str]) -> tuple[Step, ...]:
    known = {one["name"]: one["value"] for one in values}

    def value(found: re.Match[str]) -> str:
        given = known.get(found[1], "<no value>")
        return base64.b64decode(given).decode() if found[2] else given

    rendered = _RUN.sub(lambda found: run[found[1]], _VALUE.sub(value, text)).replace("<no value>", "")
    if "{{" in _VALUE.sub("", _RUN.sub("", text)):
        raise TaskInvalidError("failed to parse template")
    try:
        task = yaml.safe_load(rendered)
    except yaml.YAMLError as error:
        raise TaskInvalidError(f"failed to unmarshal task before running: {error}") from error
    if task.get("version") != "v1.0.0":
        raise TaskInvalidError("only version v1.0.0 is read here: later ones replace `$` signs")
    usual = int(task.get("stepTimeout") or DEFAULT_TIMEOUT)
    return tuple(_step(number, one, usual) for number, one in enumerate(task["steps"]))


def _step(number: int, written: Mapping[str, Any], usual: int) -> Step:
    if bool(written.get("cmd")) == bool(written.get("push")):
        raise TaskInvalidError("step must only contain a single build, cmd, or push property")
    return Step(
        id=written.get("id") or f"acb_step_{number}",
        timeout=int(written.get("timeout") or usual),
        cmd=written.get("cmd") or "",
        env=tuple(written.get("env") or ()),
        push=tuple(written.get("push") or ()),
    )


def _of_quick_build(body: Mapping[str, Any], registry: str) -> tuple[Step, ...]:
    names = [f"{registry}/{name}" for name in body["imageNames"]]
    words = ["docker", "build", f"--file={body['dockerFilePath']}"]
    words += [f"--tag={name}" for name in names]
    words += [f"--build-arg={one['name']}={one['value']}" for one in body["arguments"]]
    words += [f"--target={body['target']}"] if body.get("target") else []
    build = Step(id="build", timeout=body["timeout"], cmd=shlex.join([*words, "."]), env=("DOCKER_BUILDKIT=0",))
    return (build, Step(id="push", timeout=3600, push=tuple(names))) if body["isPushEnabled"] else (build,)
