"""docs/permissions.md, "To set up pull access", is checked against the calls really made and runs without each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.permissions_document import APP, REGISTRY, Row, narrow, rows, used
from tests.end_to_end.test_failures import the_error
from tests.local_azure.state.state import group_id
from tests.on_paper.pipeline import tags
from tests.on_paper.pull_access import BY_IDENTITY, STABLE, new_app, roles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.local_azure.state.principal import Principal
    from tests.pipeline import Pipeline

PULL = rows("To set up pull access")
OTHERS = {row.permission.lower() for row in (*APP, *REGISTRY)} - {row.permission.lower() for row in PULL}


def named(end: str) -> Row:
    (row,) = (row for row in PULL if row.permission.endswith(end))
    return row


LATER = "Microsoft.Web/sites/operationresults/read"
"""Taken only where Azure answers a change with 202."""


def set_up_identity(pipeline: Pipeline, *, without: str = "") -> None:
    """Return the pipeline the documented role on the app, and what the section names in the whole subscription."""
    azure = pipeline.azure
    narrow(pipeline)
    actions = [one for row in PULL for one in (row.permission, row.on_a_slot())]
    actions.append(LATER)
    azure.add_role("letting in", actions=actions, not_actions=[without] if without else [])
    azure.grant(pipeline.principal, "letting in", f"/subscriptions/{azure.subscription_id}")


def identified(pipeline: Pipeline, role: str) -> Principal:
    """Give the app an identity of its own that has a role on the registry."""
    identity = pipeline.site.identity = pipeline.azure.add_principal("docker-func-sample")
    pipeline.azure.grant(identity, role, pipeline.registry.id)
    return identity


def test_the_section_names_what_is_used_and_nothing_else(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path, granter=False) as pipeline:
        set_up_identity(pipeline)
        puller = azure.add_role("puller", actions=["Microsoft.ContainerRegistry/registries/pull/read"])
        resource_id, pulling = azure.add_identity("id-pull")
        azure.grant(pulling, puller, group_id("rg-shared"))
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert run.variables["verification"] == "verified", run.log
        run = pipeline.run({**STABLE, **BY_IDENTITY}, pullIdentity=resource_id)
        assert run.variables["verification"] == "verified", run.log
        assert roles(pipeline, pulling) == [("puller", group_id("rg-shared"))]
        assert used(pipeline) - OTHERS - {LATER.lower()} == {row.permission.lower() for row in PULL}


@pytest.mark.parametrize("row", [row for row in PULL if row.code], ids=lambda row: row.permission)
def test_without_a_permission_the_run_fails_as_the_section_says(azure: PaperAzure, tmp_path: Path, row: Row) -> None:
    with new_app(azure, tmp_path, granter=False) as pipeline:
        set_up_identity(pipeline, without=row.permission)
        resource_id, _ = azure.add_identity("id-pull")
        inputs = {"pullIdentity": resource_id} if "ManagedIdentity" in row.permission else {}
        run = pipeline.run({**BY_IDENTITY, **inputs})
        assert the_error(run) == row.code
        assert "Traceback" not in run.log
        assert "nothing was pushed" in run.log
        assert tags(pipeline) == {"stable"}
        assert pipeline.site.config["linuxFxVersion"] == ""
        assert pipeline.site.config["acrUseManagedIdentityCreds"] is False


def test_a_registry_that_is_not_shown_is_no_hindrance_to_an_identity_that_there_is(
    azure: PaperAzure, tmp_path: Path
) -> None:
    row = named("registries/read")
    with new_app(azure, tmp_path, granter=False) as pipeline:
        set_up_identity(pipeline, without=row.permission)
        identified(pipeline, "AcrPull")
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert run.variables["verification"] == "verified", run.log
        assert row.note
        assert row.note in run.log


@pytest.mark.parametrize("end", ["roleAssignments/read", "roleDefinitions/read", "permissions/read"])
def test_what_may_not_be_read_is_done_again(azure: PaperAzure, tmp_path: Path, end: str) -> None:
    puller = azure.add_role("puller", actions=["Microsoft.ContainerRegistry/registries/pull/read"])
    with new_app(azure, tmp_path, granter=False) as pipeline:
        set_up_identity(pipeline, without=named(end).permission)
        identity = identified(pipeline, puller if end == "roleDefinitions/read" else "AcrPull")
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert run.variables["verification"] == "verified", run.log
        assert roles(pipeline, identity)[-1] == ("AcrPull", pipeline.registry.id)
        assert ("the system-assigned identity already has AcrPull on contoso" in run.log) is (
            end == "roleAssignments/read"
        )
