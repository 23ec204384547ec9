"""The request for a run: a task of two steps with BuildKit, or the quick build with Docker's older builder.

A step's command goes to a shell on the machine of the run, behind `docker run … --env NAME=VALUE`; its texts are filled
into the task by Go's templates. So all of them, whatever is in them, are values of the run that count as secrets, in
base64: the task itself shows none, and nothing in them can be taken for YAML, a template or a shell's sign.
Sources: https://github.com/Azure/acr-builder/blob/main/builder/context.go (getDockerRunArgs),
https://github.com/Azure/acr-builder/blob/main/templating/engine.go,
https://learn.microsoft.com/azure/container-registry/container-registry-tasks-reference-yaml
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytask.builders.acr.archive import DOCKERFILE
from pytask.errors.acr_build import AcrSecretUnsendable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytask.decode import JSON, JSONObject
    from pytask.model import BuildArgument, BuildSecret, Recipe, RegistryLogin

SECONDS = 28_800
"""The longest that a run may take; the job's own limit cancels it earlier.
https://learn.microsoft.com/azure/container-registry/container-registry-tasks-reference-yaml"""
BUILD_STEP, PUSH_STEP = "build", "push"
"""How the ids of the steps begin, in a quick build too."""
_PLATFORM = "linux/amd64"
"""Of a quick build."""
_ESCAPED, _LAST_OF_FOUR_DIGITS = re.compile(r"[^ -;=-~]"), 0xFFFF
"""All but ASCII, and `<`. https://yaml.org/spec/1.1/#id872840"""
_MOST_BYTES = 64 << 10
"""Of a command with its environment: Linux takes 128 KB as one argument of a program, and these become one of a shell.
https://man7.org/linux/man-pages/man2/execve.2.html"""
_TASK = """\
version: v1.0.0
stepTimeout: {seconds}
steps:
  - id: {build}
    cmd: {{{{ .Values.command | b64dec }}}}
    env: {{{{ .Values.environment | b64dec }}}}
"""
_PUSH = """\
  - id: {push}
    push: {{{{ .Values.images | b64dec }}}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a run is to do."""

    recipe: Recipe
    arguments: tuple[BuildArgument, ...]
    """With values."""
    references: tuple[str, ...]
    location: str
    """Of the uploaded context."""
    pushes: bool
    agent_pool: str = ""
    logins: tuple[RegistryLogin, ...] = ()
    """For the registries of base images."""
    as_caller: bool = False
    """Whether the run needs the caller's rights, because the registry has permissions per repository only."""

    @property
    def build_step(self) -> str:
        """The id of the step that builds: its name in the run's log, which no other run has."""
        return f"{BUILD_STEP}-{Path(self.location).name.partition('.')[0]}"


def encoded_task(order: Order) -> JSONObject:
    """Return the request for a run with BuildKit.

    Raises:
        AcrSecretUnsendable: when a secret cannot be handed over.
    """
    secrets = _environment(order.recipe.secrets)
    environment = ["DOCKER_BUILDKIT=1", *(f"{name}={shlex.quote(text)}" for name, text in secrets.items())]
    command = shlex.join(["docker", *_build_words(order)])
    size = len(command.encode(errors="surrogateescape")) + sum(len(one.encode()) for one in environment)
    if size > _MOST_BYTES:
        longest = max(order.recipe.secrets, key=lambda one: len(_text(one)), default=None)
        reason = f"the build command and its secrets have {size:,} bytes"
        raise AcrSecretUnsendable(id=longest.id if longest else "(none)", reason=reason)
    task = _TASK.format(seconds=SECONDS, build=order.build_step) + (_PUSH.format(push=PUSH_STEP) * order.pushes)
    values: dict[str, str | list[str]] = {
        "command": command,
        "environment": environment,
        "images": list(order.references),
    }
    return {
        "type": "EncodedTaskRunRequest",
        "encodedTaskContent": base64.b64encode(task.encode()).decode(),
        "values": [{"name": name, "value": _written(value), "isSecret": True} for name, value in values.items()],
        **_common(order),
    }


def quick_build(order: Order) -> JSONObject:
    """Return the request for a run with Docker's older builder, which knows neither secrets nor BuildKit's syntax."""
    arguments: list[JSON] = [{"name": one.name, "value": one.value or "", "isSecret": True} for one in order.arguments]
    names = [reference.partition("/")[2] for reference in order.references]
    target: JSONObject = {"target": order.recipe.target} if order.recipe.target else {}
    return {
        "type": "DockerBuildRequest",
        "imageNames": [*names],
        "isPushEnabled": order.pushes,
        "noCache": False,
        "dockerFilePath": DOCKERFILE,
        "arguments": arguments,
        **target,
        **_common(order),
    }


def can_be_quick(recipe: Recipe) -> bool:
    """Tell whether a quick build gives the same image apart from its labels: it has no secrets and no flags."""
    return not (recipe.secrets or recipe.flags) and recipe.platform == _PLATFORM


def _common(order: Order) -> JSONObject:
    pool: JSONObject = {"agentPoolName": order.agent_pool} if order.agent_pool else {}
    credentials: JSONObject = {}
    if order.as_caller:
        credentials["sourceRegistry"] = {"identity": "[caller]"}
    if order.logins:
        credentials["customRegistries"] = {str(login.host): _login(login) for login in order.logins}
    return {
        "isArchiveEnabled": False,
        "platform": {"os": "Linux", "architecture": "amd64"},
        "sourceLocation": order.location,
        "timeout": SECONDS,
        **pool,
        **({"credentials": credentials} if credentials else {}),
    }


def _login(login: RegistryLogin) -> JSONObject:
    texts = {"userName": login.user, "password": login.password.reveal()}
    return {name: {"type": "Opaque", "value": text} for name, text in texts.items()}


def _build_words(order: Order) -> list[str]:
    """Return the arguments of `docker`; the context is the folder that the run begins in."""
    recipe = order.recipe
    words = ["build", "--progress=plain", f"--platform={recipe.platform}", f"--file={DOCKERFILE}"]
    words += [f"--tag={reference}" for reference in order.references]
    words += [f"--target={recipe.target}"] if recipe.target else []
    words += [f"--label={key}={value}" for key, value in recipe.labels]
    words += [f"--build-arg={one.name}={one.value}" for one in order.arguments]
    words += [f"--secret=id={one.id},env={_name(number)}" for number, one in enumerate(recipe.secrets)]
    return [*words, *recipe.flags, "."]


def _environment(secrets: Iterable[BuildSecret]) -> Mapping[str, str]:
    return {_name(number): _text(one) for number, one in enumerate(secrets)}


def _name(number: int) -> str:
    return f"BUILD_SECRET_{number}"


def _text(secret: BuildSecret) -> str:
    """Return a secret's text.

    Raises:
        AcrSecretUnsendable: when it is no text, or its file cannot be read.
    """
    if not isinstance(secret.content, Path):
        return secret.content.reveal()
    try:
        text = secret.content.read_bytes().decode()
    except (OSError, UnicodeError) as error:
        raise AcrSecretUnsendable(id=secret.id, reason=f"{secret.content.name}: {type(error).__name__}") from error
    if "\0" in text:
        raise AcrSecretUnsendable(id=secret.id, reason=f"{secret.content.name} is not text: it contains a null byte")
    return text


def _written(value: str | list[str]) -> str:
    """Return a value as the template puts it into the task: YAML's way to write JSON, in base64.

    The template engine removes `<no value>` from what it has written, so no such text may be in it. What is not ASCII
    is escaped as YAML does it, because JSON's pairs of surrogates are no characters there.
    """
    written = json.dumps(value, ensure_ascii=False)
    return base64.b64encode(_ESCAPED.sub(_escaped, written).encode()).decode()


def _escaped(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\u{number:04x}" if number <= _LAST_OF_FOUR_DIGITS else f"\\U{number:08x}"
