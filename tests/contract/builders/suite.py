"""The tests that every kind of builder passes; a module of tests imports them, and gives its kind as `scene`."""

from __future__ import annotations

import io
import tarfile
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pytest

from pytask.background import Background, Promised
from pytask.builders.builder import Builder, LocalImage, Logins
from pytask.errors import TaskFailure
from pytask.errors.app import AppNotFound
from pytask.model import BuiltImage, PushedImage, Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.model import LoginFor

TAGS = ("1", "latest")


class Scene(Protocol):
    """A builder in a world that a test arranges."""

    @property
    def registry(self) -> str:
        """Host and port of the registry that takes its images."""

    def builder(self) -> Builder:
        """Return the builder."""

    def context(self) -> Path:
        """Return a folder with a `Dockerfile` that builds, and `Broken`, one that does not."""

    def digest_in_registry(self, tag: str) -> str:
        """Return the digest that the registry has for a tag of `shop`; empty when it has none."""

    def close(self) -> None:
        """Have the registry refuse everything from now on."""


@runtime_checkable
class Elsewhere(Protocol):
    """A scene whose builder needs more from the preflight than that nobody signs in."""

    def logins(self) -> Logins:
        """Return what the preflight gives to the build."""


def logins_of_nobody() -> Logins:
    signed_in: Promised[LoginFor] = Promised()
    signed_in.give(lambda _host: None)
    return Logins(hosts=frozenset(), signed_in=signed_in)


def a_recipe(scene: Scene, dockerfile: str = "Dockerfile") -> Recipe:
    folder = scene.context()
    return Recipe(
        dockerfile=folder / dockerfile,
        context=folder,
        sources=folder,
        platform="linux/amd64",
        target="",
        arguments=(),
        secrets=(),
        labels=(),
        flags=(),
    )


def references(scene: Scene) -> tuple[str, ...]:
    return tuple(f"{scene.registry}/shop:{tag}" for tag in TAGS)


def built(scene: Scene, builder: Builder, dockerfile: str = "Dockerfile") -> LocalImage | PushedImage | BuiltImage:
    builder.preflight()
    preflight = Background[None](lambda: None)
    logins = scene.logins() if isinstance(scene, Elsewhere) else logins_of_nobody()
    return builder.build(a_recipe(scene, dockerfile), references(scene), logins=logins, preflight=preflight)


def local(image: LocalImage | PushedImage | BuiltImage) -> LocalImage:
    if isinstance(image, PushedImage | BuiltImage):
        pytest.skip("this builder leaves no image outside of the registry")
    return image


def test_a_builder_says_what_it_is(scene: Scene) -> None:
    assert scene.builder().title


def test_an_image_is_there_once_it_is_built(scene: Scene) -> None:
    image = built(scene, scene.builder())
    if isinstance(image, PushedImage):
        assert [scene.digest_in_registry(tag) for tag in TAGS] == [str(image.digest)] * 2
    else:
        assert not isinstance(image, BuiltImage), "there is a registry to push to"
        assert (image.facts().references, image.facts().platform) == (references(scene), "linux/amd64")


def test_an_image_that_does_not_build_is_told(scene: Scene) -> None:
    with pytest.raises(TaskFailure):
        built(scene, scene.builder(), "Broken")
    assert [scene.digest_in_registry(tag) for tag in TAGS] == ["", ""]


def test_a_preflight_that_fails_ends_the_build_and_nothing_is_in_the_registry(scene: Scene) -> None:
    def fail() -> None:
        raise AppNotFound(app="shop", where="the test")

    preflight: Background[None] = Background(fail)
    logins = Logins(hosts=frozenset(), signed_in=Promised())
    with suppress(TaskFailure):  # a build that had ended by then is no failure
        scene.builder().build(a_recipe(scene), references(scene), logins=logins, preflight=preflight)
    assert [scene.digest_in_registry(tag) for tag in TAGS] == ["", ""]


def test_a_local_image_can_be_read_whole(scene: Scene) -> None:
    image = local(built(scene, scene.builder()))
    with closing(image.archive()) as pieces, tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        assert "manifest.json" in archive.getnames()


def test_a_push_puts_it_under_every_tag_and_tells_its_digest(scene: Scene) -> None:
    image = local(built(scene, scene.builder()))
    sent = image.push(references(scene), login=lambda _renew: None, blocked=lambda: None)
    assert [scene.digest_in_registry(tag) for tag in TAGS] == [sent.digest] * 2
    assert (sent.layers, sent.new_layers) == (1, 1)


def test_a_push_that_the_registry_refuses_is_told_with_what_keeps_the_agent_out(scene: Scene) -> None:
    image = local(built(scene, scene.builder()))
    scene.close()
    with pytest.raises(TaskFailure):
        image.push(references(scene), login=lambda _renew: None, blocked=lambda: None)
    assert [scene.digest_in_registry(tag) for tag in TAGS] == ["", ""]
