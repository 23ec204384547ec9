"""`docker build` with BuildKit."""

from __future__ import annotations

import csv
import re
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from pytask.agent.environment import temporary_folders, without_the_agents_own
from pytask.builders.docker.arguments import steers_docker
from pytask.builders.docker.build_output import LONGEST_LINE
from pytask.builders.docker.configuration import WayIn, current_context, lent_configuration
from pytask.builders.docker.diagnosis import failure
from pytask.builders.docker.handover import handed_over
from pytask.builders.docker.process import end, lines, running
from pytask.errors.docker_command import ImageNotLoaded
from pytask.errors.foreign import shortened
from pytask.model import Secret
from pytask.network.relay import along, engine_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from pytask.builders.builder import Logins, Machine
    from pytask.builders.docker.cli import DockerCli
    from pytask.builders.docker.configuration import Lent
    from pytask.model import BuildArgument, Recipe, RegistryHost, RegistryLogin
    from pytask.network.relay import Along

_REMEMBERED = 400
"""Lines. Output of parallel steps is interleaved, and the end may show a long instruction of the Dockerfile."""
_EXPORTED = re.compile(
    r"#\d+ (?:writing image|exporting manifest(?: list)?) (sha256:[0-9a-f]{64})(?: [\d.]+s)?(?: done)?", re.ASCII
)
"""How BuildKit names the result in the classic and in the containerd image store. What a `RUN` prints has its time in
between. https://github.com/moby/buildkit/blob/master/exporter/containerimage/writer.go and
https://github.com/moby/moby/blob/master/daemon/internal/builder-next/exporter/mobyexporter/writer.go"""
_PROXY = re.compile(r"(?:https?|ftp|all)_proxy", re.IGNORECASE)
_NOT_LOADED = "Build result will only remain in the build cache"
"""https://github.com/docker/buildx/blob/master/build/build.go"""


def build(
    machine: Machine,
    recipe: Recipe,
    references: Sequence[str],
    cli: DockerCli,
    *,
    logins: Logins,
    stop_when: Callable[[Callable[[], None]], None],
    see: Callable[[str], None] = lambda _line: None,
) -> str:
    """Build the image, leave it in the engine with the references, and return its id there.

    The id is what BuildKit says it exported, and empty when it does not say. A tag is not enough to find the image
    again: another job may move the tag in a shared engine.

    The docker command gets the environment without the agent's variables, but a build argument without a value may take
    it from those too. BuildKit asks for credentials through `logins`, and waits until the run has signed in.
    `stop_when` gets a function that ends the build, to call when it is pointless by now. `see` gets the output's lines.

    Raises:
        ImageNotLoaded: when the build succeeds but leaves the image outside the engine.
        TaskFailure: why it failed, or why there were no credentials for a registry that BuildKit asked for.
    """
    recipe = replace(recipe, arguments=filled(recipe.arguments, machine.environment))
    environment = _without_secrets(without_the_agents_own(machine.environment), recipe)
    tail: deque[str] = deque(maxlen=_REMEMBERED)
    printed = _Printed()
    with (
        _on_its_way(machine, recipe, environment) as way,
        _configuration(machine, cli, environment, logins) as lent,
        handed_over(
            [text.encode(errors="surrogateescape") for text in _texts(recipe)], by_descriptors=cli.passes_descriptors
        ) as handed,
        running(
            command_line(recipe, references, cli, way.environment, handed.paths),
            folder=recipe.sources,
            environment=_commands_own(recipe, environment, way.environment, lent),
            seconds_to_end=machine.timeouts.child_exit,
            descriptors=(*lent.descriptors, *handed.descriptors),
        ) as process,
    ):
        stop_when(lambda: end(process, machine.timeouts.child_exit))
        if process.stdout:
            printed = _follow(lines(process.stdout, machine.console.redacted), tail, machine.console.line, see)
        exit_code = process.wait()
    if exit_code != 0:
        raise failure(recipe, exit_code, tail, refusals=way.failures, answers=lent.answers)
    if printed.elsewhere:
        raise ImageNotLoaded(reference=references[0], detail=printed.elsewhere)
    return printed.image


@contextmanager
def _on_its_way(machine: Machine, recipe: Recipe, environment: Mapping[str, str]) -> Iterator[Along]:
    """Yield the environment in which the docker command uses the agent's route, with what is hidden in it."""
    with along(machine.network, environment) as way:
        yield replace(way, environment=with_hidden_proxies(recipe, way.environment))


def _commands_own(
    recipe: Recipe, machine: Mapping[str, str], on_its_way: Mapping[str, str], lent: Lent
) -> dict[str, str]:
    """Return the environment of the docker command: the machine's, plus the variables that steer the build."""
    buildkit = buildkit_environment(current_context(machine))
    return {**on_its_way, **_values(recipe, on_its_way), **buildkit, **lent.environment}


def command_line(
    recipe: Recipe,
    references: Iterable[str],
    cli: DockerCli,
    environment: Mapping[str, str],
    handed: Sequence[str] = (),
) -> list[str]:
    """Return the arguments of `docker build`; `handed` has the paths of the secrets that are not in a file.

    Values of build arguments stay out of it, because every user of the machine can read a command line. The exception
    is a name that the docker command itself reads, such as HTTP_PROXY: in the environment it would affect the command,
    so that only a proxy with a password is there (`with_hidden_proxies`).
    Source of a build argument without a value: https://docs.docker.com/reference/cli/docker/build-legacy/#build-arg
    """
    words = [
        cli.path,
        "build",
        "--progress=plain",
        f"--platform={recipe.platform}",
        f"--file={recipe.dockerfile}",
    ]
    words += [f"--tag={reference}" for reference in references]
    words += [f"--target={recipe.target}"] if recipe.target else []
    words += [f"--label={key}={value}" for key, value in recipe.labels]
    for argument in recipe.arguments:
        stays_out = _stays_out(argument, environment)
        words += ["--build-arg", argument.name if stays_out else f"{argument.name}={argument.value}"]
    words += _secret_words(recipe, handed)
    cache, kind = recipe.cache, "" if cli.does_buildkit_itself else "type=registry,ref="
    words += [f"--cache-from={kind}{cache.reference(tag)}" for tag in cache.tags] if cache else []
    return [*words, *recipe.flags, str(recipe.context)]


def with_hidden_proxies(recipe: Recipe, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the docker command with the proxies that are build arguments and have a password.

    Go programs take a proxy from these variables. Where the command uses none, it still uses none afterwards; to its
    engine it goes directly in any case. Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy
    """
    hidden = {one.name: one.value for one in recipe.arguments if one.value and _is_proxy_with_password(one)}
    if not hidden:
        return {**environment}
    known = [environment.get(name, "") for name in ("NO_PROXY", "no_proxy")]
    direct = ",".join(dict.fromkeys(filter(None, (*known, engine_host(environment)))))
    has_proxy = any(value for name, value in environment.items() if _PROXY.fullmatch(name))
    # A build argument that is in no environment has no value, and gets none here.
    unset = {one.name for one in recipe.arguments if one.value is None}
    steers = dict.fromkeys({"NO_PROXY", "no_proxy"} - unset, direct if has_proxy else "*")
    return {**environment, **steers, **hidden}


def _is_proxy_with_password(argument: BuildArgument) -> bool:
    return bool(_PROXY.fullmatch(argument.name)) and "@" in (argument.value or "")


def buildkit_environment(context: str) -> dict[str, str]:
    """Return the variables that make any docker command build a single image with BuildKit, in the engine of a context.

    The builder with the context's name is its engine, whatever `docker buildx use` has selected.
    Without default attestations the result is a manifest and not an index, even in the containerd image store.
    Every version accepts the environment variable; old versions refuse the flag `--provenance`.
    Source: https://docs.docker.com/build/metadata/attestations/#default-attestations
    """
    return {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDX_BUILDER": context}


def _configuration(
    machine: Machine, cli: DockerCli, environment: Mapping[str, str], logins: Logins
) -> AbstractContextManager[Lent]:
    def login(host: RegistryHost) -> RegistryLogin | None:
        login_for = logins.signed_in.wait()
        return login_for(host) if login_for else None

    return lent_configuration(
        environment,
        cli,
        WayIn(hosts=logins.hosts, login=login),
        temporary=temporary_folders(machine.environment),
        warn=machine.console.warning,
    )


def _texts(recipe: Recipe) -> list[str]:
    """Return the secrets that are not in a file."""
    return [secret.content.reveal() for secret in recipe.secrets if isinstance(secret.content, Secret)]


def _without_secrets(environment: Mapping[str, str], recipe: Recipe) -> dict[str, str]:
    """Return an environment without the secrets that BuildKit gets another way, except what docker itself reads."""
    secret = frozenset(_texts(recipe))
    return {name: value for name, value in environment.items() if value not in secret or steers_docker(name)}


def _secret_words(recipe: Recipe, handed: Sequence[str]) -> Iterator[str]:
    """Yield the flags for the secrets: BuildKit reads each from a path, and parses the flag as a CSV row."""
    paths = iter(handed)
    for secret in recipe.secrets:
        path = secret.content if isinstance(secret.content, Path) else next(paths)
        row = StringIO()
        csv.writer(row, lineterminator="").writerow([f"id={secret.id}", f"src={path}"])
        yield f"--secret={row.getvalue()}"


def filled(arguments: Iterable[BuildArgument], environment: Mapping[str, str]) -> tuple[BuildArgument, ...]:
    """Return build arguments with values: a missing one comes from the environment, or else the argument is dropped."""
    filled = (replace(one, value=environment.get(one.name)) if one.value is None else one for one in arguments)
    return tuple(argument for argument in filled if argument.value is not None)


def _values(recipe: Recipe, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the build arguments that the docker command finds in its environment."""
    there = [argument for argument in recipe.arguments if _stays_out(argument, environment)]
    return {argument.name: argument.value for argument in there if argument.value is not None}


def _stays_out(argument: BuildArgument, environment: Mapping[str, str]) -> bool:
    """Tell whether an argument's value is in the command's environment instead of on its command line."""
    return argument.value in {None, environment.get(argument.name)} or not steers_docker(argument.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Printed:
    """What the docker command reports about the image."""

    image: str = ""
    """Its id in the engine."""
    elsewhere: str = ""
    """The warning about an image left outside the engine."""


def _follow(
    output: Iterable[str], tail: deque[str], say: Callable[[str], None], see: Callable[[str], None]
) -> _Printed:
    """Show what the command prints, and return what it reports about the image."""
    image = elsewhere = ""
    for line in output:
        say(line)
        see(line)
        if line.strip():
            tail.append(shortened(line, LONGEST_LINE))
        if _NOT_LOADED in line and not line.startswith("#"):
            elsewhere = line.strip()
        if exported := _EXPORTED.fullmatch(line.strip()):
            image = exported.group(1)
    return _Printed(image=image, elsewhere=elsewhere)
