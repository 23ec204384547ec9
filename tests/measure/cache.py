"""`npm run measure:cache`: what `cache: registry` saves on an agent that starts empty, on engines of both image stores.

Each engine is Docker of Debian sid. Every run is the task itself with `command: buildAndPush`, on an engine without
images and without a build cache. `--store`, `--shape` and `--runs` take a part. With `--inline`, on the
classic store, the builds after the first read the cache of each stage on its own, which is how inline caches are meant
to be read: it shows how often that misses.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT, STORE
from tests.engines.debian import provide_root
from tests.engines.run import in_root, run
from tests.local_azure.azure import LocalAzure
from tests.measure.cache_shapes import RAN, shapes, write
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline

STORES = ("classic", "containerd")
SLOW, SHORT = 60.0, 3.0
"""Seconds of the slow step: of the shape `three`, and of the others."""
MOST_OF_THE_FIRST, MOST_FOR_EXPORT = 0.2, 0.1


def main() -> int:
    """Measure on each store; return 1 where a budget was not kept or a build missed."""
    parser = argparse.ArgumentParser(prog="npm run measure:cache --", description=__doc__)
    parser.add_argument("--store", choices=STORES, action="append")
    parser.add_argument("--shape", choices=list(shapes(SHORT)), action="append")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--inline", action="store_true")
    asked = parser.parse_args()
    if STORE:
        return _measured(asked)
    codes = []
    for store in asked.store or STORES:
        with in_root(provide_root(ROOT / ".cache")) as enter:
            command = [*enter, "python3", "-m", "tests.measure.cache", *sys.argv[1:]]
            codes.append(run(command, {"ENGINE_STORE": store}))
    return max(codes)


def _measured(asked: argparse.Namespace) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="measure-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
        a_pipeline(azure, Path(folder) / "pipeline") as pipeline,
    ):
        bench = Bench(pipeline, inline=asked.inline)
        chosen = asked.shape or list(shapes(SHORT))
        kept = [bench.slow()] if "three" in chosen and not asked.inline else []
        kept += [bench.hits(shape, asked.runs) for shape in chosen if shape != "three" or asked.inline]
    return 0 if all(kept) else 1


class Bench:
    """A pipeline whose agent starts empty at every run."""

    def __init__(self, pipeline: Pipeline, *, inline: bool) -> None:
        self._pipeline = pipeline
        self._inline = inline

    def slow(self) -> bool:
        """Measure a step of a minute: what the first build's export costs, and what the next builds take."""
        lines = shapes(SLOW)["three"]
        plain = self._run(lines, 0, cache="none").seconds
        first = self._run(lines, 0).seconds
        unchanged, changed = self._run(lines, 0), self._run(lines, 1)
        costs, ratios = (first - plain) / plain, [one.seconds / first for one in (unchanged, changed)]
        _say(f"{STORE:<11} 60 s step   without cache {plain:.1f} s, first {first:.1f} s (+ {costs:.1%})")
        for told, one, ratio in zip(("unchanged", "last stage changed"), (unchanged, changed), ratios, strict=True):
            _say(f"{'':<23} {told} {one.seconds:.1f} s = {ratio:.2f} of the first (limit {MOST_OF_THE_FIRST})")
        return costs <= MOST_FOR_EXPORT and max(ratios) <= MOST_OF_THE_FIRST

    def hits(self, shape: str, runs: int) -> bool:
        """Build a shape, then again and again; count the builds that ran no slow step.

        Every other build finds the source as the one before left it: what such a build writes has to serve the next.
        """
        lines = shapes(SHORT)[shape]
        first = self._run(lines, 0, repository=shape)
        again = [self._run(lines, number // 2, repository=shape) for number in range(1, runs + 1)]
        hits = sum(not RAN.search(one.log) for one in again)
        seconds = ", ".join(f"{one.seconds:.1f}" for one in again)
        _say(f"{STORE:<11} {shape:<11} first {first.seconds:.1f} s, then {seconds} s; {hits} hits of {runs}")
        return hits == runs

    def _run(self, lines: list[str], number: int, *, cache: str = "registry", repository: str = "three") -> TaskRun:
        self._empty()
        shutil.rmtree(self._pipeline.sources)
        write(self._pipeline.sources, lines, number)
        inputs = {"command": "buildAndPush", "appName": "", "cache": cache, "imageName": repository}
        run = self._pipeline.run({**inputs, **self._arguments(repository)}, build_id=str(number), timeout=240)
        if run.result != "Succeeded":
            raise RuntimeError(run.log)
        return run

    def _arguments(self, repository: str) -> dict[str, str]:
        """Return the inputs with which the task only writes, and BuildKit reads each stage's own cache."""
        tags = {push.reference for push in self._pipeline.registry.pushes if push.repository == f"{repository}-cache"}
        stages = sorted(tag for tag in tags if self._inline and "." in tag)
        host = self._pipeline.registry.login_server
        sources = [f"--cache-from=type=registry,ref={host}/{repository}-cache:{tag}" for tag in stages]
        return {"arguments": "\n".join(sources), "cache": "none"} if sources else {}

    def _empty(self) -> None:
        engine = self._pipeline.azure.agent_engine
        engine.stop()
        shutil.rmtree(engine.data, ignore_errors=True)
        engine.start()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
