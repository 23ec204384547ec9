"""What a Dockerfile uses from outside its context, judged by its text.

Source: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from pytask.builders.docker.syntax import arguments_of, expanded, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytask.builders.docker.syntax import Dockerfile, Instruction

_BETWEEN_IMAGES = re.compile(r"""[\s"'=,;()<>\[\]|&`]+""")
_SCHEME = "docker-image://"
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*(?::[0-9]+)?", re.IGNORECASE)
_SETS_VARIABLES = frozenset({"ARG", "ENV"})


def registries_named(dockerfile: Dockerfile, arguments: Mapping[str, str], flags: Iterable[str]) -> frozenset[str]:
    """Return the hosts of the registries that a build may pull from, in lower case.

    Any text that looks like an image with a host counts: in FROM, COPY --from, RUN --mount, `# syntax=`, the default of
    an ARG, a build argument, or a flag such as --build-context. Extra hosts do no harm: BuildKit asks only for the
    credentials of registries that it pulls from.
    """
    instructions = (text for _, text in with_variables(dockerfile, arguments))
    texts = [*dockerfile.directives.values(), *instructions, *arguments.values(), *flags]
    return frozenset(host for text in texts for host in _hosts(text))


def mounted_secrets(dockerfile: Dockerfile) -> tuple[str, ...]:
    """Return the ids of the secrets in `RUN --mount=type=secret`, without repeats; ids with a variable are left out.

    Source: https://docs.docker.com/reference/dockerfile/#run---mounttypesecret
    """
    runs = (one.text for one in dockerfile.instructions if one.name == "RUN")
    ids = (_secret_of(mount) for text in runs for mount in mounts_of(text))
    return tuple(dict.fromkeys(id_ for id_ in ids if id_ and "$" not in id_))


def with_variables(dockerfile: Dockerfile, arguments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name of each instruction, and its text with the variables replaced.

    FROM uses the arguments declared before the first stage; everything else uses those of its own stage. A declaration
    without a default inherits the earlier one's.
    """
    above: dict[str, str] = {}
    stage: dict[str, str] | None = None
    for one in dockerfile.instructions:
        if one.name == "FROM":
            stage = {}
        known = above if stage is None else stage
        if one.name in _SETS_VARIABLES:
            known.update(_declared(one, known, above, arguments))
        yield one.name, expanded(one.text, above if one.name == "FROM" else known)


def _declared(
    one: Instruction, known: Mapping[str, str], above: Mapping[str, str], arguments: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for name, default in arguments_of(one.text):
        given = arguments.get(name) if one.name == "ARG" else None
        value = expanded(default, known) if default is not None else above.get(name)
        if name and (given or value):
            yield name, given or value or ""


def _hosts(text: str) -> Iterator[str]:
    """Yield the hosts of everything in a text that looks like an image.

    Source: https://pkg.go.dev/github.com/distribution/reference#pkg-overview
    """
    for word in _BETWEEN_IMAGES.split(text):
        host, slash, repository = word.removeprefix(_SCHEME).partition("/")
        named = "." in host or ":" in host or host.lower() == "localhost"
        if slash and named and repository[:1].isalnum() and _HOST.fullmatch(host) and not host.endswith((".", "-")):
            yield host.lower()


def mounts_of(text: str) -> Iterator[str]:
    """Yield the values of a RUN's `--mount=` flags, which come before the command; `text` follows the name."""
    for word in words(text):
        if not word.startswith("--"):
            return
        name, _, mount = word.partition("=")
        if name == "--mount":
            yield mount


def _secret_of(mount: str) -> str:
    """Return the id of a secret mount; it defaults to the last part of the target."""
    try:
        fields = dict(_field(part) for part in next(csv.reader([mount]), []))
    except csv.Error:
        return ""
    if fields.get("type") != "secret":
        return ""
    target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
    return fields.get("id") or target.rpartition("/")[2]


def _field(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value
