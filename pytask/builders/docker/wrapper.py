"""Whether a docker command is Docker's own program, and what a wrapper around it passes on.

Build arguments reach Docker through its environment, and secrets through file descriptors. A wrapper, usually a script
that calls sudo, may drop either, and Docker would then build without them and report nothing.
"""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from pytask.builders.docker.handover import handed_over
from pytask.builders.docker.process import answer, read_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCKERS_OWN = ("docker", "com.docker.cli")
_SMALLEST = 8_000_000
"""Bytes. Docker's program has been larger than 20 million since 17.06; scripts and shims are far smaller."""
_NOT_THERE = ("does not exist", "context not found")
"""Docker's messages up to 20.10, and since then."""
_ENVIRONMENT, _DESCRIPTORS = "environment-arrived", "descriptors-arrived"


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedOn:
    """What a docker command passes on to Docker."""

    environment: bool = True
    descriptors: bool = True


def is_dockers_own(path: str) -> bool:
    """Tell whether a docker command is Docker's own program, judged by name and size."""
    program = Path(path).resolve()
    try:
        return program.name.startswith(_DOCKERS_OWN) and program.stat().st_size >= _SMALLEST
    except OSError:
        return False


def passed_on(path: str, environment: Mapping[str, str], *, temporary: str, seconds: float) -> PassedOn:
    """Return what a docker command passes on, by asking it for two contexts of a configuration made for this.

    This needs no engine. One context's file is on disk, the other's is in a file descriptor. The environment counts as
    dropped only when Docker says that it looked elsewhere and found no such context; a program that does not understand
    the question says nothing either way.
    Source: https://docs.docker.com/reference/cli/docker/context/inspect/
    """
    with ExitStack() as until_answered:
        try:
            folder = Path(mkdtemp(prefix="docker-wrapper-", dir=temporary if Path(temporary).is_dir() else None))
            until_answered.callback(shutil.rmtree, folder, ignore_errors=True)
            _file_of(folder, _ENVIRONMENT).write_bytes(_context(_ENVIRONMENT))
            link = _file_of(folder, _DESCRIPTORS)
        except OSError:
            # A full or read-only disk: nothing can be asked, and most wrappers pass everything on.
            return PassedOn()
        handed = until_answered.enter_context(handed_over([_context(_DESCRIPTORS)]))
        link.symlink_to(handed.paths[0])
        question = [path, "context", "inspect", "--format", "{{.Name}}", _ENVIRONMENT, _DESCRIPTORS]
        given = {**environment, "DOCKER_CONFIG": str(folder)}
        said = read_answer(answer(question, given, descriptors=handed.descriptors), seconds)
    looked_elsewhere = f'context "{_ENVIRONMENT}"' in said and any(words in said for words in _NOT_THERE)
    return PassedOn(
        environment=not looked_elsewhere or str(folder) in said, descriptors=_DESCRIPTORS in said.splitlines()
    )


def _file_of(folder: Path, context: str) -> Path:
    """Return the file where Docker looks for a context, and make its folder.

    Source: https://github.com/docker/cli/blob/master/cli/context/store/doc.go
    """
    place = folder / "contexts" / "meta" / sha256(context.encode()).hexdigest()
    place.mkdir(parents=True)
    return place / "meta.json"


def _context(name: str) -> bytes:
    endpoint = {"Host": "unix:///nowhere/docker.sock", "SkipTLSVerify": False}
    return json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}).encode()
