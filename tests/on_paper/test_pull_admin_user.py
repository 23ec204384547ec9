"""`appPullAccess: adminUser`: the registry's admin user in the app's settings, with the warning it deserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.on_paper.pull_access import STABLE, new_app, written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.faults.paper_azure import PaperAzure

BY_ADMIN = {**STABLE, "appPullAccess": "adminUser"}
PASSWORD = "DOCKER_REGISTRY_SERVER_PASSWORD"
SETTINGS_AND_IMAGE = ["PUT app/config/appsettings", "PATCH app/config/web", "POST app/syncfunctiontriggers"]


def warnings(run: TaskRun) -> list[str]:
    return [issue.message for issue in run.issues if issue.type == "warning"]


def test_the_admin_user_goes_into_the_settings_and_the_password_is_never_shown(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path) as pipeline:
        azure.grant(pipeline.principal, "Contributor", pipeline.registry.id)
        registry, site = pipeline.registry, pipeline.site
        registry.admin_user_enabled = True
        before = dict(site.settings)
        run = pipeline.run(BY_ADMIN)
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert site.settings == {
            **before,
            "DOCKER_REGISTRY_SERVER_URL": "https://contoso.azurecr.io",
            "DOCKER_REGISTRY_SERVER_USERNAME": "contoso",
            PASSWORD: registry.admin_password,
        }
        assert written(pipeline) == SETTINGS_AND_IMAGE
        assert "pull    with the admin user of contoso; its password is in the app's settings" in run.log
        assert "it gives access to the whole registry" in "".join(warnings(run))
        assert {registry.admin_password, registry.second_admin_password} <= run.secret_values
        assert registry.admin_password not in run.log
        assert not [text for _, text in run.summaries if registry.admin_password in text]

        count = len(azure.writes)
        site.settings[PASSWORD] = registry.second_admin_password
        run = pipeline.run(BY_ADMIN, deployBy="digest")
        assert run.variables["verification"] == "verified", run.log
        assert written(pipeline, count) == SETTINGS_AND_IMAGE[1:], "either password will do"


def test_an_app_that_pulled_with_its_identity_no_longer_does(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        azure.grant(pipeline.principal, "Contributor", pipeline.registry.id)
        pipeline.registry.admin_user_enabled = True
        pipeline.site.config["acrUseManagedIdentityCreds"] = True
        run = pipeline.run(BY_ADMIN)
        assert run.variables["verification"] == "verified", run.log
        assert pipeline.site.config["acrUseManagedIdentityCreds"] is False


def test_a_password_in_a_key_vault_is_not_overwritten(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        azure.grant(pipeline.principal, "Contributor", pipeline.registry.id)
        pipeline.registry.admin_user_enabled = True
        pipeline.site.settings[PASSWORD] = "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/acr)"
        run = pipeline.run(BY_ADMIN)
        assert the_error(run) == "pull-setting-is-reference"
        assert PASSWORD in run.log
        assert "nothing was pushed and nothing was changed" in run.log
        assert written(pipeline) == []


def test_a_registry_without_an_admin_user_is_told_with_the_better_way(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        run = pipeline.run(BY_ADMIN)
        assert the_error(run) == "admin-user-disabled"
        assert "set appPullAccess to managedIdentity" in run.log
        assert written(pipeline) == []


@pytest.mark.parametrize("sees_registry", [True, False], ids=["registry seen", "registry not seen"])
def test_an_admin_user_that_is_not_shown_is_told(azure: PaperAzure, tmp_path: Path, *, sees_registry: bool) -> None:
    with new_app(azure, tmp_path, granter=sees_registry) as pipeline:
        pipeline.registry.admin_user_enabled = True
        run = pipeline.run(BY_ADMIN)
        assert the_error(run) == "admin-user-unreadable"
        assert "Microsoft.ContainerRegistry/registries/listCredentials/action" in run.log or not sees_registry
        assert written(pipeline) == []
