"""The folders of a job: the Dockerfile in them or why there is none, and the folders shared by all steps."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytask.agent.environment import temporary_folders, variable
from pytask.builders.docker.dockerfile import find_dockerfile, shown
from pytask.builders.docker.syntax import is_utf16
from pytask.errors.build_inputs import (
    ArtifactsMissing,
    CheckoutMissing,
    CheckoutMissingInDeployment,
    DockerfileNotFound,
    DockerfileNotInArtifacts,
    DockerfileNotUtf8,
)
from pytask.errors.inputs import PathLeavesCheckout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.errors.inputs import InputMistake

_RELEASES = frozenset({"release", "deployment"})
"""Host types of a classic release's jobs, including those on deployment groups.
https://learn.microsoft.com/azure/devops/pipelines/release/variables#default-variables---system"""


def dockerfile_of_job(value: str, *, sources: Path, environment: Mapping[str, str], input_name: str) -> Path:
    """Return the one Dockerfile that a path or pattern matches in this job's sources.

    Raises:
        InputMistake: when there is none, or more than one, or Docker cannot read it.
    """
    try:
        found = find_dockerfile(value, sources=sources, input_name=input_name)
    except DockerfileNotFound as missing:
        if not Path(sources, value).is_relative_to(sources):
            raise
        raise _mistake(missing, sources, environment) from missing
    if is_utf16(found):
        raise DockerfileNotUtf8(input=input_name, path=shown(found, sources))
    return found


def within_checkout(path: Path, *, sources: Path, input_name: str) -> Path:
    """Return a path, unless it is in the checkout and a symbolic link there leads out of it.

    Raises:
        PathLeavesCheckout: in that case. A path that is outside without a link is the pipeline author's choice.
    """
    target = path.resolve()
    if Path(os.path.normpath(path)).is_relative_to(sources) and not target.is_relative_to(sources.resolve()):
        raise PathLeavesCheckout(input=input_name, path=shown(path, sources), target=str(target))
    return path


def shared_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders that every step writes to, which hold secure files and credentials of other steps.

    Source: https://learn.microsoft.com/azure/devops/pipelines/build/variables#agent-variables-devops-services
    """
    folders = (
        *temporary_folders(environment),
        variable(environment, "Agent.HomeDirectory"),
        environment.get("HOME", ""),
    )
    return tuple(Path(folder) for folder in folders if folder)


def _mistake(missing: DockerfileNotFound, sources: Path, environment: Mapping[str, str]) -> InputMistake:
    released = variable(environment, "System.HostType").lower() in _RELEASES
    if sources.is_dir() and not any(sources.iterdir()):
        # https://learn.microsoft.com/azure/devops/pipelines/process/deployment-jobs#support-for-output-variables
        deployment_job = variable(environment, "Strategy.Name") or variable(environment, "Environment.Name")
        kind = CheckoutMissingInDeployment if deployment_job else CheckoutMissing
        return (ArtifactsMissing if released else kind)(input=missing.input, folder=str(sources))
    if released:
        return DockerfileNotInArtifacts(
            input=missing.input, pattern=missing.pattern, folder=missing.folder, seen=missing.seen
        )
    return missing
