"""Which of an app's identities pulls: those of its own, user-assigned ones, and a slot's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.test_failures import the_error
from tests.on_paper.pull_access import (
    BY_IDENTITY,
    FROM_NOTHING,
    IMAGE_ONLY,
    STABLE,
    new_app,
    roles,
    written,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure


def test_a_user_assigned_identity_is_found_by_its_client_id_and_the_others_stay(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path) as pipeline:
        own = azure.assign_identity(pipeline.site, "id-own-work")
        pulling = azure.assign_identity(pipeline.site, "id-pull")
        before = dict(pipeline.site.user_identities)
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity=pulling.client_id.upper())
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert written(pipeline) == FROM_NOTHING[1:]
        assert pipeline.site.config["acrUserManagedIdentityID"] == pulling.client_id
        assert roles(pipeline, pulling) == [("AcrPull", pipeline.registry.id)]
        assert roles(pipeline, own) == []
        assert (pipeline.site.user_identities, pipeline.site.identity) == (before, None)


def test_a_user_assigned_identity_is_assigned_by_its_resource_id_and_the_others_stay(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path) as pipeline:
        resource_id, pulling = azure.add_identity("id-pull", resource_group="rg-shared")
        own = pipeline.site.identity = azure.add_principal("docker-func-sample")
        other = azure.assign_identity(pipeline.site, "id-other")
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity=resource_id)
        assert the_error(run) == "pull-identity-not-found"

        azure.grant(pipeline.principal, "Managed Identity Operator", resource_id)
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity=resource_id)
        assert the_error(run) == "identity-not-assignable", "the one that stays takes the right as well"
        app = "--name docker-func-sample --resource-group rg-func"
        assert f"az functionapp identity assign {app} --identities {resource_id}" in run.log
        assert len(written(pipeline)) == 1

        azure.grant(pipeline.principal, "Managed Identity Operator", next(iter(pipeline.site.user_identities)))
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity=resource_id)
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert set(pipeline.site.user_identities.values()) == {pulling, other}
        assert pipeline.site.identity is own
        assert pipeline.site.config["acrUserManagedIdentityID"] == pulling.client_id
        assert "the identity id-pull was assigned to the app" in run.log

        before = len(azure.writes)
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity=resource_id, deployBy="digest")
        assert written(pipeline, before) == IMAGE_ONLY


def test_a_client_id_that_is_none_of_the_apps_is_told_with_those_that_are(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        has = azure.assign_identity(pipeline.site, "id-has")
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity="11111111-2222-3333-4444-555555555555")
        assert the_error(run) == "pull-identity-not-assigned"
        assert f"{has.client_id} (id-has)" in run.log
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity="id-has")
        assert the_error(run) == "pull-identity-invalid"
        assert written(pipeline) == []


def test_a_slot_has_an_identity_of_its_own(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        slot = azure.add_slot(pipeline.site, "staging", pull=None)
        run = pipeline.run({**STABLE, **BY_IDENTITY}, slotName="staging")
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert roles(pipeline, slot.identity) == [("AcrPull", pipeline.registry.id)]
        assert pipeline.site.identity is None
        assert [call.replace("app/slots/staging", "app") for call in written(pipeline)] == FROM_NOTHING
