"""An image is imported from one registry into another, and deployed from there: what is sent, confirmed and said."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytask.errors import Cancelled, ManyFailures, TaskFailure
from pytask.errors.import_image import (
    ImportedDigestDiffers,
    ImportForbidden,
    ImportFromItself,
    ImportNeedsAzure,
    ImportNotFinished,
    ImportRefused,
    ImportSourceUnnamed,
    ImportTargetUnseen,
    ImportUnconfirmed,
)
from pytask.errors.registry import ManifestMissing
from pytask.journal import Journal
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import ARM, ENTRA, REGISTRY, SECRETS, a_world, entra
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.shelf import Shelf
from tests.contract.targets.slots import ScriptedSlots
from tests.contract.test_whole_run import Scene, _registry
from tests.unit.test_registry_inputs import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytask.model import AppAddress
    from pytask.targets.target import Target
    from tests.contract.foreign import Answer, Asked

PROD = "contosoprod.azurecr.io"
SOURCE, IMPORTED = f"{REGISTRY}/shop:7", f"{PROD}/shop:7"
_IDS = {
    name: f"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/{name}"
    for name in ("contoso", "contosoprod")
}
_OPERATION = f"https://{ARM}/subscriptions/s/providers/Microsoft.ContainerRegistry/locations/we/operationResults/r-1"


@dataclass
class Harbor(Scene):
    """Two registries, and Resource Manager, which copies from one into the other."""

    prod: Cabinet = field(default_factory=Cabinet)
    sees: tuple[str, ...] = ("contoso", "contosoprod")
    """The registries that the connection sees in Resource Manager."""
    actions: tuple[str, ...] = ("Microsoft.ContainerRegistry/registries/*",)
    answers: list[Answer] = field(default_factory=list)
    """What the import, and then its operation, are answered before they end well."""
    ends_with: Answer = (200, {}, "")
    arrives_as: str = "7"
    closed: bool = False
    """Whether the source registry shows nothing to this run."""
    others: dict[str, Shelf] = field(default_factory=dict)
    """Further apps."""
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def resource_manager(self, asked: Asked) -> Answer:
        """Answer as Resource Manager."""
        method, path, _ = asked.line.split()
        if "/importImage" in path:
            self.bodies.append(json.loads(asked.body))
            return self.answers.pop(0) if self.answers else (202, {"Location": _OPERATION, "Retry-After": "10"}, b"")
        if "/operationResults/" in path:
            return self.answers.pop(0) if self.answers else self._done()
        if "/permissions" in path:
            return 200, {}, {"value": [{"actions": self.actions, "notActions": []}]}
        if path.partition("?")[0].endswith("/registries") and method == "GET":
            return 200, {}, {"value": [self._listed(name) for name in self.sees]}
        return 501, {}, {}

    def deploy(self, **inputs: str) -> Journal:
        """Promote the image of the development registry."""
        given = {
            "command": "deploy",
            "importImage": "true",
            "imageName": SOURCE,
            "tags": "",
            "containerRegistry": "",
            "azureContainerRegistry": PROD,
        }
        return self.run(PaperBuilder(self.cabinet), **{**given, **inputs})

    def source(self, asked: Asked) -> Answer:
        """Answer as the source registry."""
        is_hidden = self.closed and "/manifests/" in asked.line
        return (403, {}, {"errors": []}) if is_hidden else _registry(self.cabinet, asked)

    def find(self, address: AppAddress) -> Target[Any]:
        """Return the app with a name."""
        if address.name == "my-app":
            return self.shelf.find()
        new = Shelf(name=address.name, workers=address.name, clock=self.shelf.clock)
        return self.others.setdefault(address.name, new).find()

    def _done(self) -> Answer:
        self.prod.content |= self.cabinet.content
        self.prod.tags["7"] = self.cabinet.tags[self.arrives_as]
        return self.ends_with

    def _listed(self, name: str) -> dict[str, Any]:
        return {"id": _IDS[name], "name": name, "properties": {"loginServer": f"{name}.azurecr.io"}}


@pytest.fixture
def harbor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Harbor]:
    cabinet = Cabinet()
    cabinet.tags["6"] = cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with a_world(monkeypatch, tmp_path) as world:
        found = Harbor(tmp_path, Shelf(), cabinet, io.StringIO(), Journal(lambda _: None))
        world.answers |= {
            REGISTRY: found.source,
            PROD: partial(_registry, found.prod),
            ARM: found.resource_manager,
            ENTRA: entra,
        }
        found.run(PaperBuilder(cabinet), command="buildAndPush")
        yield found


def test_the_image_is_imported_by_digest_and_deployed_from_its_new_registry(harbor: Harbor) -> None:
    journal = harbor.deploy()
    digest = harbor.cabinet.tags["7"]
    assert harbor.bodies == [
        {
            "source": {"sourceImage": f"shop@{digest}", "resourceId": _IDS["contoso"]},
            "targetTags": ["shop:7"],
            "mode": "Force",
        }
    ]
    told = outputs(journal)
    assert harbor.shelf.holds == told["imageReference"] == told["runningImage"] == IMPORTED
    assert (told["imageDigest"], told["verification"]) == (digest, "verified")
    log = harbor.log.getvalue()
    assert f"  import  into {PROD}, by Azure" in log
    assert "##[group]Import image" in log
    assert f"{IMPORTED} is {digest}" in log


def test_an_image_is_imported_before_the_slot_gets_it_and_is_swapped_into_production(harbor: Harbor) -> None:
    slots = ScriptedSlots()
    slots.digest_of = lambda _: harbor.cabinet.tags["7"]
    harbor.shelf = cast("Shelf", slots)
    told = outputs(harbor.deploy(slotName="staging", swapWithProduction="true"))
    assert slots.images() == (IMPORTED, BEFORE)
    assert (told["runningImage"], told["previousImage"], told["verification"]) == (IMPORTED, BEFORE, "verified")
    log = harbor.log.getvalue()
    parts = ("Import image", "Update shop (slot staging)", "Verify", "Swap shop (slot staging) with production")
    assert sorted(parts, key=lambda part: log.index(f"##[group]{part}")) == list(parts)


def test_a_long_import_is_waited_for_and_its_progress_is_told(harbor: Harbor) -> None:
    harbor.answers = [(202, {"Location": _OPERATION, "Retry-After": "10"}, b"")] * 6
    harbor.deploy()
    assert harbor.shelf.holds == IMPORTED
    assert "  still importing" in harbor.log.getvalue()


def test_an_import_that_never_ends_is_given_up_and_leaves_the_app_alone(harbor: Harbor) -> None:
    harbor.answers = [(202, {"Location": _OPERATION, "Retry-After": "60"}, b"")] * 100
    with pytest.raises(ImportNotFinished):
        harbor.deploy()
    assert harbor.shelf.done == []
    assert describe_state(harbor.journal).startswith("it is not known whether ")
    assert "was imported into contosoprod; shop was not changed" in describe_state(harbor.journal)


def test_an_image_that_is_there_already_is_not_imported_again(harbor: Harbor) -> None:
    harbor.deploy()
    journal = harbor.deploy()
    assert len(harbor.bodies) == 1
    assert f"{IMPORTED} is already there: nothing is imported" in harbor.log.getvalue()
    assert outputs(journal)["imageReference"] == IMPORTED


def test_a_source_that_this_run_may_not_read_is_imported_by_the_digest_that_is_known(harbor: Harbor) -> None:
    digest = harbor.cabinet.tags["7"]
    harbor.closed = True
    journal = harbor.deploy(imageName=f"{SOURCE}@{digest}")
    assert harbor.bodies[0]["source"]["sourceImage"] == f"shop@{digest}"
    assert outputs(journal)["imageDigest"] == digest
    harbor.deploy(imageName=f"{SOURCE}@{digest}")
    assert len(harbor.bodies) == 1


def test_without_any_digest_the_tag_is_imported_and_the_copys_digest_counts(harbor: Harbor) -> None:
    harbor.closed = True
    journal = harbor.deploy()
    assert harbor.bodies[0]["source"]["sourceImage"] == "shop:7"
    assert outputs(journal)["imageDigest"] == harbor.cabinet.tags["7"]


def test_an_image_without_a_tag_is_imported_and_deployed_by_its_digest(harbor: Harbor) -> None:
    digest = harbor.cabinet.tags["7"]
    harbor.deploy(imageName=f"{REGISTRY}/shop@{digest}")
    assert harbor.bodies[0]["untaggedTargetRepositories"] == ["shop"]
    assert "targetTags" not in harbor.bodies[0]
    assert harbor.shelf.holds == f"{PROD}/shop@{digest}"


def test_many_apps_get_the_image_after_one_import(harbor: Harbor) -> None:
    harbor.deploy(moreApps="shop-eu\nshop-us")
    assert len(harbor.bodies) == 1
    assert [one.holds for one in harbor.others.values()] == [IMPORTED, IMPORTED]


def test_a_registry_that_resource_manager_does_not_show_is_read_with_a_token(harbor: Harbor) -> None:
    harbor.sees = ("contosoprod",)
    harbor.deploy()
    source = harbor.bodies[0]["source"]
    assert (source["registryUri"], source["credentials"]) == (REGISTRY, {"password": "entra-token"})
    shown = [line for line in harbor.log.getvalue().splitlines() if "setsecret" not in line]
    assert not [line for line in shown if any(secret in line for secret in SECRETS)]


def test_the_user_of_a_docker_registry_connection_reads_from_its_registry(harbor: Harbor) -> None:
    harbor.deploy(containerRegistry=OTHER)
    source = harbor.bodies[0]["source"]
    assert source["registryUri"] == REGISTRY
    assert set(source["credentials"]) == {"username", "password"}
    shown = [line for line in harbor.log.getvalue().splitlines() if "setsecret" not in line]
    assert not [line for line in shown if source["credentials"]["password"] in line]


_SAID = {
    "ACCESS": "Unauthorized: authentication required, visit https://aka.ms/acr/authorization",
    "MISSING": "manifest unknown: manifest tagged by 7 is not found",
    "NETWORK": "denied: client with IP '20.1.2.3' is not allowed access",
    "LOCKED": "Conflict: the tag is locked",
    "OTHER": "Error copying blobs",
}


@pytest.mark.parametrize("when", ["at once", "in the end", "in a body of success"])
@pytest.mark.parametrize("cause", _SAID)
def test_a_refused_import_says_why_and_changes_nothing(harbor: Harbor, cause: str, when: str) -> None:
    error = {"error": {"code": "InvalidParameters", "message": _SAID[cause]}}
    refused: Answer = (400, {}, error)
    accepted: Answer = (202, {"Location": _OPERATION}, b"")
    failed: Answer = (200, {}, {"status": "Failed", **error})
    harbor.answers = {"at once": [refused], "in the end": [accepted, refused]}.get(when, [accepted, failed])
    with pytest.raises(ImportRefused) as raised:
        harbor.deploy()
    assert raised.value.known.name == cause
    assert _SAID[cause] in raised.value.tell(raised.value.happened)
    assert "az acr import --name contosoprod" in raised.value.command
    assert harbor.shelf.done == []
    assert describe_state(harbor.journal) == "nothing was pushed and nothing was changed"


@pytest.mark.parametrize("status", [403, 404])
def test_an_import_whose_progress_is_not_shown_is_waited_for_in_the_registry(harbor: Harbor, status: int) -> None:
    accepted: Answer = (202, {"Location": _OPERATION}, b"")
    harbor.answers = [accepted, (status, {}, {"error": {"code": "AuthorizationFailed", "message": "no read"}})]
    clock, sleep = harbor.shelf.clock, type(harbor.shelf.clock).sleep

    class Arrives(type(clock)):  # type: ignore[misc] # the clock that the harbor has
        def sleep(self, seconds: float) -> None:
            sleep(self, seconds)
            if harbor.bodies and len(harbor.answers) == 0:
                harbor._done()

    harbor.shelf.clock = Arrives()
    harbor.deploy()
    assert harbor.shelf.holds == IMPORTED


def test_an_import_of_which_nothing_is_ever_seen_is_told_as_open(harbor: Harbor) -> None:
    accepted: Answer = (202, {"Location": _OPERATION}, b"")
    harbor.answers = [accepted, (403, {}, {"error": {"code": "AuthorizationFailed", "message": "no read"}})]
    with pytest.raises(ImportUnconfirmed):
        harbor.deploy()
    assert describe_state(harbor.journal).startswith("it is not known whether ")
    assert harbor.shelf.done == []


def test_a_source_that_the_connection_may_not_read_is_told_apart_from_a_target(harbor: Harbor) -> None:
    harbor.answers = [(403, {}, {"error": {"code": "LinkedAuthorizationFailed", "message": "no pull/read on contoso"}})]
    with pytest.raises(ImportRefused) as raised:
        harbor.deploy()
    assert raised.value.known.name == "ACCESS"


@pytest.mark.parametrize("seen_before", [True, False])
def test_without_the_permission_to_import_nothing_is_sent_or_changed(harbor: Harbor, *, seen_before: bool) -> None:
    if seen_before:
        harbor.actions = ("Microsoft.ContainerRegistry/registries/read",)
    harbor.answers = [(403, {}, {"error": {"code": "AuthorizationFailed", "message": "no importImage/action"}})]
    with pytest.raises(ImportForbidden):
        harbor.deploy()
    assert bool(harbor.bodies) is not seen_before
    assert harbor.shelf.done == []


def test_a_target_that_the_connection_cannot_see_is_told_before_anything_is_sent(harbor: Harbor) -> None:
    harbor.sees = ("contoso",)
    with pytest.raises(ImportTargetUnseen):
        harbor.deploy()
    assert harbor.bodies == []


def test_an_image_that_is_not_there_is_found_out_before_anything_is_sent(harbor: Harbor) -> None:
    with pytest.raises(ManifestMissing):
        harbor.deploy(imageName=f"{REGISTRY}/shop:8")
    assert harbor.bodies == []


def test_another_image_under_the_tag_is_not_deployed(harbor: Harbor) -> None:
    harbor.arrives_as = "6"
    with pytest.raises(ImportedDigestDiffers):
        harbor.deploy()
    assert harbor.shelf.holds == BEFORE


def test_a_run_that_is_cancelled_during_the_import_says_that_it_may_have_been_made(harbor: Harbor) -> None:
    answer: Answer = (202, {"Location": _OPERATION}, b"")

    class Cancels(list[Any]):
        def pop(self, *_: Any) -> Any:  # noqa: ANN401 - a list of anything
            harbor.shelf.clock.cancelled.set()
            return answer

    harbor.answers = Cancels([answer])
    with pytest.raises(Cancelled):
        harbor.deploy()
    assert "it is not known whether " in describe_state(harbor.journal)
    assert harbor.shelf.done == []


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"imageName": "shop:7"}, ImportSourceUnnamed),
        ({"azureContainerRegistry": REGISTRY}, ImportFromItself),
        ({"azureContainerRegistry": "ghcr.io"}, ImportNeedsAzure),
    ],
)
def test_a_mistake_about_the_two_registries_is_one_of_the_inputs(
    harbor: Harbor, inputs: dict[str, str], expected: type[TaskFailure]
) -> None:
    with pytest.raises(ManyFailures) as raised:
        harbor.deploy(**inputs)
    assert [type(one) for one in raised.value.failures] == [expected]


def test_one_registry_under_two_names_is_found_out_before_anything_is_sent(harbor: Harbor) -> None:
    with pytest.raises(ImportFromItself):
        harbor.deploy(azureContainerRegistry="contoso")
    assert harbor.bodies == []
