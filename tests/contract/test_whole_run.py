"""A whole run with a builder and a target that the product does not know: nothing else changes for them."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytask.agent.console import Console
from pytask.agent.network import read_network
from pytask.errors import Cancelled, TaskFailure
from pytask.errors.start import ContainerExits, ImageNotSet, Unverified
from pytask.job import Job
from pytask.journal import Journal
from pytask.model import BuiltImage, Digest, PushedImage, RegistryHost
from pytask.report.log import tell
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from pytask.run import run
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.shelf import Shelf
from tests.unit.inputs.environments import an_environment
from tests.unit.test_registry_inputs import OTHER, by_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pytask.background import Background
    from pytask.builders.builder import Builder, Logins
    from pytask.cloud.arm import Azure
    from pytask.model import AppAddress, Recipe
    from pytask.targets.target import Target
    from tests.contract.foreign import Answer, Asked

OLD = Digest("sha256:" + "6" * 64)


@dataclass(frozen=True)
class PostedBuilder:
    """A builder whose image is in the registry when it is built, as those that build in a cloud."""

    paper: PaperBuilder
    title: str = "Post 1.0"

    def preflight(self) -> None:
        """Find a stamp."""

    def build(
        self, recipe: Recipe, references: Sequence[str], *, logins: Logins, preflight: Background[Any]
    ) -> PushedImage:
        """Wait until it is certain that the image is of use, then post it."""
        image = self.paper.build(recipe, references, logins=logins, preflight=preflight)
        preflight.result()
        sent = image.push(references, login=lambda _: None, blocked=lambda: None)
        host, _, repository = references[0].rpartition(":")[0].partition("/")
        tags = tuple(reference.rpartition(":")[2] for reference in references)
        return PushedImage(registry=RegistryHost(host), repository=repository, tags=tags, digest=Digest(sent.digest))


@dataclass
class Scene:
    """A builder, a shelf, the registry between them, and what was said."""

    folder: Path
    shelf: Shelf
    cabinet: Cabinet
    log: io.StringIO
    journal: Journal
    job: Job | None = None
    """The latest one."""
    azure: Azure | None = None
    """What it had access to."""
    prepare: Callable[[Job], None] = lambda _: None
    """Does something with it before it runs."""

    def run(self, builder: Builder, **inputs: str) -> Journal:
        """Run the task as the agent would start it."""
        given = {"imageName": "shop", "tags": "7", "containerRegistry": OTHER, "azureContainerRegistry": "", **inputs}
        temporary = {"AGENT_TEMPDIRECTORY": str(self.folder)}
        environment = an_environment(self.folder, **given) | by_password(f"https://{REGISTRY}") | temporary
        console = Console(self.log, self.shelf.clock)
        self.journal = Journal(partial(tell, console=console))
        self.job = Job(
            environment=environment,
            network=read_network(os.environ, console.secret),
            console=console,
            clock=self.shelf.clock,
            timeouts=self.shelf.timeouts,
            journal=self.journal,
            find_builder=lambda _machine: builder,
            find_target=self._find,
        )
        self.prepare(self.job)
        run(self.job)
        return self.journal

    def _find(self, azure: Azure, address: AppAddress) -> Target[Any]:
        self.azure = azure
        return self.find(address)

    def find(self, address: AppAddress) -> Target[Any]:
        """Return what an address leads to: here is only one shelf."""
        del address
        return self.shelf.find()


def _registry(cabinet: Cabinet, asked: Asked) -> Answer:
    """Answer as a registry that is open to everybody."""
    path = asked.line.split()[1]
    if path == "/v2/":
        return 200, {}, {}
    wanted = path.rpartition("/")[2]
    digest = cabinet.tags.get(wanted, wanted)
    if digest not in cabinet.content:
        return 404, {}, {"errors": []}
    media_type, content = cabinet.content[digest]
    return 200, {"Docker-Content-Digest": digest, "Content-Type": media_type}, content


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scene]:
    cabinet = Cabinet()
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield Scene(tmp_path, Shelf(), cabinet, io.StringIO(), Journal(lambda _: None))


@pytest.mark.parametrize("posted", [False, True], ids=["local image", "pushed image"])
def test_an_image_of_another_builder_comes_to_another_target_and_is_verified(scene: Scene, *, posted: bool) -> None:
    paper = PaperBuilder(scene.cabinet)
    builder = PostedBuilder(paper) if posted else paper
    journal = scene.run(builder)
    told, log = outputs(journal), scene.log.getvalue()
    assert scene.shelf.holds == told["imageReference"] == told["runningImage"] == f"{REGISTRY}/shop:7"
    assert told["imageDigest"] == scene.cabinet.tags["7"]
    assert (told["previousImage"], told["verification"]) == (BEFORE, "verified")
    assert bool(journal.last(BuiltImage)) is not posted
    assert builder.title in log
    assert "1 of 1 layers read" in log
    assert "Verified: image" in log
    assert "✅ shop: runs the new image" in summary(journal)


def test_an_image_that_does_not_start_is_rolled_back_from_on_another_target_too(scene: Scene) -> None:
    scene.shelf.new_image("crashes")
    scene.cabinet.tags["6"] = scene.cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with pytest.raises(ContainerExits):
        scene.run(PaperBuilder(scene.cabinet))
    assert scene.shelf.holds == BEFORE
    assert "does not run that either" in describe_state(scene.journal)


def test_a_run_that_is_cancelled_while_its_rollback_is_verified_says_what_the_target_has(scene: Scene) -> None:
    scene.cabinet.tags["6"] = scene.cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    scene.shelf.new_image("crashes")
    scene.shelf.cancels_once_it_holds = BEFORE
    with pytest.raises(Cancelled):
        scene.run(PaperBuilder(scene.cabinet))
    told = f"shop is configured with {BEFORE} again; it is not known whether it runs"
    assert describe_state(scene.journal) == f"{told}; {REGISTRY}/shop:7 stays in the registry"
    assert outputs(scene.journal)["runningImage"] == ""
    assert "rolled back to the previous one, unverified" in summary(scene.journal, ("cancelled",))


def test_a_run_that_is_cancelled_while_a_change_is_out_says_what_the_answer_was(scene: Scene) -> None:
    scene.shelf.cancels_while_written = True
    with pytest.raises(Cancelled):
        scene.run(PaperBuilder(scene.cabinet))
    assert scene.shelf.holds == f"{REGISTRY}/shop:7"
    assert describe_state(scene.journal) == (
        f"shop is configured with {REGISTRY}/shop:7 (previously {BEFORE})\n"
        f"to roll back by hand: shelf put shop {BEFORE}"
    )


def test_a_target_that_cannot_be_seen_fails_only_if_the_step_asks_for_it_and_is_never_rolled_back(scene: Scene) -> None:
    scene.shelf.new_image("cannot be seen")
    with pytest.raises(Unverified):
        scene.run(PaperBuilder(scene.cabinet), whenUnverified="fail")
    assert scene.shelf.holds == f"{REGISTRY}/shop:7"
    assert "oll back" not in scene.log.getvalue().partition("##[endgroup]")[2]
    assert "rolled back" not in describe_state(scene.journal)


def test_a_target_that_somebody_else_changes_without_a_verification_is_not_said_to_run_our_image(scene: Scene) -> None:
    scene.shelf.loses_to = "contoso.azurecr.io/theirs:1"
    with pytest.raises(ImageNotSet):
        scene.run(PaperBuilder(scene.cabinet), verify="false")
    assert outputs(scene.journal)["runningImage"] == ""
    told = describe_state(scene.journal)
    now = f"its configuration now reads contoso.azurecr.io/theirs:1 (before this run: {BEFORE})"
    assert told == f"someone else has changed shop: {now}; {REGISTRY}/shop:7 is in the registry"


@pytest.mark.parametrize("command", ["deploy", "check", "build", "buildAndPush"])
def test_every_command_knows_neither_builder_nor_target(scene: Scene, command: str) -> None:
    scene.run(PaperBuilder(scene.cabinet))
    before = list(scene.shelf.done)
    journal = scene.run(PaperBuilder(scene.cabinet), command=command)
    deploys = command == "deploy"
    assert scene.shelf.done[len(before) :] == ([f"put {REGISTRY}/shop:7"] if deploys else [])
    assert outputs(journal)["verification"] == ("verified" if deploys else "skipped")


def test_a_refused_update_says_what_is_in_the_registry_and_how_to_go_on(scene: Scene) -> None:
    scene.shelf.refuse()
    with pytest.raises(TaskFailure):
        scene.run(PaperBuilder(scene.cabinet))
    assert describe_state(scene.journal) == (
        f"{REGISTRY}/shop:7 is in the registry; shop was not changed\n"
        f"to continue by hand: shelf put shop {REGISTRY}/shop:7"
    )


def test_a_lost_answer_says_that_the_update_may_have_been_done(scene: Scene) -> None:
    scene.shelf.lose_the_answer()
    with pytest.raises(TaskFailure):
        scene.run(PaperBuilder(scene.cabinet))
    told = describe_state(scene.journal)
    assert told.startswith("the change to shop was sent, but its result is not known")
    assert told.endswith(
        f"\nto finish it by hand: shelf put shop {REGISTRY}/shop:7\nto roll back by hand: shelf put shop {BEFORE}"
    )
    assert outputs(scene.journal)["runningImage"] == ""
