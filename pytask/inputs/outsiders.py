"""Text that others choose (branches, commit messages, names of people), where it would become entries of its own.

The agent puts variables into an input as text, so a branch named `a,b` becomes two tags, and a commit message of two
lines becomes a setting and something else.
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
"""Characters. A single one stands everywhere, and a separator alone is what the author of the pipeline wrote."""


def confirm_whole(reader: Reader, name: str, count: Callable[[str], int]) -> None:
    """Note a mistake where the value of such a variable stands in an input and adds entries; `count` counts them."""
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
