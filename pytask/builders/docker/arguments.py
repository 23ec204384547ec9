"""Build arguments and extra `docker build` flags, as people paste them."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.builders.docker.build_flags import DROPPED, INSTEAD, SHORT, SWITCHES, WITH_VALUE
from pytask.builders.docker.shell_words import split_words
from pytask.errors.build_arguments import (
    ArgumentNotAFlag,
    ArgumentRefused,
    ArgumentsUnreadable,
    ArgumentWithoutValue,
    BuildArgumentInvalid,
)
from pytask.model import BuildArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_KNOWN = WITH_VALUE | SWITCHES
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_STEERS_DOCKER = re.compile(
    r"(?:docker|buildx|buildkit|moby|otel|xdg|ssh|ssl|ld|dyld)_\w+|(?:https?|ftp|all|no)_proxy"
    r"|go\w+|path|home|tmpdir|user|lang|lc_\w+|tz|term|columns|lines|no_color|kubeconfig",
    re.IGNORECASE,
)
"""Variables that the docker command, its plugins or their libraries read themselves.
https://docs.docker.com/reference/cli/docker/#environment-variables
https://docs.docker.com/build/building/variables/#build-tool-configuration-variables"""
_SECRET_NAME = re.compile(
    r".*(?:token|passw(?:or)?d|passphrase|secret|credential|apikey|connection_?string)s?\d*"
    r"|(?:.*_)?(?:pat|pwd|sas)|.*(?<!public)(?<!cache)_key",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenFlags:
    """What the input `arguments` adds to `docker build`."""

    words: tuple[str, ...] = ()
    """Flags for the command line; a known flag is joined to its value by `=`."""
    arguments: tuple[BuildArgument, ...] = ()
    """The build arguments among them."""
    notes: tuple[str, ...] = ()
    """What was left out, or may be a mistake."""


def parse_build_arguments(text: str, *, input_name: str) -> tuple[BuildArgument, ...]:
    """Return the build arguments of `KEY=VALUE` lines; the value is everything after the first `=`.

    Raises:
        BuildArgumentInvalid: for a line that is not a build argument.
    """
    lines = enumerate((line.strip("\r") for line in text.split("\n")), start=1)
    return tuple(_build_argument(line, input_name, f"line {number}") for number, line in lines if line.strip())


def parse_flags(text: str, *, input_name: str) -> GivenFlags:
    """Return the extra flags for `docker build`, with the build arguments separate.

    The text is split the way a shell splits words, but never passed to a shell.

    Raises:
        ArgumentsUnreadable: when a quote does not close.
        ArgumentRefused: for a flag that the task sets itself.
        ArgumentWithoutValue, ArgumentNotAFlag: for a flag without its value, or a word that is not a flag.
        BuildArgumentInvalid: for `--build-arg` without a name.
    """
    try:
        words = split_words(text)
    except ValueError as error:
        raise ArgumentsUnreadable(input=input_name, reason=str(error)) from error
    flags = tuple(_read(words, input_name))
    arguments = tuple(_pasted_argument(value or "", input_name) for name, value in flags if name == "--build-arg")
    kept = (flag for flag in flags if flag[0] not in {"--build-arg", *DROPPED})
    dropped = dict.fromkeys(name for name, _ in flags if name in DROPPED)
    return GivenFlags(
        words=tuple(word for flag in kept for word in _written(*flag)),
        arguments=arguments,
        notes=(*(f"{name} in {input_name} is ignored: {DROPPED[name]}" for name in dropped), *_unquoted(arguments)),
    )


def flag_names(words: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the flags on a command line, without repeats and without values, which may be secret."""
    named = (word.partition("=")[0] for word in words if word.startswith("--"))
    short = (word[:2] for word in words if word.startswith("-") and not word.startswith("--"))
    return tuple(dict.fromkeys((*named, *short)))


def steers_docker(name: str) -> bool:
    """Tell whether a build argument of this name would affect the docker command as an environment variable."""
    return bool(_STEERS_DOCKER.fullmatch(name))


def looks_secret(name: str) -> bool:
    """Tell whether a name suggests a secret."""
    return bool(_SECRET_NAME.fullmatch(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)))


def _read(words: Iterable[str], input_name: str) -> Iterator[tuple[str, str | None]]:
    """Yield each flag's long name and its value, or None when it has no value."""
    rest, before = deque(words), ""
    total = len(rest)
    while rest:
        number = total - len(rest) + 1
        word = rest.popleft()
        if word == ".":
            raise ArgumentRefused(input=input_name, flag=word, instead="set buildContext")
        if not word.startswith("-") or word in {"-", "--"}:
            after = f", after {before}," if before else ""
            raise ArgumentNotAFlag(input=input_name, number=number, after=after)
        for name, value in _long(word, rest, input_name) if word.startswith("--") else _short(word, rest, input_name):
            before = flag_names((name,))[0]
            yield name, value


def _long(word: str, rest: deque[str], input_name: str) -> Iterator[tuple[str, str | None]]:
    name, equals, value = word.partition("=")
    _refuse(name, name, input_name)
    if name not in _KNOWN:
        yield word, None if equals else _possible_value(rest)
    elif equals or name in SWITCHES:
        yield name, value if equals else None
    else:
        yield name, _value(name, rest, input_name)


def _short(word: str, rest: deque[str], input_name: str) -> Iterator[tuple[str, str | None]]:
    """Yield the flags in a word such as `-qm2g`: switches, then a flag whose value is the rest or the next word."""
    for position, letter in enumerate(word[1:], start=2):
        name = SHORT.get(letter, "")
        _refuse(name, f"-{letter}", input_name)
        if not name:
            yield word, _possible_value(rest)
            return
        if name in WITH_VALUE:
            yield name, word[position:].removeprefix("=") or _value(f"-{letter}", rest, input_name)
            return
        yield name, None


def _possible_value(rest: deque[str]) -> str | None:
    """Return what may be the value of an unknown flag, which a newer version of Docker may have."""
    return rest.popleft() if rest and not rest[0].startswith("-") else None


def _value(flag: str, rest: deque[str], input_name: str) -> str:
    if not rest or rest[0].partition("=")[0] in _KNOWN:
        raise ArgumentWithoutValue(input=input_name, flag=flag)
    return rest.popleft()


def _refuse(name: str, written: str, input_name: str) -> None:
    if name in INSTEAD:
        raise ArgumentRefused(input=input_name, flag=written, instead=INSTEAD[name])


def _written(name: str, value: str | None) -> tuple[str, ...]:
    """Return a flag as command-line words; the value of an unknown flag stays a separate word."""
    if value is None:
        return (name,)
    return (f"{name}={value}",) if name in _KNOWN else (name, value)


def _unquoted(arguments: Iterable[BuildArgument]) -> Iterator[str]:
    for argument in arguments:
        value = argument.value or ""
        if value[:1] + value[-1:] in {"{}", "[]"} and not _is_json(value):
            yield (
                f"the value of --build-arg {argument.name} looks like JSON without its quotation marks, which a shell "
                "removes; put single quotes around it"
            )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _build_argument(text: str, input_name: str, where: str) -> BuildArgument:
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name.strip()):
        raise BuildArgumentInvalid(input=input_name, where=where)
    return BuildArgument(name=name.strip(), value=value)


def _pasted_argument(text: str, input_name: str) -> BuildArgument:
    """Return one `--build-arg`; a bare name takes its value from the environment, as Docker does."""
    if _NAME.fullmatch(text):
        return BuildArgument(name=text, value=None)
    return _build_argument(text, input_name, "a --build-arg")
