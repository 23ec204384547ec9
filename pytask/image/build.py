"""`docker build` with BuildKit."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pytask.errors.docker import AgentDiskFull, BuildFailed, EngineUnreachable
from pytask.image.dockerfile import shown
from pytask.image.process import end, lines, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytask.clock import Patience
    from pytask.errors import TaskFailure
    from pytask.image.cli import DockerCli
    from pytask.model import Plan

_REMEMBERED = 60


def build(
    plan: Plan,
    cli: DockerCli,
    *,
    environment: Mapping[str, str],
    full_environment: Mapping[str, str],
    patience: Patience,
    say: Callable[[str], None],
    stop_when: Callable[[Callable[[], None]], None],
) -> None:
    """Build the image and leave it in the engine under the plan's references.

    `environment` is what the docker command gets; `full_environment` is where a build argument without a value takes
    it from. `stop_when` is handed what ends the build, for the one who knows that it has become pointless.

    Raises:
        BuildFailed, EngineUnreachable, AgentDiskFull: when it does not succeed.
    """
    values = _values(plan, full_environment)
    tail: deque[str] = deque(maxlen=_REMEMBERED)
    with running(
        command_line(plan, cli, environment),
        folder=plan.recipe.sources,
        environment={**environment, **buildkit_environment(), **_by_environment(values, environment)},
        seconds_to_end=patience.child_exit,
    ) as process:
        stop_when(lambda: end(process, patience.child_exit))
        if process.stdout:
            _follow(lines(process.stdout), tail, say)
        exit_code = process.wait()
    if exit_code != 0:
        raise failure(plan, exit_code, tail)


def command_line(plan: Plan, cli: DockerCli, environment: Mapping[str, str]) -> list[str]:
    """Give the arguments of `docker build`.

    Values of build arguments stay out of it, as every user of the machine can read it. The exception is a name that
    the docker command itself reads, HTTP_PROXY say: in its environment the value would steer the command.
    """
    words = [
        cli.path,
        "build",
        "--progress=plain",
        f"--platform={plan.recipe.platform}",
        f"--file={plan.recipe.dockerfile}",
    ]
    words += [f"--tag={reference}" for reference in plan.references]
    words += [f"--target={plan.recipe.target}"] if plan.recipe.target else []
    words += [f"--label={key}={value}" for key, value in plan.recipe.labels]
    for argument in plan.recipe.arguments:
        stays_out = argument.value is None or argument.name not in environment
        words += ["--build-arg", argument.name if stays_out else f"{argument.name}={argument.value}"]
    return [*words, *plan.recipe.flags, str(plan.recipe.context)]


def buildkit_environment() -> dict[str, str]:
    """Give what makes any docker command build one plain image with BuildKit, in its own default builder.

    Without default attestations the result is one manifest and not an index, also in containerd's image store.
    An environment variable says it to every version; the flag `--provenance` is refused by old ones.
    Source: https://docs.docker.com/build/metadata/attestations/#default-attestations
    """
    return {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDX_BUILDER": "default"}


def _values(plan: Plan, full_environment: Mapping[str, str]) -> dict[str, str]:
    taken = {
        argument.name: full_environment.get(argument.name)
        for argument in plan.recipe.arguments
        if argument.value is None
    }
    given = {argument.name: argument.value for argument in plan.recipe.arguments if argument.value is not None}
    return {name: value for name, value in {**taken, **given}.items() if value is not None}


def _by_environment(values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in environment}


def _follow(output: Iterable[str], tail: deque[str], say: Callable[[str], None]) -> None:
    for line in output:
        say(line)
        if line.strip():
            tail.append(line)


def failure(plan: Plan, exit_code: int, tail: Iterable[str]) -> TaskFailure:
    """Give the failure behind the last lines of a build's output."""
    text = list(tail)
    errors = [line for line in text if line.lower().lstrip().startswith(("error", "failed to"))]
    reason = errors[-1].strip() if errors else (text[-1].strip() if text else "it printed nothing")
    whole = "\n".join(text).lower()
    if "cannot connect to the docker daemon" in whole or "permission denied while trying to connect" in whole:
        return EngineUnreachable(detail=reason)
    if "no space left on device" in whole:
        return AgentDiskFull(detail=reason)
    return BuildFailed(
        dockerfile=shown(plan.recipe.dockerfile, plan.recipe.sources), exit_code=exit_code, reason=reason
    )
