"""docs/permissions.md for each kind of target: its permissions are those that the calls of whole runs take, no other.

Each run has a role with exactly the permissions of its sections, so a call that takes another one is refused. What the
calls take is told by Azure's rule for the names (`actions`), apart from the tables by which the local Azure refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.permissions_document import DOCUMENT, rows
from tests.faults.actions import actions_of, refused
from tests.faults.paper_azure import PaperAzure
from tests.faults.runs import start
from tests.faults.scenes import NEW, OLD, REPOSITORY, SCENES, Scene
from tests.faults.stage import Stage, arrange, with_principal
from tests.local_azure.state.state import group_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


APP, SLOTS, CONTAINER_APP = "On the app", "To swap slots", "On an app on Container Apps"
IN_ENVIRONMENT = "On a Function App in a Container Apps environment"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
REGISTRY, IMPORT, TASKS = "On the registry", "To import an image", "To build by ACR Tasks"
PULL = "To set up pull access"
BASE = {"verifyTimeoutMinutes": "5", "smokeTestPath": "/api/HttpTriggerSample"}
BUILDS = {**BASE, "command": "buildPushDeploy", "appSettings": "COLOR=green"}
PROMOTES = {**BASE, "command": "deploy", "imageName": f"contoso.azurecr.io/{REPOSITORY}:{NEW}"}
CHECKS = {"command": "check", "imageName": "", "azureContainerRegistry": ""}
BY_NAME = {"azureContainerRegistry": "contoso"}
PATIENT = {"operation": 60.0, "app_operation": 60.0}
"""A Function App in an environment takes its time for a change."""
ENDS = {"Succeeded", "SucceededWithIssues"}


@dataclass(frozen=True, kw_only=True)
class Act:
    """A scene, and the runs that are made of it one after the other."""

    scene: Scene
    runs: tuple[Mapping[str, str], ...] = ({},)
    """The inputs of each that are others than the scene's."""
    arranged: Callable[[Stage], Stage] = lambda stage: stage
    """Changes what the scene begins with."""
    fails: bool = False
    """Whether the image does not run, so that the run rolls back."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of target or build, the sections about it, and what makes all of its calls."""

    name: str
    sections: tuple[str, ...]
    acts: tuple[Act, ...]
    on: tuple[str, ...] = ("app",)
    """On what the permissions of a section about the app are: the app, a slot, or both."""
    seldom: Mapping[str, str] = field(default_factory=dict)
    """The permissions of its sections that none of these runs takes, each with when a run does."""
    besides: Mapping[str, str] = field(default_factory=dict)
    """The permissions that are in no row, each with the document's sentence about it."""
    without: tuple[str, ...] = ()
    """Those of `besides` that the run does not have: it does without."""


def scene(name: str) -> Scene:
    return next(one for one in SCENES if one.name == name)


def in_environment(stage: Stage) -> Stage:
    """Have the Function App in a Container Apps environment."""
    image = f"{stage.host}/{REPOSITORY}:{OLD}"
    settings = {"APPLICATIONINSIGHTS_CONNECTION_STRING": stage.component.connection_string}
    site = stage.azure.add_app("shop-env", image=None, kind="container_apps", settings=settings)
    site.config["linuxFxVersion"] = f"DOCKER|{image}"
    return replace(stage, inputs={**stage.inputs, "appName": "shop-env"})


def imported(stage: Stage) -> Stage:
    """Have the image in the registry of development only."""
    development = stage.azure.add_registry("contosodev")
    stage.azure.store(development.login_server).put(REPOSITORY, (NEW,), b"FROM scratch\n")
    stage.azure.store(stage.host).forget_tag(REPOSITORY, NEW)
    image = {"imageName": f"{development.login_server}/{REPOSITORY}:{NEW}", "tags": ""}
    return replace(stage, inputs={**stage.inputs, **image, "azureContainerRegistry": stage.host})


def several(stage: Stage) -> Stage:
    """Have a further Function App, and a slot of one."""
    image = f"{stage.host}/{REPOSITORY}:{OLD}"
    apps = [stage.azure.add_running_app(f"shop-{one}", image, pull="managed_identity") for one in ("a", "b")]
    stage.azure.add_running_slot(apps[1], image, name="staging", pull="managed_identity")
    return replace(stage, inputs={**stage.inputs, "moreApps": "shop-a\nshop-b/staging"})


OF_A_SLOTS_HOST = "microsoft.web/sites/slots/hostruntime/"
ALL_READS_OF_SLOTS = "microsoft.web/sites/slots/*/read"
"""In a custom role it stands for a read operation of slots that Azure does not list; the document says why."""
SITES, SLOT = "Microsoft.Web/sites", "Microsoft.Web/sites/slots"
RESTARTS = "a run whose reference is the one before"
CONFIGURES = "a run whose production pulls in another way than the slot"
LOOKS_AGAIN = "a run whose production has no Functions host that answers"
ONLY_UPDATED = "a run that updates the app: production is only swapped"
BY_LOGIN_SERVER = "a run that names the registry by its name or resource ID"
NOT_PUSHED = "a run that pushes"
UNVERIFIED = "no run: it is not verified in an environment"
ONLY_CHECKED = "a run that deploys to the slot: here it is only checked"
HAS_ALL = "a run whose app lacks an identity or a role: test_pull_permissions.py"
_ON_BOTH = {
    f"{SITES}/instances/read": ONLY_UPDATED,
    f"{SITES}/restart/action": ONLY_UPDATED,
    f"{SLOT}/restart/action": RESTARTS,
    f"{SITES}/containerlogs/action": LOOKS_AGAIN,
}
_LOOKED_FOR = "the task first looks for a Function App of that name, which needs no permission of its own"
_STICKY = "A setting with `slotSetting: true` needs `config/read` and `config/write` on the app itself"
_THROUGH_THE_APP = "the task finds the group through the app itself, which also needs `Microsoft.Web/sites/read`"
_COPY = "Azure's own copy of the status (`Microsoft.Web/sites/host/properties/read`) is read instead"
_SITE = tuple(f"{SITES}/{one}" for one in ("read", "config/read", "config/list/action"))
_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_CAPPS = "Microsoft.App/containerApps"
_ROLES = "Microsoft.Authorization"
_STAYS = '[{"name": "COLOR", "value": "green", "slotSetting": true}]'
KINDS = (
    Kind(
        name="Function App",
        sections=(APP, REGISTRY),
        acts=(Act(scene=Scene(name="app", inputs=BUILDS), runs=(BY_NAME, {}, CHECKS)),),
    ),
    Kind(
        name="slot",
        sections=(APP, REGISTRY),
        on=("slot",),
        acts=(
            Act(scene=Scene(name="slot", slot="staging", inputs=BUILDS), runs=(BY_NAME, {}, {"appSettings": _STAYS})),
        ),
        besides={
            f"{SITES}/read": _THROUGH_THE_APP,
            f"{SITES}/config/read": _STICKY,
            f"{SITES}/config/write": _STICKY,
        },
    ),
    Kind(
        name="command: swap",
        sections=(APP, SLOTS, PULL, REGISTRY),
        on=("app", "slot"),
        acts=(Act(scene=scene("swap")), Act(scene=scene("swap back"), fails=True)),
        seldom={
            **_ON_BOTH,
            **{
                f"{SLOT}/{one}": ONLY_CHECKED for one in ("config/write", "instances/read", "functions/listkeys/action")
            },
            f"{SLOT}/syncfunctiontriggers/action": ONLY_CHECKED,
            **dict.fromkeys((f"{SITES}/write", f"{SLOT}/write"), HAS_ALL),
            **{f"{_IDENTITIES}/{one}": HAS_ALL for one in ("read", "assign/action")},
            **{
                f"{_ROLES}/{one}": HAS_ALL
                for one in ("permissions/read", "roleDefinitions/read", "roleAssignments/write")
            },
            f"{_REGISTRIES}/push/write": NOT_PUSHED,
        },
    ),
    Kind(
        name="swapWithProduction",
        sections=(APP, SLOTS, REGISTRY),
        on=("app", "slot"),
        acts=(Act(scene=Scene(name="both", slot="staging", inputs={**BUILDS, "swapWithProduction": "true"})),),
        seldom={**_ON_BOTH, f"{SITES}/config/write": CONFIGURES, f"{_REGISTRIES}/read": BY_LOGIN_SERVER},
    ),
    Kind(
        name="container app",
        sections=(CONTAINER_APP, REGISTRY),
        acts=(
            Act(scene=Scene(name="single", on_container_apps=True, inputs=BUILDS), runs=(BY_NAME, CHECKS)),
            Act(scene=scene("container app, roll back"), fails=True),
            Act(scene=scene("revisions")),
            Act(scene=scene("revisions, roll back"), fails=True),
        ),
        besides=dict.fromkeys(_SITE, _LOOKED_FOR),
        without=_SITE,
    ),
    Kind(
        name="container app, pull access",
        sections=(CONTAINER_APP, REGISTRY, PULL),
        acts=(Act(scene=scene("container app")), Act(scene=scene("container app, roll back"), fails=True)),
        seldom={
            f"{SITES}/write": "on a Function App",
            **{f"{_IDENTITIES}/{one}": HAS_ALL for one in ("read", "assign/action")},
            f"{_ROLES}/roleDefinitions/read": "a run whose identity has another role than the usual ones",
            f"{_ROLES}/roleAssignments/read": "a run whose app has its identity already",
            f"{_CAPPS}/revisions/deactivate/action": "a run in multiple revision mode",
        },
        besides=dict.fromkeys(_SITE, _LOOKED_FOR),
        without=_SITE,
    ),
    Kind(
        name="Function App in an environment",
        sections=(APP, IN_ENVIRONMENT, REGISTRY),
        acts=(
            Act(scene=Scene(name="environment", inputs=BUILDS), runs=(BY_NAME, {}, CHECKS), arranged=in_environment),
        ),
        seldom={
            f"{SITES}/instances/read": UNVERIFIED,
            f"{SITES}/syncfunctiontriggers/action": UNVERIFIED,
            f"{SITES}/functions/listkeys/action": UNVERIFIED,
        },
        besides={f"{SITES}/host/properties/read": _COPY},
        without=(f"{SITES}/host/properties/read",),
    ),
    Kind(
        name="moreApps",
        sections=(APP, REGISTRY),
        on=("app", "slot"),
        acts=(Act(scene=Scene(name="several", inputs=BUILDS), arranged=several),),
        seldom={
            f"{SITES}/restart/action": RESTARTS,
            f"{SLOT}/restart/action": RESTARTS,
            f"{_REGISTRIES}/read": BY_LOGIN_SERVER,
        },
    ),
    Kind(
        name="importImage",
        sections=(APP, IMPORT),
        acts=(Act(scene=Scene(name="import", inputs={**PROMOTES, "importImage": "true"}), arranged=imported),),
        seldom={f"{SITES}/restart/action": RESTARTS},
    ),
    Kind(
        name="buildOn: acr",
        sections=(APP, TASKS),
        acts=(Act(scene=Scene(name="acr", inputs={**BUILDS, **BY_NAME, "buildOn": "acr"})),),
        seldom={f"{SITES}/restart/action": RESTARTS, f"{_REGISTRIES}/runs/cancel/action": "a run that is canceled"},
    ),
)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def lower(names: Iterable[str]) -> set[str]:
    """Return permissions in lower case, as Azure compares them."""
    return {one.lower() for one in names}


def permissions(kind: Kind) -> set[str]:
    """Return the permissions that the document names for a kind."""
    found = [row for title in kind.sections for row in rows(title)]
    on = {"app": lambda row: row.permission, "slot": lambda row: row.on_a_slot()}
    return lower(on[one](row) for row in found for one in kind.on) | lower(kind.besides)


def with_the_role(kind: Kind, stage: Stage) -> Stage:
    """Return the stage with a connection that has what the document names, where it says, and nothing else."""
    azure, subscription = stage.azure, f"/subscriptions/{stage.azure.subscription_id}"
    named = permissions(kind) - lower(kind.without)
    there = {one for one in named if "/locations/" in one}
    here = {ALL_READS_OF_SLOTS if one.startswith(OF_A_SLOTS_HOST) else one for one in named - there}
    azure.add_role("operations", actions=sorted(there))
    azure.add_role("documented", actions=sorted(here))
    development = f"{group_id('rg-shared')}/providers/{_REGISTRIES}/contosodev"
    roles = {subscription: "operations", group_id("rg-func"): "documented", stage.registry.id: "documented"}
    return with_principal(stage, "documented", {**roles, development: "AcrPull"})


def run_to_its_end(act: Act, stage: Stage, folder: Path) -> None:
    """Run the task; it ends as it should."""
    done = start(stage, folder, **PATIENT).finish()
    assert done.result in ({"Failed"} if act.fails else ENDS), done.log[-3000:]
    assert not act.fails or "rolled back to" in done.state or "swapped back" in done.state


def taken(azure: PaperAzure, kind: Kind, folder: Path) -> set[str]:
    """Return the permissions that all runs of a kind take; each ends as it should, refused only what it may be."""
    found = set[str]()
    for number, act in enumerate(kind.acts):
        stage = with_the_role(kind, act.arranged(arrange(act.scene, azure)))
        for at, inputs in enumerate(act.runs):
            run_to_its_end(act, replace(stage, inputs={**stage.inputs, **inputs}), folder / f"{number}-{at}")
        assert refused(azure.calls) <= lower(kind.without)
        principal = next(one for one in reversed(azure.principals()) if one.name == "documented")
        known = lower(azure.actions_used(principal))
        assert actions_of(azure.calls) <= known, "the local Azure asks for another permission than Azure"
        found |= known
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_document_names_every_permission_that_the_runs_take_and_no_other(
    azure: PaperAzure, tmp_path: Path, kind: Kind
) -> None:
    used, named = taken(azure, kind, tmp_path), permissions(kind)
    assert used - named == set(), "not in the document"
    assert named - used <= lower(kind.seldom), "in the document for nothing"
    assert used & lower(one for one, when in kind.seldom.items() if when != LOOKS_AGAIN) == set(), "not seldom at all"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_in_no_row_is_in_a_sentence(kind: Kind) -> None:
    plain = " ".join(DOCUMENT.split())
    assert [one for one in kind.besides.values() if one not in plain] == []
