"""What is packed for ACR Tasks is what Docker would send, on 500 patterns by chance, with a real engine.

Docker's rules have changed since 20.10 (https://github.com/docker/buildx/issues/850); those of today are meant, so that
`npm run test:engines -- --engine classic tests/stand_ins/test_ignore_rules.py` shows it.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from pytask.builders.context import entries
from pytask.builders.docker.cli import find_docker
from pytask.errors.acr_context import IgnorePatternInvalid
from tests.local_azure.engine.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES, PATTERNS = 100, 5
"""Ignore files, and the patterns of each."""
FIRST = 23
"""The first version whose builds all go through buildx."""
NAMES = ("a", "b", "ab", "a.b", "abc", "node_modules", "x.log", ".env", "[z]", "a b", "Über", "#c", "d-1", "*s")
PIECES = (
    *NAMES,
    "*",
    "?",
    "**",
    "*.*",
    "a*",
    "*b",
    "[ab]",
    "[a-c]*",
    "[^a]*",
    "**b",
    "a**",
    "\\*s",
    "\\[z\\]",
    "..",
    ".",
)
ODD = ("[", "[]", "a[", "!", "!!a", "/", "//a", "./a", "a/", " a ", "a//b", "[a-]", "\\", "a\\")


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory, session_folder: Path) -> Iterator[list[str]]:
    """Return the docker command, with an engine of its own behind it."""
    engine = Engine(name="ignore", folder=session_folder / "ignore", environment={})
    engine.start()
    home = str(tmp_path_factory.mktemp("home"))
    environment = {"PATH": os.environ["PATH"], "HOME": home, "DOCKER_HOST": engine.url, "DOCKER_BUILDKIT": "1"}
    try:
        found = find_docker(environment, 30)
        if int(found.version.partition(".")[0]) < FIRST:
            pytest.skip(f"Docker {found.version} has the rules of before")
        yield ["env", *(f"{name}={value}" for name, value in environment.items()), found.path]
    finally:
        engine.stop()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with folders in folders, whose names patterns may match in many ways."""
    root = tmp_path_factory.mktemp("context")
    chance = random.Random(7)  # noqa: S311 - the same names each time
    folders = [root]
    for _ in range(40):
        below = chance.choice(folders) / chance.choice(NAMES)
        if len(below.relative_to(root).parts) < 5 and not below.is_file():
            below.mkdir(exist_ok=True)
            folders.append(below)
    for number, folder in enumerate(dict.fromkeys(folders)):
        for name in chance.sample(NAMES, 4):
            if not (folder / name).exists():
                (folder / name).write_text(str(number))
    (root / "link").symlink_to("a")
    (root / "empty").mkdir(exist_ok=True)
    return root


def a_pattern(chance: random.Random) -> str:
    if chance.random() < 0.04:
        return chance.choice(ODD)
    text = "/".join(chance.choice(PIECES) for _ in range(chance.randint(1, 4)))
    return ("!" if chance.random() < 0.35 else "") + ("/" if chance.random() < 0.1 else "") + text


def test_docker_sends_what_is_packed(docker: list[str], context: Path, tmp_path: Path) -> None:
    for seed in range(FILES):
        assert_sent_as_packed(docker, context, tmp_path, seed)


def assert_sent_as_packed(docker: list[str], context: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same patterns each time
    lines = [a_pattern(chance) for _ in range(PATTERNS)]
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("\n".join(lines) + "\n")
    words = ["build", "--no-cache", f"--file={tmp_path}/Dockerfile", "--output=type=tar,dest=-", str(context)]
    built = subprocess.run([*docker, *words], capture_output=True, check=False)
    try:
        packed = {entry.path for entry in entries(context, tmp_path / "Dockerfile")}
    except IgnorePatternInvalid:
        assert built.returncode != 0, lines
        return
    assert built.returncode == 0, (lines, built.stderr.decode()[-600:])
    with tarfile.open(fileobj=io.BytesIO(built.stdout)) as archive:
        sent = {name for name in (one.name.strip("/").removeprefix("./") for one in archive) if name not in {"", "."}}
    assert packed == sent, (lines, "only packed", sorted(packed - sent)[:9], "only sent", sorted(sent - packed)[:9])
