"""A run with a target signs in to Azure while the rest of the program still loads, and once."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytask.errors.sign_in import SecretWrong
from pytask.journal import Journal
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import ENTRA, REGISTRY, World, a_world, entra
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
def test_one_token_is_asked_for_a_run_with_a_target(scene: Scene, world: World, command: str) -> None:
    scene.run(PaperBuilder(scene.cabinet), command="buildAndPush")
    scene.run(PaperBuilder(scene.cabinet), command=command)
    assert len(tokens_asked_for(world)) == 1


@pytest.mark.parametrize("command", ["build", "buildAndPush"])
def test_a_run_without_a_target_asks_for_no_token(scene: Scene, world: World, command: str) -> None:
    scene.run(PaperBuilder(scene.cabinet), command=command)
    assert tokens_asked_for(world) == []


@pytest.mark.parametrize("command", ["buildPushDeploy", "deploy", "check"])
def test_a_refused_sign_in_ends_the_run_and_is_not_repeated(scene: Scene, world: World, command: str) -> None:
    world.answers[ENTRA] = refusing
    with pytest.raises(SecretWrong):
        scene.run(PaperBuilder(scene.cabinet), command=command)
    assert len(tokens_asked_for(world)) == 1
    assert scene.shelf.image() != f"{REGISTRY}/shop:7"
