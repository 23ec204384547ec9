"""Mistakes in the inputs about the build."""

from __future__ import annotations

from dataclasses import dataclass

from pytask.errors.inputs import InputMistake


@dataclass(kw_only=True, eq=False)
class BuildArgumentInvalid(InputMistake):
    """A build argument that is no `KEY=VALUE`."""

    line: str
    code = "build-argument-invalid"
    title = "a build argument is not KEY=VALUE"
    happened = "{input} has the line '{line}'"
    cause = "each build argument stands on a line of its own as KEY=VALUE; KEY begins with a letter or '_'"
    mend = "write it as KEY=VALUE (the value may hold spaces and further '=')"


@dataclass(kw_only=True, eq=False)
class ArgumentsUnreadable(InputMistake):
    """Build flags whose quotes do not close."""

    reason: str
    code = "arguments-unreadable"
    title = "the input arguments cannot be split into words"
    happened = "{reason}"
    cause = "arguments is split as a shell splits words, so each quote needs its partner"
    mend = "close the quote, or write a backslash before a quote that is meant literally"


@dataclass(kw_only=True, eq=False)
class ArgumentRefused(InputMistake):
    """A build flag that has an input of its own."""

    flag: str
    instead: str
    code = "argument-refused"
    title = "{flag} does not belong into arguments"
    happened = "arguments holds {flag}"
    cause = "the task sets this itself"
    mend = "take {flag} out; {instead}"


@dataclass(kw_only=True, eq=False)
class PlatformInvalid(InputMistake):
    """A platform that is not one `os/architecture`."""

    value: str
    code = "platform-invalid"
    title = "'{value}' is not one platform"
    happened = "{input} reads '{value}'"
    cause = "a Function App runs one image for one platform, written os/architecture"
    mend = "set platform to linux/amd64 (what Function Apps run) or leave it out"


@dataclass(kw_only=True, eq=False)
class DockerfileNotFound(InputMistake):
    """No file matches `dockerFile`."""

    pattern: str
    folder: str
    seen: str
    code = "dockerfile-not-found"
    title = "there is no Dockerfile at {pattern}"
    happened = "no file below {folder} matches {pattern}{seen}"
    cause = "dockerFile points elsewhere, the file is not in the repository, or the job did not check it out"
    mend = "set dockerFile to the file's path from the repository's root, such as src/app/Dockerfile (case matters)"


@dataclass(kw_only=True, eq=False)
class DockerfileAmbiguous(InputMistake):
    """More than one file matches `dockerFile`."""

    pattern: str
    matches: str
    code = "dockerfile-ambiguous"
    title = "more than one Dockerfile matches {pattern}"
    happened = "these match:\n{matches}"
    cause = "taking the first would build whichever the file system happens to list first"
    mend = "set dockerFile to one of them"


@dataclass(kw_only=True, eq=False)
class ContextNotFound(InputMistake):
    """`buildContext` is not a folder."""

    path: str
    code = "context-not-found"
    title = "the build context {path} is not a folder"
    happened = "{input} gives {path}, which is not there or is a file"
    cause = "the build context is the folder whose files COPY can reach"
    mend = "set buildContext to a folder from the repository's root, or leave it out for the Dockerfile's own folder"
