"""Mistakes in build arguments and extra build flags."""

# None of these shows a value, because it may be a secret.

from __future__ import annotations

from pytask.errors.inputs import InputMistake

_FLAGS_LINK = "https://docs.docker.com/reference/cli/docker/buildx/build/#options"


class BuildArgumentInvalid(InputMistake):
    """A build argument that is not `KEY=VALUE`."""

    where: str
    code = "build-argument-invalid"
    title = "a build argument is not KEY=VALUE"
    happened = "{where} of {input} is not KEY=VALUE; it is not shown because it may contain a secret"
    cause = "each build argument needs a name, then '=', then the value; the name begins with a letter or '_'"
    fix = "write KEY=VALUE, one on each line of buildArgs; the value may contain spaces and more '=' characters"


class ArgumentsUnreadable(InputMistake):
    """Build flags with an unclosed quotation mark."""

    reason: str
    code = "arguments-unreadable"
    title = "the input arguments cannot be split into words"
    happened = "{reason}"
    cause = "arguments is split into words as a shell splits them, so every quotation mark must be closed"
    fix = "close the quotation, or write a backslash before a quotation mark that is part of the value"


class ArgumentRefused(InputMistake):
    """A build flag that the task sets itself."""

    flag: str
    instead: str
    code = "argument-refused"
    title = "{flag} cannot be used in arguments"
    happened = "{input} contains {flag}"
    cause = "the task sets this flag itself, or the flag would leave no image to deploy"
    fix = "remove {flag} from arguments; {instead}"


class ArgumentNotAFlag(InputMistake):
    """A word that is neither a flag nor the value of one."""

    number: int
    after: str
    code = "argument-not-a-flag"
    title = "word {number} of arguments is neither a flag nor the value of one"
    happened = "word {number} of {input}{after} does not begin with a hyphen; it is not shown because it may be secret"
    cause = (
        "arguments takes flags of docker build. KEY=VALUE by itself is not a flag, the path of the build context does not "
        "belong here, and without quotation marks a value that contains spaces (JSON, for example) is several words"
    )
    fix = (
        "write KEY=VALUE lines in buildArgs, set the folder in buildContext, and put a value with spaces or double "
        "quotation marks in single quotation marks: --build-arg 'KEY=a value'"
    )
    link = _FLAGS_LINK


class ArgumentWithoutValue(InputMistake):
    """A flag whose value is missing."""

    flag: str
    code = "argument-without-value"
    title = "{flag} in arguments has no value"
    happened = "{input} contains {flag}, followed by another flag or nothing"
    cause = "this flag takes a value; the value was left out, or it comes from an empty variable"
    fix = "write the value after {flag}, or remove {flag}"
    link = _FLAGS_LINK


class ArgumentsNotUnderstood(InputMistake):
    """Arguments that Docker rejects before it builds anything."""

    said: str
    flags: str
    code = "arguments-not-understood"
    title = "docker build does not accept its arguments"
    happened = "docker build stopped before it built anything"
    cause = "{said}"
    fix = (
        "correct or remove this in {input} (it contains {flags}); for a flag that this version of Docker does not know, "
        "update Docker and buildx on the agent, or leave the flag out"
    )
    link = _FLAGS_LINK


class ArgumentsNeedContainerd(InputMistake):
    """A flag that Docker's classic image store does not support: attestations, cache export."""

    said: str
    flags: str
    code = "arguments-need-containerd"
    title = "a flag in arguments needs the containerd image store"
    happened = "docker build stopped before it built anything: {said}"
    cause = "the Docker engine keeps its images in the classic store, which cannot hold what this flag adds"
    fix = (
        "remove the flag from {input} (it contains {flags}), or turn on the containerd image store on the agent: set "
        "containerd-snapshotter to true under features in /etc/docker/daemon.json, and restart Docker"
    )
    link = "https://docs.docker.com/engine/storage/containerd/"
