"""`npm run soak:agent`: many runs in a row on one agent, and what each leaves behind.

Every tenth is a whole deployment, the others build and push; each has a change of its own. What may grow is what
Docker keeps of builds: its images (one that a run made, with its tag) and its build cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT
from tests.local_azure.azure import LocalAzure
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from tests.pipeline import Pipeline

_WHOLE = 10
_WARM = 2
"""Runs after which what is made once is there: the folders of Docker and of buildx."""
_CAPTIONS = ("home", "temp", "checkout", "work", "processes", "builders", "containers", "volumes", "untagged", "images")
_MAY_GROW = frozenset({"images"})
_DOCKER = {
    "builders": ("buildx", "ls", "--format", "{{.Name}}"),
    "containers": ("container", "ls", "--all", "--quiet"),
    "volumes": ("volume", "ls", "--quiet"),
    "untagged": ("image", "ls", "--quiet", "--filter", "dangling=true"),
    "images": ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}"),
}


def main() -> int:
    """Run as often as asked; return 0 when every run succeeded and nothing grew."""
    parser = argparse.ArgumentParser(prog="npm run soak:agent --", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, metavar="N", help="how many runs (200)")
    runs = parser.parse_args().runs
    with (
        tempfile.TemporaryDirectory(prefix="soak-agent-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
    ):
        azure.reset()
        with a_pipeline(azure, Path(folder)) as pipeline:
            pipeline.agent.machine["TMPDIR"] = str(_made(Path(folder) / "tmp"))
            failed = sum(_failed(pipeline, number) for number in range(_WARM))
            before = _counted(pipeline, Path(folder))
            began = time.monotonic()
            failed += sum(_failed(pipeline, number) for number in range(_WARM, runs + _WARM))
            seconds = time.monotonic() - began
            return _tell(runs, failed, seconds, before, _counted(pipeline, Path(folder)))


def _failed(pipeline: Pipeline, number: int) -> bool:
    """Run once; tell whether it failed."""
    (pipeline.sources / "number.txt").write_text(str(number))
    whole = number % _WHOLE == 0
    run = pipeline.run({} if whole else {"command": "buildAndPush", "appName": ""}, build_id=str(number))
    if run.result != "Succeeded":
        _say(f"run {number} ended {run.result}\n{run.log}")
    return run.result != "Succeeded"


def _counted(pipeline: Pipeline, folder: Path) -> Counter[str]:
    """Return how many files, processes and things of Docker there are; summaries are the agent's to delete."""
    work, temp = pipeline.agent.job.folder, pipeline.agent.job.temp
    kept = [path for path in _files(work) if temp not in path.parents or path.suffix != ".md"]
    return Counter(
        {
            "home": len(_files(folder / "home")),
            "temp": len(_files(folder / "tmp")),
            "checkout": len(_files(pipeline.sources)),
            "work": len(kept),
            "processes": len(pipeline.agent.orphans()),
            **{name: len(_docker(pipeline, *command)) for name, command in _DOCKER.items()},
        }
    )


def _docker(pipeline: Pipeline, *arguments: str) -> list[str]:
    environment = {**os.environ, **pipeline.agent.machine}
    told = subprocess.run(["docker", *arguments], env=environment, capture_output=True, text=True, check=True)
    return told.stdout.split()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _tell(runs: int, failed: int, seconds: float, before: Counter[str], after: Counter[str]) -> int:
    grown = [name for name in _CAPTIONS if after[name] > before[name] and name not in _MAY_GROW]
    too_many = after["images"] - before["images"] > runs
    _say(f"{runs} runs in {seconds:.0f} s, {failed} failed\n")
    _say(f"{'':<12}{'before':>8}{'after':>8}")
    for name in _CAPTIONS:
        _say(f"{name:<12}{before[name]:>8}{after[name]:>8}{'   GREW' if name in grown else ''}")
    return 1 if failed or grown or too_many else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main())
