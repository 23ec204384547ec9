"""Building with BuildKit through the docker command, and pushing with the engine that then has the image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pytask.builders.builder import PushResult
from pytask.builders.docker.build import build
from pytask.builders.docker.cli import find_docker
from pytask.builders.docker.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from pytask.background import Background
    from pytask.builders.builder import CacheWork, Logins, Machine
    from pytask.builders.docker.cli import DockerCli
    from pytask.builders.docker.engine import Engine
    from pytask.errors import TaskFailure
    from pytask.model import BuildCache, BuiltImage, Recipe, RegistryLogin


def find_builder(machine: Machine) -> DockerBuilder:
    """Return the agent's Docker.

    Raises:
        TaskFailure: what this agent lacks.
    """
    cli = find_docker(machine.environment, machine.timeouts.engine, machine.asking)

    @cache
    def engine() -> Engine:
        # Docker's library is slow to load; meanwhile the docker command builds.
        from pytask.builders.docker.engine import open_engine  # noqa: PLC0415

        return open_engine(machine.environment, cli)

    return DockerBuilder(machine=machine, cli=cli, engine=engine)


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerBuilder:
    """The docker command of an agent, and the engine behind it, as a `Builder`."""

    machine: Machine
    cli: DockerCli
    engine: Callable[[], Engine]

    @property
    def title(self) -> str:
        """The version of the docker command."""
        return f"Docker {self.cli.version}, BuildKit"

    def preflight(self) -> None:
        """Check that Docker's library reaches the engine too."""
        self.engine()

    def build(
        self, recipe: Recipe, references: Sequence[str], *, logins: Logins, preflight: Background[Any]
    ) -> DockerImage:
        """Build the image and leave it in the engine, and stop as soon as `preflight` fails."""
        steps, stop_when = Steps(), preflight.when_failed
        image = build(self.machine, recipe, references, self.cli, logins=logins, stop_when=stop_when, see=steps.take)
        for name, digest in steps.bases.items():
            self.machine.console.line(f"base image {name} is {digest}")
        return DockerImage(
            builder=self,
            references=tuple(references),
            id=image,
            cache_work=self._cache_work(recipe, recipe.cache, steps, logins) if recipe.cache else None,
        )

    def _cache_work(self, recipe: Recipe, cache: BuildCache, steps: Steps, logins: Logins) -> CacheWork:
        from pytask.builders.docker.cache import DockerCache  # noqa: PLC0415 - needs Docker's library

        work = DockerCache(builder=self, recipe=recipe, cache=cache, steps=steps, logins=logins)
        self.machine.console.line(work.used)
        return work


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerImage:
    """An image in the agent's engine, as a `LocalImage`."""

    builder: DockerBuilder
    references: tuple[str, ...]
    id: str
    """What BuildKit said it exported; empty when it did not say."""
    cache_work: CacheWork | None = None

    def facts(self) -> BuiltImage:
        """Return the image as the engine describes it."""
        return self.builder.engine().inspect(self.references, self.id)

    def archive(self) -> Generator[bytes, None, None]:
        """Return the image in the format of `docker save`."""
        return self.builder.engine().saved(self.references[0], self.facts().id)

    def push(
        self,
        references: Sequence[str],
        *,
        login: Callable[[bool], RegistryLogin | None],
        blocked: Callable[[], TaskFailure | None],
    ) -> PushResult:
        """Have the engine push the image, and retry a push that broke off."""
        from pytask.builders.docker.push import Push  # noqa: PLC0415 - needs Docker's library

        machine = self.builder.machine
        work = Push(
            engine=self.builder.engine(),
            login=login,
            ask=blocked,
            clock=machine.clock,
            timeouts=machine.timeouts,
            say=machine.console.line,
        )
        seen = work.all(self.facts(), tuple(references))
        return PushResult(
            digest=seen.digest, layers=seen.layers, new_layers=len(seen.done), bytes_sent=sum(seen.sent.values())
        )
