"""What an update of a container app sends, and what becomes of its answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytask.errors.azure import AzureFailing, OperationInProgress
from pytask.errors.container_app import ContainerUnknown, ImageRefused, ImageRefusedCause
from pytask.journal import AccessGiven, Journal
from pytask.model import Verdict
from pytask.model.settings import WantedSettings
from pytask.targets.target import UseImage
from tests.contract.targets.container_app import ScriptedContainerApp, a_container
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN
from tests.scripted import OURS, SENT_AT, Answer
from tests.unit.container_app.runs import (
    HOST,
    MISSING,
    NO_JOURNAL,
    UNAUTHORIZED,
    a_refusal,
    a_source,
    sent,
    updated,
    verified,
)


def test_only_the_image_and_the_revision_name_change_and_nothing_else_is_lost() -> None:
    app = ScriptedContainerApp()
    sidecar = a_container(name="proxy", image="contoso.azurecr.io/proxy:1", volumeMounts=[{"volumeName": "v"}])
    app.template["containers"].append(sidecar)
    update = updated(app)
    template = sent(app)["template"]
    assert template["containers"] == [a_container(image=NEW), sidecar]
    assert update.revision == f"shop--{template['revisionSuffix']}"
    assert set(sent(app)) == {"template"}
    assert set(template) == {"containers", "revisionSuffix"}


def test_what_others_changed_during_the_build_is_kept() -> None:
    app = ScriptedContainerApp()
    target = app.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    app.template["containers"] = [a_container(resources={"cpu": 2.0, "memory": "4Gi"})]
    target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN), snapshot, NO_JOURNAL)
    assert sent(app)["template"]["containers"][0]["resources"] == {"cpu": 2.0, "memory": "4Gi"}


def test_settings_are_variables_of_the_same_revision_and_a_rollback_restores_them() -> None:
    app = ScriptedContainerApp()
    values = {"COLOR": "green", "SIZE": "9", "KEY": "secretref:storage", "AzureWebJobsStorage": "secretref:storage"}
    update = updated(app, plan=replace(PLAN, settings=WantedSettings(values=values)))
    assert sent(app)["template"]["containers"][0]["env"] == [
        {"name": "AzureWebJobsStorage", "secretRef": "storage"},
        {"name": "COLOR", "value": "green"},
        {"name": "SIZE", "value": "9"},
        {"name": "KEY", "secretRef": "storage"},
    ]
    assert len(app.writes()) == 1
    assert update.settings
    assert set(update.settings.written) == {"COLOR", "SIZE", "KEY"}
    app.find().roll_back(update, BEFORE, None, NO_JOURNAL)
    assert sent(app)["template"]["containers"] == [a_container()]


@pytest.mark.parametrize("lacks", ["configuration", "template", "everything"])
def test_nothing_is_sent_from_an_answer_that_does_not_show_the_whole_app(lacks: str) -> None:
    app = ScriptedContainerApp()
    target = app.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    app.resource["properties"] = {lacks: None}
    if lacks == "everything":
        app.resource["properties"] = {"configuration": {}, "template": {}}
    with pytest.raises(AzureFailing) as caught:
        target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN), snapshot, NO_JOURNAL)
    assert (app.writes(), caught.value.leaves_open) == ([], False)


def test_of_several_containers_the_one_with_the_runs_repository_is_updated() -> None:
    app = ScriptedContainerApp()
    app.template["containers"].insert(0, a_container(name="proxy", image="contoso.azurecr.io/proxy:1"))
    source = replace(NO_REGISTRY, repository="shop", host=None)
    target = app.find()
    with pytest.raises(ContainerUnknown):
        target.preflight(PLAN, source)
    snapshot = target.preflight(PLAN, replace(source, host=HOST))
    assert snapshot.app.image == BEFORE
    target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN), snapshot, NO_JOURNAL)
    images = [one["image"] for one in sent(app)["template"]["containers"]]
    assert images == ["contoso.azurecr.io/proxy:1", NEW]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (MISSING, ImageRefusedCause.MISSING),
        (UNAUTHORIZED, ImageRefusedCause.ACCESS),
        ("unable to pull image using Managed identity system for registry x", ImageRefusedCause.ACCESS),
        ("DENIED: client with IP '1.2.3.4' is not allowed access", ImageRefusedCause.FIREWALL),
        ("TEAPOT", ImageRefusedCause.OWN),
    ],
)
def test_an_image_that_azure_refuses_at_once_is_explained_and_nothing_was_done(
    words: str, cause: ImageRefusedCause
) -> None:
    app = ScriptedContainerApp()
    app.refusals = [a_refusal(words)]
    with pytest.raises(ImageRefused) as caught:
        updated(app)
    assert (caught.value.known, caught.value.leaves_open, app.image()) == (cause, False, BEFORE)


def test_a_refusal_while_a_new_role_propagates_is_waited_out() -> None:
    app, journal = ScriptedContainerApp(), Journal(lambda _: None)
    journal.add(AccessGiven(done="AcrPull was granted", role_at=SENT_AT - 100))
    app.refusals = [a_refusal(UNAUTHORIZED)] * 3
    updated(app, journal=journal)
    assert app.image() == NEW


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "ContainerAppOperationInProgress", "message": "Cannot modify a container app 'shop'"}},
        {"code": "ContainerAppLockConflict", "message": "because another modification is in progress. Please retry"},
    ],
)
def test_another_deployment_is_waited_for(body: object) -> None:
    app = ScriptedContainerApp()
    app.refusals = [Answer(409, body)] * 3
    updated(app)
    assert app.image() == NEW
    app.refusals = [Answer(409, body)] * 9
    with pytest.raises(OperationInProgress):
        updated(app)


@pytest.mark.parametrize("told", ["at once", "in the operation", "not at all"])
def test_an_update_whose_answer_was_lost_makes_one_revision_when_it_is_sent_again(told: str) -> None:
    app = ScriptedContainerApp()
    message = "Field 'template.revisionsuffix' is invalid: revision with suffix x already exists."
    error = {"error": {"code": "ContainerAppOperationError", "message": message}}
    app.loses_once = True
    if told == "at once":
        app.answers_after_loss = [Answer(400, error)]
    if told == "in the operation":
        app.operation = Answer(200, {"status": "Failed", **error})
    update = updated(app)
    assert [one.name for one in app.revisions] == ["shop--0000001", update.revision]
    assert len(app.writes()) > 1
    assert verified(app, update).verdict is Verdict.VERIFIED


def test_an_update_that_is_refused_after_a_lost_answer_may_have_been_done() -> None:
    app = ScriptedContainerApp()
    app.loses_once, app.answers_after_loss = True, [a_refusal(UNAUTHORIZED)]
    with pytest.raises(ImageRefused) as caught:
        updated(app)
    assert caught.value.leaves_open


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"properties": {}},
        {"properties": {"template": {"containers": [a_container()]}}},
        {"properties": {"configuration": {"registries": ["x"]}, "template": {"containers": [a_container()]}}},
        {"properties": {"configuration": {}, "template": {"containers": []}}},
        {"properties": {"configuration": {}, "template": {"containers": [a_container(), 7]}}},
        {"properties": {"configuration": {}, "template": {"containers": [a_container(name="other")]}}},
        {"properties": {"configuration": {}, "template": {"containers": [a_container(env=[None])]}}},
    ],
)
def test_nothing_is_written_from_an_answer_that_does_not_show_the_whole_app(
    monkeypatch: pytest.MonkeyPatch, part: dict[str, Any]
) -> None:
    app = ScriptedContainerApp()
    target = app.find()
    change = UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN)
    snapshot = target.preflight(PLAN, a_source())
    monkeypatch.setattr(app, "_app", lambda *_, **__: Answer(body={"name": "shop", "kind": "functionapp", **part}))
    with pytest.raises(AzureFailing, match="azure-failing"):
        target.update(change, snapshot, Journal(lambda _: None))
    assert app.writes() == []
