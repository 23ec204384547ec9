"""Build secrets, and warnings about build arguments that should be secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.agent.environment import secret_values, variable_name
from pytask.builders.context import can_be_copied
from pytask.builders.docker.arguments import looks_secret
from pytask.builders.docker.dockerfile import shown
from pytask.builders.docker.instructions import mounted_secrets
from pytask.builders.docker.syntax import read_dockerfile
from pytask.errors.build_inputs import (
    BuildSecretEmpty,
    BuildSecretFileMissing,
    BuildSecretInvalid,
    BuildSecretTooLarge,
    BuildSecretTwice,
    BuildSecretVariableMissing,
)
from pytask.errors.inputs import VariableNotExpanded
from pytask.inputs.checkout import within_checkout
from pytask.inputs.folded import note_folded
from pytask.inputs.outsiders import confirm_whole
from pytask.inputs.reader import UNEXPANDED, Read, together
from pytask.model import BuildSecret, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytask.inputs.reader import Reader
    from pytask.model import BuildArgument

_INPUT = "buildSecrets"
_FORM = re.compile(r"\s*([\w.-]+)(=|,\s*(?:src|source)=|,\s*env=)(.*)", re.ASCII | re.DOTALL)
_DOCKERS_FORM = re.compile(r"(?:id|type|src|source|env)=[^,]*,\s*(?:id|type|src|source|env)=")
_LARGEST = 500 * 1024
"""Bytes. https://github.com/moby/buildkit/blob/master/session/secrets/secretsprovider/file.go"""
_LONGEST_MASKED = 200
"""Lines of a secret file to mask: each one adds a search to every line of the log."""
_WORTH_MASKING = 8
"""Characters. A shorter line of a secret file is a bracket or a word, and masking it would spoil the log."""
_SHORTEST_KNOWN = 6
"""Minimum characters for finding a secret variable's value elsewhere: `1` and `true` occur everywhere."""
_NO_SECRET = re.compile(r"\d*|true|false", re.IGNORECASE)


def read_secrets(reader: Reader, sources: Path, mask: Callable[[str], Secret]) -> Read[tuple[BuildSecret, ...]]:
    """Return the build secrets, masked; each line is `id=value`, `id,src=path` or `id,env=NAME`."""
    confirm_whole(reader, _INPUT, lambda text: len([line for line in text.split("\n") if line.strip()]))
    lines = [
        (number, line.rstrip("\r")) for number, line in enumerate(reader.text("buildSecrets").split("\n"), start=1)
    ]
    read = [_line(reader, number, line, sources, mask) for number, line in lines if line.strip()]
    found = tuple(secret.value for secret in read if secret.found)
    note_folded(reader, _INPUT, ((one.id, one.content.reveal()) for one in found if isinstance(one.content, Secret)))
    ids = [secret.id for secret in found]
    twice = dict.fromkeys(id_ for id_ in ids if ids.count(id_) > 1)
    reader.mistakes.extend(BuildSecretTwice(input=_INPUT, id=id_) for id_ in twice)
    return together(lambda: found, *read)


def _line(reader: Reader, number: int, line: str, sources: Path, mask: Callable[[str], Secret]) -> Read[BuildSecret]:
    return reader.read(lambda: parse_secret(line, number, environment=reader.environment, sources=sources, mask=mask))


def parse_secret(
    line: str, number: int, *, environment: Mapping[str, str], sources: Path, mask: Callable[[str], Secret]
) -> BuildSecret:
    """Return the secret of line `number`; the value is everything after the first `=`.

    Raises:
        BuildSecretInvalid: when it has none of the three forms; the line itself is not shown, because it may be secret.
        BuildSecretEmpty, BuildSecretTooLarge, BuildSecretFileMissing, BuildSecretVariableMissing: in these cases.
        VariableNotExpanded: when the secret is an unexpanded `$(variable)`.
    """
    form = _FORM.fullmatch(line)
    if form is None or _DOCKERS_FORM.match(line.strip()):
        raise BuildSecretInvalid(input=_INPUT, number=number)
    id_, sign, rest = form.groups()
    if "src=" in sign or "source=" in sign:
        return BuildSecret(id=id_, content=_file(id_, rest.strip(), sources, mask))
    text = rest if sign == "=" else _variable(id_, rest.strip(), environment)
    if not text:
        raise BuildSecretEmpty(input=_INPUT, id=id_)
    secret = mask(text)
    _confirm_expanded(text)
    _confirm_size(id_, len(text.encode(errors="surrogateescape")))
    return BuildSecret(id=id_, content=secret)


def note_mounts(reader: Reader, secrets: Iterable[BuildSecret], dockerfile: Path) -> None:
    """Note each secret that is given but not mounted by the Dockerfile, and the reverse."""
    given = {secret.id for secret in secrets}
    mounted = mounted_secrets(read_dockerfile(dockerfile))
    for id_ in mounted:
        if id_ not in given:
            reader.notes.append(f"the Dockerfile mounts the secret {id_}, but buildSecrets does not define it")
    for id_ in sorted(given.difference(mounted)):
        reader.notes.append(f"no instruction mounts the secret {id_} (RUN --mount=type=secret,id={id_} …)")


def warn_of_copied_files(reader: Reader, secrets: Iterable[BuildSecret], dockerfile: Path, context: Path) -> None:
    """Warn about a secret file that `COPY .` copies into the image, such as npmAuthenticate@0's .npmrc."""
    files = {one.id: one.content for one in secrets if not isinstance(one.content, Secret)}
    for id_, file in files.items():
        if can_be_copied(file, context=context, dockerfile=dockerfile):
            reader.warnings.append(_COPIED.format(id=id_, path=shown(file, context)))


def warn_of_seen_secrets(reader: Reader, arguments: Sequence[BuildArgument], flags: Iterable[str]) -> None:
    """Warn about secrets that others can read: build arguments stay in the image, flags are on the command line.

    Source: https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/
    """
    known = tuple(value for value in secret_values(reader.environment) if len(value) >= _SHORTEST_KNOWN)
    for argument in arguments:
        value = argument.value if argument.value is not None else reader.environment.get(argument.name, "")
        if why := _why_secret(argument.name, value, known):
            reader.warnings.append(_TOLD.format(name=argument.name, id=argument.name.lower(), why=why))
    if any(secret in flag for flag in flags for secret in known):
        reader.warnings.append(
            "arguments contains the value of a secret variable, which every user of this agent can read on Docker's "
            "command line; use buildSecrets instead"
        )


_COPIED = (
    "the file of the build secret {id} is in the build context, so COPY . copies it into the image: add {path} to "
    ".dockerignore"
)
_TOLD = (
    "the build argument {name} {why}: build arguments can be read in the image's history and in the build cache. "
    "Pass it in buildSecrets ({id}=…), and read it in the Dockerfile with RUN --mount=type=secret,id={id} "
    "(docs/builds-with-credentials.md)"
)


def _why_secret(name: str, value: str, known: tuple[str, ...]) -> str:
    if any(secret in value for secret in known):
        return "contains the value of a secret variable"
    return "is named like a secret" if looks_secret(name) and not _NO_SECRET.fullmatch(value) else ""


def _variable(id_: str, name: str, environment: Mapping[str, str]) -> str:
    """Return an environment variable, or else a pipeline variable; secret ones have a prefix in the environment.

    Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
    """
    agents = variable_name(name)
    for key in (name, agents, f"SECRET_{agents}"):
        if value := environment.get(key):
            return value
    raise BuildSecretVariableMissing(input=_INPUT, id=id_, name=name)


def _file(id_: str, path: str, sources: Path, mask: Callable[[str], Secret]) -> Path:
    _confirm_expanded(path)
    file = within_checkout(sources / path, sources=sources, input_name=_INPUT)
    try:
        _confirm_size(id_, file.stat().st_size)
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BuildSecretFileMissing(input=_INPUT, id=id_, path=shown(file, sources), reason=reason) from error
    for line in content.decode("utf-8-sig", errors="ignore").splitlines()[:_LONGEST_MASKED]:
        if len(line.strip()) >= _WORTH_MASKING:
            mask(line.strip())
    return file


def _confirm_expanded(text: str) -> None:
    if found := UNEXPANDED.fullmatch(text.strip()):
        raise VariableNotExpanded(input=_INPUT, value=text.strip(), variable=found.group(1))


def _confirm_size(id_: str, size: int) -> None:
    if size > _LARGEST:
        raise BuildSecretTooLarge(input=_INPUT, id=id_, kilobytes=-(-size // 1024))
