"""Whether a container app can pull from the registry, and the identity that it pulls with."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytask.errors.container_app import ContainerAppCannotPull
from pytask.model import PullAccess, PullPlan
from pytask.targets.target import UseImage
from tests.contract.targets.container_app import FORBIDDEN, ScriptedContainerApp, a_container
from tests.contract.targets.scene import NEW, PLAN
from tests.scripted import OURS, Answer
from tests.unit.container_app.runs import NO_JOURNAL, a_source, sent


def a_new_app() -> ScriptedContainerApp:
    """Return an app that runs an image of another registry, so that nothing shows that it can pull from ours."""
    app = ScriptedContainerApp()
    app.template["containers"] = [a_container(image="mcr.microsoft.com/azure-functions/node:4")]
    registry = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso",
        "name": "contoso",
        "properties": {"loginServer": "contoso.azurecr.io"},
    }
    app.answers("GET registries", Answer(body={"value": [registry]}))
    app.answers("GET roleAssignments", Answer(body={"value": []}))
    app.resource["identity"] = {"type": "SystemAssigned", "principalId": "p"}
    return app


def test_an_app_that_does_not_sign_in_to_the_registry_cannot_pull() -> None:
    app = a_new_app()
    app.configuration["registries"] = None
    with pytest.raises(ContainerAppCannotPull, match="container-app-cannot-pull"):
        app.find().preflight(PLAN, a_source())


def test_an_app_whose_identity_has_no_role_cannot_pull() -> None:
    with pytest.raises(ContainerAppCannotPull) as caught:
        a_new_app().find().preflight(PLAN, a_source())
    assert "system-assigned" in caught.value.reason


def test_roles_that_may_not_be_read_are_a_note() -> None:
    app = a_new_app()
    app.answers("GET roleAssignments", FORBIDDEN)
    notes = app.find().preflight(PLAN, a_source()).notes
    assert any("not certain" in note for note in notes)


@pytest.mark.parametrize("there", [True, False])
def test_an_identity_is_named_in_the_registries_of_the_app_beside_the_others(*, there: bool) -> None:
    app = a_new_app()
    app.answers("GET roleAssignments", FORBIDDEN)
    app.answers("GET permissions", FORBIDDEN)
    other = {"server": "docker.io", "username": "me", "passwordSecretRef": "storage"}
    ours = {"server": "contoso.azurecr.io", "identity": "system"}
    app.configuration["registries"] = [other, ours] if there else [other]
    plan = replace(PLAN, pull=PullPlan(access=PullAccess.MANAGED_IDENTITY))
    connection = SimpleNamespace(tenant_id="t")
    target = replace(
        app.find(), azure=replace(app.azure(), credentials=cast("Any", SimpleNamespace(connection=connection)))
    )
    snapshot = target.preflight(plan, a_source())
    assert target.pending(plan, snapshot) == (() if there else ("registry contoso.azurecr.io",))
    target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=plan), snapshot, NO_JOURNAL)
    assert sent(app).get("configuration") == (None if there else {"registries": [other, ours]})
