"""A run with a target signs in to Azure while the rest of the program still loads, and once."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytask.errors.agent_docker import EngineByPipe
from pytask.errors.sign_in import SecretWrong
from pytask.journal import Journal
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import ARM, ENTRA, REGISTRY, World, a_world, entra
from tests.contract.targets.shelf import Shelf
from tests.contract.test_whole_run import Scene, _registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.foreign import Answer, Asked

REFUSAL = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with a_world(monkeypatch, tmp_path) as one:
        yield one


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Scene:
    cabinet = Cabinet()
    world.answers[REGISTRY] = partial(_registry, cabinet)
    return Scene(tmp_path, Shelf(), cabinet, io.StringIO(), Journal(lambda _: None))


def tokens_asked_for(world: World) -> list[Asked]:
    return [one for one in world.asked if one.host == ENTRA and one.line.startswith("POST")]


def refusing(asked: Asked) -> Answer:
    return entra(asked) if "openid-configuration" in asked.line else (401, {}, REFUSAL)


@pytest.mark.parametrize("command", ["buildPushDeploy", "deploy", "check"])
def test_a_run_with_a_target_has_a_token_for_its_calls(scene: Scene, world: World, command: str) -> None:
    scene.run(PaperBuilder(scene.cabinet), command="buildAndPush")
    scene.run(PaperBuilder(scene.cabinet), command=command)
    assert len(tokens_asked_for(world)) == 1
    assert scene.azure
    world.answers[ARM] = lambda _: (200, {}, {"id": "the app"})
    assert scene.azure.arm.get("/subscriptions/s/app", doing="read the app") == {"id": "the app"}
    assert len(tokens_asked_for(world)) == 1


@pytest.mark.parametrize("command", ["build", "buildAndPush"])
def test_a_run_without_a_target_asks_for_no_token(scene: Scene, world: World, command: str) -> None:
    scene.run(PaperBuilder(scene.cabinet), command=command)
    assert tokens_asked_for(world) == []


@pytest.mark.parametrize("command", ["buildPushDeploy", "deploy", "check"])
def test_a_refused_sign_in_for_the_app_ends_the_run_and_is_not_repeated(
    scene: Scene, world: World, command: str
) -> None:
    world.answers[ENTRA] = refusing
    with pytest.raises(SecretWrong):
        scene.run(PaperBuilder(scene.cabinet), command=command)
    assert len(tokens_asked_for(world)) == 1
    assert scene.shelf.image() != f"{REGISTRY}/shop:7"


def test_an_engine_that_does_not_answer_is_told_before_a_refused_sign_in(scene: Scene, world: World) -> None:
    world.answers[ENTRA] = refusing
    with pytest.raises(EngineByPipe):
        scene.run(WithoutEngine(scene.cabinet))


@dataclass(frozen=True)
class WithoutEngine(PaperBuilder):
    """A builder that is not there."""

    def preflight(self) -> None:
        """Find nothing."""
        raise EngineByPipe(detail="npipe")


def test_an_image_to_deploy_is_looked_up_while_the_sign_in_runs(scene: Scene, world: World) -> None:
    scene.run(PaperBuilder(scene.cabinet), command="buildAndPush")
    seen, found = world.asked.copy(), threading.Event()

    def slow(asked: Asked) -> Answer:
        if asked.line.startswith("POST"):
            found.wait(5)
        return entra(asked)

    def told(asked: Asked) -> Answer:
        if "/manifests/" in asked.line:
            found.set()
        return _registry(scene.cabinet, asked)

    world.answers |= {ENTRA: slow, REGISTRY: told}
    began = time.monotonic()
    scene.run(PaperBuilder(scene.cabinet), command="deploy")
    assert seen != world.asked
    assert time.monotonic() - began < 4
