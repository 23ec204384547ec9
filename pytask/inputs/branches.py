"""The branch that a run builds, and the branches whose build cache may help it.

Source of the variables: https://learn.microsoft.com/azure/devops/pipelines/build/variables
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytask.agent.environment import variable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEADS = "refs/heads/"
_PULL_REQUEST = re.compile(r"refs/pull/(\d+)/(?:merge|head)", re.ASCII)
_USUAL = ("main", "master")
"""The default branch's name, where nothing says it."""
_TOLD_BY_GIT = re.compile(r"ref: refs/remotes/origin/(\S+)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Branches:
    """What a run builds, and the branches that it came from."""

    own: str
    """`main`, `feature/x`, `pull/12` for a pull request, `refs/tags/v1` for a tag; empty where nothing says it."""
    before: tuple[str, ...]
    """The target branch of a pull request, and the default branch or what it may be called; best first."""
    distrusted: str = ""
    """Why what this run builds must not be used by later ones; empty when it may be."""


def read_branches(environment: Mapping[str, str], sources: Path, default: str = "") -> Branches:
    """Return the branches of this run; `default` is the default branch, where the step names it.

    The agent does not say which branch is the default one. A checkout may know it, as a clone does and the agent's own
    checkout does not; else the usual names are tried.
    """
    ref = variable(environment, "Build.SourceBranch")
    own = _name(ref)
    target = _name(variable(environment, "System.PullRequest.TargetBranch"))
    defaults = (default,) if default else _default_of(sources) or _USUAL
    before = tuple(dict.fromkeys(one for one in (target, *defaults) if one and one != own))
    # Of a repository whose default branch is `main`, `main` itself came from no other.
    is_default = own in defaults and not target
    return Branches(own=own, before=() if is_default else before, distrusted=_why_distrusted(environment, ref))


def _why_distrusted(environment: Mapping[str, str], ref: str) -> str:
    """Return why a run may not fill a cache: whoever can open a pull request from a fork could put layers into it.

    A pull request's branch that is built without the variables of a pull request may be of a fork as well.
    """
    if not ref:
        return "the agent does not say which branch this is"
    if variable(environment, "System.PullRequest.IsFork").lower() == "true" or _is_elsewhere(environment):
        return "this is a run for a pull request from a fork"
    of_pull_request = _PULL_REQUEST.fullmatch(ref) is not None
    if of_pull_request and not variable(environment, "System.PullRequest.TargetBranch"):
        return "this may be a run for a pull request from a fork"
    return ""


def _is_elsewhere(environment: Mapping[str, str]) -> bool:
    """Tell whether a pull request's source is another repository than the one that is built."""
    source = _repository(variable(environment, "System.PullRequest.SourceRepositoryURI"))
    built = _repository(variable(environment, "Build.Repository.Uri"))
    return bool(source and built) and source != built


def _repository(address: str) -> str:
    """Return what distinguishes a repository's addresses: host and path, without user, case and `.git`."""
    try:
        parts = urlsplit(address.strip().lower())
    except ValueError:
        return address
    return f"{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/').removesuffix('.git')}" if address else ""


def _name(ref: str) -> str:
    if found := _PULL_REQUEST.fullmatch(ref):
        return f"pull/{found.group(1)}"
    return ref.removeprefix(_HEADS)


def _default_of(sources: Path) -> tuple[str, ...]:
    """Return the default branch that git remembers of the remote it cloned; empty when it does not.

    Source: https://git-scm.com/docs/git-remote#Documentation/git-remote.txt-set-head
    """
    with suppress(OSError, ValueError):
        told = (sources / ".git" / "refs" / "remotes" / "origin" / "HEAD").read_text(encoding="utf-8")
        if found := _TOLD_BY_GIT.fullmatch(told):
            return (found.group(1),)
    return ()
