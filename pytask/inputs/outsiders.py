"""Guarding lists against text that others choose, such as branch names, commit messages and people's names.

The agent inserts variables into an input as text, so a branch named `a,b` becomes two tags, and the second line of a
commit message becomes a setting of its own.
Source: https://learn.microsoft.com/azure/devops/pipelines/security/inputs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytask.agent.environment import variable
from pytask.errors.inputs import InputMistake, VariableSplitsInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.inputs.reader import Reader

_CHOSEN_BY_OTHERS: Final = (
    "Build.SourceBranch",
    "Build.SourceBranchName",
    "Build.SourceVersionMessage",
    "Build.SourceVersionAuthor",
    "Build.RequestedFor",
    "Build.RequestedForEmail",
    "Build.QueuedBy",
    "System.PullRequest.SourceBranch",
    "System.PullRequest.TargetBranch",
    "System.PullRequest.SourceRepositoryURI",
    "Release.ReleaseDescription",
    "Release.RequestedFor",
    "Release.Deployment.RequestedFor",
)
"""https://learn.microsoft.com/azure/devops/pipelines/build/variables"""
_IN_ITS_PLACE = "v-0a1b2c3d4e"
_FEWEST = 2
"""Characters. A single one occurs everywhere, and a lone separator comes from the pipeline's author."""


def confirm_whole(reader: Reader, name: str, count: Callable[[str], int]) -> None:
    """Note a mistake when such a variable's value in an input adds entries; `count` returns their number."""
    text = reader.text(name)
    for one in _CHOSEN_BY_OTHERS:
        value = variable(reader.environment, one).strip()
        if len(value) >= _FEWEST and value in text and _counted(text, count) != _counted(_without(text, value), count):
            reader.mistakes.append(VariableSplitsInput(input=name, variable=one))
            return


def _without(text: str, value: str) -> str:
    return text.replace(value, _IN_ITS_PLACE)


def _counted(text: str, count: Callable[[str], int]) -> int:
    try:
        return count(text)
    except InputMistake:
        return -1
