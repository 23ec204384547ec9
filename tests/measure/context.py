"""`npm run measure:context`: how much of a 65 MB build context is sent again, with each docker command there is.

BuildKit sends what has changed, as long as the command that asks is known to it: by an id that the command keeps beside
its configuration. The figures are those of BuildKit's own line `transferring context`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT
from tests.images import BASE, private_base
from tests.local_azure.azure import LocalAzure
from tests.measure.sample import Sample
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from tests.pipeline import Pipeline

MOST_SENT_AGAIN = 1_000_000
"""Bytes."""
_LINE = re.compile(r"transferring context: ([\d.]+)(B|kB|MB|GB)")
_UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
_MORE = 5_000_000
"""Bytes that make 65 MB of the sample."""
_FIRST_WITH_A_PLUGIN = 23
"""https://docs.docker.com/engine/release-notes/23.0/"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The bytes of context that three builds sent, one after the other."""

    first: int
    unchanged: int
    """When nothing had changed since."""
    one_file: int
    """When one small file had."""

    @property
    def spared(self) -> bool:
        """Whether what had not changed was not sent again."""
        return max(self.unchanged, self.one_file) < MOST_SENT_AGAIN


def docker_commands() -> dict[str, str]:
    """Return the docker commands of this machine that can do BuildKit: by their version, where each is."""
    found: dict[str, str] = {}
    for folder in os.get_exec_path():
        path = shutil.which("docker", path=folder)
        version = re.search(r"version (\d+)[\d.]*", _answer(path, "--version")) if path else None
        if path and version and (int(version[1]) < _FIRST_WITH_A_PLUGIN or "buildx" in _answer(path, "buildx version")):
            found.setdefault(version[0].removeprefix("version "), path)
    return found


def sent(log: str) -> int:
    """Return the bytes of context that a build sent, as its output tells."""
    return round(max((float(number) * _UNITS[unit] for number, unit in _LINE.findall(log)), default=0))


def with_command(pipeline: Pipeline, docker: str) -> None:
    """Have the agent's machine find this docker command first."""
    folder = pipeline.sources.parent / "first"
    folder.mkdir(exist_ok=True)
    (folder / "docker").unlink(missing_ok=True)
    (folder / "docker").symlink_to(docker)
    if not pipeline.agent.machine["PATH"].startswith(str(folder)):
        pipeline.agent.machine["PATH"] = os.pathsep.join([str(folder), pipeline.agent.machine["PATH"]])


def measured(pipeline: Pipeline, sample: Sample, base: str, *, new_home: bool = False) -> Sent:
    """Build a new context from a base image, then the same, then one with a change."""
    dockerfile = pipeline.sources / "Dockerfile"
    (pipeline.sources / "HttpTriggerSample" / "model").write_bytes(os.urandom(_MORE))
    dockerfile.write_text(re.sub(r"(?m)^FROM .*", f"FROM {base}", dockerfile.read_text()))
    sample.renew()
    first = _built(pipeline, new_home=new_home)
    unchanged = _built(pipeline, new_home=new_home)
    sample.touch()
    return Sent(first=first, unchanged=unchanged, one_file=_built(pipeline, new_home=new_home))


def main() -> int:
    """Measure and print; give 1 when a context was sent again that had not changed."""
    with (
        tempfile.TemporaryDirectory(prefix="measure-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
        a_pipeline(azure, Path(folder) / "pipeline") as pipeline,
    ):
        sample, more = Sample(pipeline.sources), _MORE / 1e6
        private = private_base(azure, pipeline.registry)
        _say(f"a context of {sample.megabytes + more:.1f} MB in {sample.files} files; sent, in bytes:")
        _say(f"{'docker':<10}{'configuration':<34}{'first':>12}{'unchanged':>12}{'one file':>12}")
        kept = [_row(pipeline, sample, *command, private) for command in docker_commands().items()]
    return 0 if all(kept) else 1


def _row(pipeline: Pipeline, sample: Sample, version: str, docker: str, private: str) -> bool:
    with_command(pipeline, docker)
    lost = measured(pipeline, sample, BASE, new_home=True)
    users, ours = measured(pipeline, sample, BASE), measured(pipeline, sample, private)
    for name, figures in {"a new one for each run": lost, "the user's": users, "laid over the user's": ours}.items():
        _say(f"{version:<10}{name:<34}{figures.first:>12,}{figures.unchanged:>12,}{figures.one_file:>12,}")
    return users.spared and ours.spared


def _built(pipeline: Pipeline, *, new_home: bool) -> int:
    if new_home:
        shutil.rmtree(Path(pipeline.agent.machine["HOME"], ".docker"), ignore_errors=True)
    run = pipeline.run(command="build", addSourceLabels="false")
    if run.result != "Succeeded":
        raise RuntimeError(run.log)
    return sent(run.log)


def _answer(docker: str, words: str) -> str:
    done = subprocess.run([docker, *words.split()], capture_output=True, text=True, check=False, timeout=30)
    return done.stdout if done.returncode == 0 else ""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
