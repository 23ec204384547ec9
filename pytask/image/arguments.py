"""Build arguments and further `docker build` flags, as people paste them."""

from __future__ import annotations

import re
import shlex

from pytask.errors.build_inputs import ArgumentRefused, ArgumentsUnreadable, BuildArgumentInvalid
from pytask.model import BuildArgument

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_INSTEAD = {
    "--tag": "name the image with imageName and tags",
    "--file": "set dockerFile",
    "--output": "the image is pushed to the registry and nowhere else",
    "--push": "the task pushes by itself",
    "--load": "the image is always loaded into the engine",
    "--secret": "give it in buildSecrets: id=value, id,src=path or id,env=NAME",
    "--platform": "set platform",
    "--progress": "the log needs Docker's plain output",
    "--iidfile": "the output imageDigest names the image",
    "--metadata-file": "the output imageDigest names the image",
}
_STEERS_DOCKER = re.compile(
    r"(?:docker|buildx|buildkit|moby|otel|xdg|ssh|ssl|ld|dyld)_\w+|(?:https?|ftp|all|no)_proxy"
    r"|go\w+|path|home|tmpdir|user|lang|lc_\w+|tz|term|columns|lines|no_color|kubeconfig",
    re.IGNORECASE,
)
"""Variables that the docker command, its plugins or what they are made with read themselves.
https://docs.docker.com/reference/cli/docker/#environment-variables
https://docs.docker.com/build/building/variables/#build-tool-configuration-variables"""
_SECRET_NAME = re.compile(
    r".*(?:token|passw(?:or)?d|passphrase|secret|credential|apikey|connection_?string)s?\d*"
    r"|(?:.*_)?(?:pat|pwd|sas)|.*(?<!public)(?<!cache)_key",
    re.IGNORECASE,
)
_SHORT = {"-t": "--tag", "-f": "--file", "-o": "--output"}


def parse_build_arguments(text: str, *, input_name: str) -> tuple[BuildArgument, ...]:
    """Give the build arguments of `KEY=VALUE` lines; the value is taken as it stands behind the first `=`.

    Raises:
        BuildArgumentInvalid: for a line that is none.
    """
    lines = (line.strip("\r") for line in text.split("\n"))
    return tuple(_build_argument(line, input_name) for line in lines if line.strip())


def parse_flags(text: str, *, input_name: str) -> tuple[tuple[str, ...], tuple[BuildArgument, ...]]:
    """Give further flags for `docker build`, and the build arguments among them by themselves.

    The text is split as a shell splits words, and never given to a shell.

    Raises:
        ArgumentsUnreadable: when a quote does not close.
        ArgumentRefused: for a flag that the task sets itself.
        BuildArgumentInvalid: for `--build-arg` without a name.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ArgumentsUnreadable(input=input_name, reason=str(error)) from error
    flags: list[str] = []
    arguments: list[BuildArgument] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name == "--build-arg":
            arguments.append(_pasted_argument(value if equals else next(rest, ""), input_name))
        else:
            _refuse(word, name, input_name)
            flags.append(word)
    return tuple(flags), tuple(arguments)


def steers_docker(name: str) -> bool:
    """Tell whether a build argument of this name would steer the docker command, were it in its environment."""
    return bool(_STEERS_DOCKER.fullmatch(name))


def looks_secret(name: str) -> bool:
    """Tell whether a name is one that people give to secrets."""
    return bool(_SECRET_NAME.fullmatch(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)))


def _refuse(word: str, name: str, input_name: str) -> None:
    long = name if name.startswith("--") else _SHORT.get(word[:2], "")
    if long in _INSTEAD:
        raise ArgumentRefused(input=input_name, flag=name, instead=_INSTEAD[long])
    if word == ".":
        raise ArgumentRefused(input=input_name, flag=word, instead="set buildContext")


def _build_argument(line: str, input_name: str) -> BuildArgument:
    name, equals, value = line.partition("=")
    if not equals or not _NAME.fullmatch(name.strip()):
        raise BuildArgumentInvalid(input=input_name, line=name if equals else line)
    return BuildArgument(name=name.strip(), value=value)


def _pasted_argument(text: str, input_name: str) -> BuildArgument:
    """Give one `--build-arg`; a bare name takes its value from the environment, as Docker does."""
    if _NAME.fullmatch(text):
        return BuildArgument(name=text, value=None)
    return _build_argument(text, input_name)
