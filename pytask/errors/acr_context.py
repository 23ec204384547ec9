"""Failures of packing a build context for ACR Tasks."""

from __future__ import annotations

from pytask.errors.base import TaskFailure


class IgnorePatternInvalid(TaskFailure):
    """A line of an ignore file that Docker does not accept."""

    pattern: str
    reason: str
    code = "ignore-pattern-invalid"
    title = "the ignore file has an invalid pattern: {pattern}"
    happened = "'{pattern}' cannot be read: {reason}"
    cause = "a character class ([…]) is not closed, or the pattern ends with a backslash; Docker refuses to build with such a file"
    fix = "correct the line in .dockerignore (or the Dockerfile's own <name>.dockerignore); put a backslash before a [ that is part of a name"
    link = "https://docs.docker.com/build/concepts/context/#dockerignore-files"


class ContextUnreadable(TaskFailure):
    """A file of the build context that cannot be read."""

    path: str
    reason: str
    code = "context-unreadable"
    title = "{path} cannot be read for the build"
    happened = "{path}: {reason}"
    cause = "the agent's user may not read it, or it was removed while the context was packed"
    fix = "give the agent's user permission to read it, or leave it out of the context with a line in .dockerignore"


class ContextChanged(TaskFailure):
    """A file of the build context that changed while it was read."""

    path: str
    code = "context-changed"
    title = "{path} changed while the build context was packed"
    happened = "the file became shorter while it was being read"
    cause = "another process on this agent is writing to it, such as one that an earlier step left running"
    fix = "end that process before this step, or leave the file out of the context with a line in .dockerignore"
