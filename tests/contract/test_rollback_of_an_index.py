"""A rollback puts back the previous image, also when it is an index: read from a registry, written into an app."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytask.agent.network import read_network
from pytask.clock import Timeouts
from pytask.inspection.image import previous_image
from pytask.model import IndexDigest, ManifestDigest, RegistryHost, RegistryLogin, Secret
from pytask.registry.images import ImageSource
from pytask.registry.registries import Registries
from pytask.rollback import find_previous_reference
from pytask.targets.site.update import point_at
from pytask.targets.target import CannotRollBack
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.http_clients import an_http_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytask.cloud.arm import Arm
    from pytask.registry.session import RegistrySession
    from tests.contract.arm_site import Site
    from tests.contract.foreign import Answer, Asked

OCI = "application/vnd.oci.image"
APP = f"{REGISTRY}/shop"
LAYER = {"digest": f"sha256:{'1' * 64}", "size": 1, "mediaType": f"{OCI}.layer.v1.tar+gzip"}


class Store:
    """What a registry holds: content by digest, and what each tag points at."""

    def __init__(self) -> None:
        self.content: dict[str, tuple[str, Any]] = {}
        self.tags: dict[str, str] = {}

    def hold(self, media_type: str, content: dict[str, Any]) -> str:
        """Keep a manifest or a blob, and return its digest."""
        digest = f"sha256:{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"
        self.content[digest] = (media_type, content)
        return digest

    def manifest(self, version: str) -> str:
        """Keep an image of one platform."""
        config = {"os": "linux", "architecture": "amd64", "version": version}
        described = {"digest": self.hold("application/json", config), "size": 1, "mediaType": f"{OCI}.config.v1+json"}
        found = {"schemaVersion": 2, "config": described, "layers": [LAYER]}
        return self.hold(f"{OCI}.manifest.v1+json", found)

    def index(self, version: str) -> str:
        """Keep an index with one image for linux/amd64."""
        platform = {"os": "linux", "architecture": "amd64"}
        entry = {"digest": self.manifest(version), "size": 1, "platform": platform}
        return self.hold(f"{OCI}.index.v1+json", {"schemaVersion": 2, "manifests": [entry]})

    def answer(self, asked: Asked) -> Answer:
        """Answer as a registry that is open to everybody."""
        path = asked.line.split()[1]
        if path == "/v2/":
            return 200, {}, {}
        wanted = path.rpartition("/")[2]
        digest = self.tags.get(wanted, wanted)
        if digest not in self.content:
            return 404, {}, {"errors": []}
        media_type, content = self.content[digest]
        return 200, {"Docker-Content-Digest": digest, "Content-Type": media_type}, content


@dataclass(frozen=True)
class Scene:
    """An app, the registry of its image, and the ways to both."""

    store: Store
    registries: Registries
    session: RegistrySession
    site: Site
    arm: Arm

    def configured(self, reference: str) -> None:
        """Have the app configured with an image."""
        self.site.config["linuxFxVersion"] = f"DOCKER|{reference}"

    @property
    def reads(self) -> str:
        """What image the app is configured with."""
        return str(self.site.config["linuxFxVersion"]).removeprefix("DOCKER|")

    def rolled_back(self, change: Callable[[], None] = lambda: None) -> list[str]:
        """Deploy a second image, then put the first back; return what was said."""
        source = ImageSource(registries=self.registries, host=self.session.host, session=self.session, readable=True)
        said = list[str]()
        previous, _ = previous_image(self.session, self.site.found())
        assert previous
        point_at(self.arm, self.site.found(), f"{APP}:2", None, instances=None, beside={})
        assert self.reads == f"{APP}:2"
        change()
        reference = find_previous_reference(previous, source.digest_now, said.append)
        point_at(self.arm, self.site.found(), reference, previous.digest, instances=None, beside={})
        return said


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: Site, arm: Arm) -> Iterator[Scene]:
    store, host = Store(), RegistryHost(REGISTRY)
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = store.answer
        http = an_http_client(Timeouts(http_attempts=1), network=read_network(os.environ, Secret))
        login = RegistryLogin(host=host, user="robot", password=Secret("pw"))
        registries = Registries(azure=None, login=login, http=http, mask=Secret)
        yield Scene(store, registries, registries.open(host), site, arm)


@pytest.mark.parametrize("kind", ["index", "manifest"])
@pytest.mark.parametrize("by", ["tag", "digest", "tag and digest"])
def test_what_was_there_is_put_back_as_it_was(scene: Scene, kind: str, by: str) -> None:
    digest = scene.store.tags["1"] = getattr(scene.store, kind)("one")
    former = {"tag": f"{APP}:1", "digest": f"{APP}@{digest}", "tag and digest": f"{APP}:1@{digest}"}[by]
    scene.configured(former)
    assert scene.rolled_back() == []
    assert scene.reads == former


@pytest.mark.parametrize("kind", ["index", "manifest"])
def test_the_image_before_is_known_without_its_configuration_which_lies_on_another_host(
    scene: Scene, kind: str
) -> None:
    digest = scene.store.tags["1"] = getattr(scene.store, kind)("one")
    manifest = scene.store.manifest("one")
    configuration = scene.store.content[manifest][1]["config"]["digest"]
    del scene.store.content[configuration]
    scene.configured(f"{APP}:1")
    previous, layers = previous_image(scene.session, scene.site.found())
    assert previous is not None
    assert (str(previous.digest), str(previous.manifest)) == (digest, manifest)
    assert layers == {LAYER["digest"]}


@pytest.mark.parametrize("kind", ["index", "manifest"])
@pytest.mark.parametrize("moved", ["moved", "gone"])
def test_a_tag_that_means_another_image_is_put_back_by_the_digest_that_it_pointed_at(
    scene: Scene, kind: str, moved: str
) -> None:
    store = scene.store
    digest = store.tags["1"] = getattr(store, kind)("one")
    scene.configured(f"{APP}:1")

    def change() -> None:
        store.tags.pop("1")
        if moved == "moved":
            store.tags["1"] = getattr(store, kind)("two")

    said = scene.rolled_back(change)
    assert scene.reads == f"{APP}@{digest}"
    assert f"az acr import --name contoso --source {APP}@{digest} --image shop:1 --force" in said[1]


@pytest.mark.parametrize("by_digest", [True, False])
def test_an_image_that_the_registry_has_no_more_is_not_put_back(scene: Scene, *, by_digest: bool) -> None:
    digest = scene.store.tags["1"] = scene.store.index("one")
    scene.configured(f"{APP}@{digest}" if by_digest else f"{APP}:1")

    def purge() -> None:
        scene.store.tags.clear()
        scene.store.content.clear()

    with pytest.raises(CannotRollBack):
        scene.rolled_back(purge)
    assert scene.reads == f"{APP}:2"


def test_an_image_of_another_registry_is_put_back_unseen(scene: Scene) -> None:
    scene.configured("appsvc/node:20")
    assert scene.rolled_back() == []
    assert scene.reads == "appsvc/node:20"


def test_both_digests_of_an_index_are_held_before_anything_moves(scene: Scene) -> None:
    index = scene.store.tags["1"] = scene.store.index("one")
    scene.configured(f"{APP}:1")
    previous, _ = previous_image(scene.session, scene.site.found())
    assert previous
    assert previous.digest == IndexDigest(index)
    assert previous.manifest == ManifestDigest(scene.store.manifest("one"))
