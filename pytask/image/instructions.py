"""What a Dockerfile asks for from outside of its context, as far as its text tells.

Source: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOUNT = re.compile(r"--mount=(\S+)")
_ARG = re.compile(r"^[ \t]*ARG[ \t]+(.+)$", re.MULTILINE | re.IGNORECASE)
_DEFAULT = re.compile(r"""([A-Za-z_]\w*)=["']?([^"'\s]*)""")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?[^}]*\})")
_IMAGE = re.compile(
    r"(?:(?<=docker-image://)|(?<![\w./:@$}-]))([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?)/[a-z0-9]", re.IGNORECASE
)
_AS_DEEP_AS_PEOPLE_NEST = 4


def registries_named(dockerfile: str, arguments: Mapping[str, str], flags: Iterable[str]) -> frozenset[str]:
    """Give the hosts of the registries that a build may pull from.

    Every text in the form of an image with a host counts, wherever it stands: FROM, COPY --from, RUN --mount,
    `# syntax=`, the default of an ARG, a build argument, a flag such as --build-context. One too many does no harm:
    BuildKit asks only for the credentials of what it pulls.
    """
    defaults = (default for line in _ARG.findall(dockerfile) for default in _DEFAULT.findall(line))
    known = {**dict(defaults), **arguments}
    text = "\n".join([dockerfile, *arguments.values(), *flags])
    for _ in range(_AS_DEEP_AS_PEOPLE_NEST):
        text = _VARIABLE.sub(lambda found: _replaced(found, known), text)
    return frozenset(host.lower() for host in _IMAGE.findall(text) if _is_host(host))


def mounted_secrets(dockerfile: str) -> tuple[str, ...]:
    """Give the ids of the secrets that `RUN --mount=type=secret` names, each once; one with a variable is left out.

    Source: https://docs.docker.com/reference/dockerfile/#run---mounttypesecret
    """
    text = "\n".join(line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    ids = (_secret_of(mount) for mount in _MOUNT.findall(text))
    return tuple(dict.fromkeys(id_ for id_ in ids if id_ and "$" not in id_))


def _replaced(found: re.Match[str], known: Mapping[str, str]) -> str:
    """Give a variable's value, else the default beside it, else leave it as it is."""
    plain, braced, default = found.groups()
    return known.get(plain or braced) or default or found.group()


def _is_host(part: str) -> bool:
    """Tell whether the first part of an image's name is a host.

    Source: https://pkg.go.dev/github.com/distribution/reference#pkg-overview
    """
    return "." in part or ":" in part or part == "localhost"


def _secret_of(mount: str) -> str:
    """Give the id of a secret's mount, which is the last part of its target when it is not given."""
    fields = dict(_field(part) for part in next(csv.reader([mount]), []))
    if fields.get("type") != "secret":
        return ""
    target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
    return fields.get("id") or target.rpartition("/")[2]


def _field(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value
