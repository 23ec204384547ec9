"""Failures of the build cache: mistakes in its inputs, and why it could not be written, which ends no run."""

from __future__ import annotations

from pytask.errors.base import TaskFailure
from pytask.errors.inputs import InputMistake


class CacheIsTheImage(InputMistake):
    """The build cache and the image would share a repository."""

    repository: str
    code = "cache-is-the-image"
    title = "the build cache cannot be in the image's own repository"
    happened = "{input} and imageName both name the repository {repository}"
    cause = (
        "the cache's tags would be among the image's tags, so a rule that cleans up one would also clean up the other"
    )
    fix = "leave {input} empty, which means {repository}-cache, or name another repository"


class CacheRegistryUnknown(InputMistake):
    """A build that pushes nothing, with a cache in no particular registry."""

    suggestion: str
    code = "cache-registry-unknown"
    title = "the registry of the build cache is not known"
    happened = "with command: build, {input} has no registry, and neither imageName nor azureContainerRegistry names one by its login server"
    cause = "only a command that pushes looks up the login server of a registry that is given by name"
    fix = "set {input} to the full name, such as {suggestion}"


class CacheNotWritten(TaskFailure):
    """The build succeeded, but its cache could not be put into the registry."""

    reference: str
    detail: str
    code = "cache-not-written"
    title = "the build cache {reference} was not written"
    happened = "{detail}"
    cause = (
        "usually the identity may push only to the image's repository, or the registry is full or could not be reached"
    )
    fix = "give the identity AcrPush on the registry (Container Registry Repository Writer for the cache's repository where the registry uses ABAC), or set cache: registryReadOnly; the next build starts from what the cache had before"
