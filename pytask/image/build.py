"""`docker build` with BuildKit."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pytask.agent.environment import without_the_agents_own
from pytask.errors.docker import AgentDiskFull, BuildFailed, EngineUnreachable
from pytask.image.dockerfile import shown
from pytask.image.process import end, lines, running
from pytask.image.trouble import network_trouble, trouble_inside
from pytask.network.relay import along

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytask.errors import TaskFailure
    from pytask.image.cli import DockerCli
    from pytask.job import Job
    from pytask.model import Plan, Recipe

_REMEMBERED = 60
_NO_ENGINE = ("connect to the docker daemon", "connect to the docker api")


def build(
    job: Job, plan: Plan, recipe: Recipe, cli: DockerCli, *, stop_when: Callable[[Callable[[], None]], None]
) -> None:
    """Build the image and leave it in the engine under the plan's references.

    The docker command gets the environment without the agent's own; a build argument without a value takes it from the
    whole. `stop_when` is handed what ends the build, for the one who knows that it has become pointless.

    Raises:
        BuildFailed, EngineUnreachable, AgentDiskFull: when it does not succeed.
    """
    environment = without_the_agents_own(job.environment)
    values = _by_environment(_values(recipe, job.environment), environment)
    tail: deque[str] = deque(maxlen=_REMEMBERED)
    with (
        along(job.network, environment) as way,
        running(
            command_line(recipe, plan.references, cli, environment),
            folder=recipe.sources,
            environment={**way.environment, **buildkit_environment(), **values},
            seconds_to_end=job.patience.child_exit,
        ) as process,
    ):
        stop_when(lambda: end(process, job.patience.child_exit))
        if process.stdout:
            _follow(lines(process.stdout), tail, job.console.line)
        exit_code = process.wait()
    if exit_code != 0:
        raise failure(recipe, exit_code, tail, way.failures)


def command_line(
    recipe: Recipe, references: Iterable[str], cli: DockerCli, environment: Mapping[str, str]
) -> list[str]:
    """Give the arguments of `docker build`.

    Values of build arguments stay out of it, as every user of the machine can read it. The exception is a name that
    the docker command itself reads, HTTP_PROXY say: in its environment the value would steer the command.
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
        stays_out = argument.value is None or argument.name not in environment
        words += ["--build-arg", argument.name if stays_out else f"{argument.name}={argument.value}"]
    return [*words, *recipe.flags, str(recipe.context)]


def buildkit_environment() -> dict[str, str]:
    """Give what makes any docker command build one plain image with BuildKit, in its own default builder.

    Without default attestations the result is one manifest and not an index, also in containerd's image store.
    An environment variable says it to every version; the flag `--provenance` is refused by old ones.
    Source: https://docs.docker.com/build/metadata/attestations/#default-attestations
    """
    return {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDX_BUILDER": "default"}


def _values(recipe: Recipe, full_environment: Mapping[str, str]) -> dict[str, str]:
    taken = {
        argument.name: full_environment.get(argument.name) for argument in recipe.arguments if argument.value is None
    }
    given = {argument.name: argument.value for argument in recipe.arguments if argument.value is not None}
    return {name: value for name, value in {**taken, **given}.items() if value is not None}


def _by_environment(values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in environment}


def _follow(output: Iterable[str], tail: deque[str], say: Callable[[str], None]) -> None:
    for line in output:
        say(line)
        if line.strip():
            tail.append(line)


def failure(
    recipe: Recipe, exit_code: int, tail: Iterable[str], refusals: Mapping[str, TaskFailure] | None = None
) -> TaskFailure:
    """Give the failure behind the last lines of a build's output; `refusals` are those the command met, by host."""
    text = list(tail)
    errors = [line for line in text if line.lower().lstrip().startswith(("error", "failed to"))]
    reason = errors[-1].strip() if errors else (text[-1].strip() if text else "it printed nothing")
    whole = "\n".join(text).lower()
    for host, refusal in (refusals or {}).items():
        if host in whole:
            return refusal
    if trouble := network_trouble(reason):
        return trouble
    if any(sign in whole for sign in _NO_ENGINE):
        return EngineUnreachable(detail=reason)
    if "no space left on device" in whole:
        return AgentDiskFull(detail=reason)
    dockerfile = shown(recipe.dockerfile, recipe.sources)
    inside = trouble_inside(dockerfile, reason, text)
    return inside or BuildFailed(dockerfile=dockerfile, exit_code=exit_code, reason=reason)
