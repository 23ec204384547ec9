"""The task on an agent whose disk is full or read-only: the image is built all the same, or the disk is named."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.scripted_engine import IMAGE, a_scripted_engine, stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.scripted_engine import Answer

ROOT = Path(__file__).parents[2]
DOCKER = """#!/bin/sh
case "$1" in
  version) echo '{"Client":{"Version":"28.0.4"},"Server":{"Version":"28.0.4","Os":"linux","ApiVersion":"1.44"}}';;
  buildx) echo buildx v0.29;;
  build) test -r "${DOCKER_CONFIG:-$HOME/.docker}/config.json"; echo "#1 writing image %s done";;
esac
"""
DISKS = ["full", "read-only"]


def saved() -> Answer:
    """Return an image of no layers, as an engine exports it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, text in {
            "c.json": b'{"rootfs":{"diff_ids":[]},"config":{}}',
            "manifest.json": b'[{"Config":"c.json","Layers":[]}]',
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return stream(file.getvalue())


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, folder: Path) -> Iterator[Path]:
    """Return a folder that nothing can be written to, with an environment's folders in it."""
    place = folder / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=40", "small", str(place)], check=True)
    try:
        for name in ("sources", "temp", "home"):
            (place / name).mkdir()
        (place / "sources" / "Dockerfile").write_text("FROM scratch\n")
        fill = f"cat /dev/zero > {place}/all; i=0; while : > {place}/$i; do i=$((i+1)); done"
        if request.param == "full":
            subprocess.run(["sh", "-c", fill], check=False, capture_output=True)
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def run(disk: Path, folder: Path, engine: str) -> str:
    """Return the log of a build on this disk."""
    command = folder / "docker"
    command.write_text(DOCKER % IMAGE["Id"])
    command.chmod(0o755)
    environment = {
        "INPUT_COMMAND": "build",
        "INPUT_IMAGENAME": "shop",
        "BUILD_BUILDID": "7",
        "BUILD_SOURCESDIRECTORY": str(disk / "sources"),
        "SYSTEM_DEFAULTWORKINGDIRECTORY": str(disk / "sources"),
        "AGENT_TEMPDIRECTORY": str(disk / "temp"),
        "TMPDIR": str(disk / "temp"),
        "HOME": str(disk / "home"),
        "DOCKER_HOST": engine,
        "PATH": f"{folder}:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    reading, writing = os.pipe()  # the shim holds it open
    started = [sys.executable, "-m", "pytask"]
    done = subprocess.run(
        started, check=True, env=environment, stdin=reading, capture_output=True, text=True, timeout=60, cwd=disk
    )
    os.close(reading)
    os.close(writing)
    assert done.stderr == ""
    return done.stdout


def test_an_image_is_built_and_inspected_and_the_missing_summary_is_told(disk: Path, folder: Path) -> None:
    with a_scripted_engine(folder / "engine", save=saved()) as engine:
        log = run(disk, folder, engine.url)
    assert "Inspected in" in log
    assert "##vso[task.complete result=Succeeded]" in log
    assert "the summary could not be written" in log
