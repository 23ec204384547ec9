"""Which apps can run a Linux container image, told by what they are and not by `kind` alone."""

from __future__ import annotations

from typing import Any

import pytest

from pytask.targets.site.kind import unfit

LINUX = {"reserved": True, "sku": "ElasticPremium"}


@pytest.mark.parametrize(
    ("kind", "properties", "fx_version", "code"),
    [
        ("functionapp,linux,container", LINUX, "DOCKER|x", ""),
        ("functionapp,linux,container", LINUX, "", ""),
        ("functionapp,linux", LINUX, "DOCKER|x", ""),
        ("functionapp,linux", LINUX, "Python|3.11", "app-is-code"),
        ("functionapp,linux", LINUX, "Node|20", "app-is-code"),
        ("functionapp,linux,container", LINUX, "Node|20", "app-is-code"),
        ("functionapp,linux", LINUX, "DOTNET-ISOLATED|8.0", "app-is-code"),
        ("functionapp,linux", LINUX, "", ""),
        ("functionapp,linux", LINUX, " ", ""),
        ("functionapp,linux", LINUX, "docker|x", ""),
        ("functionapp,linux,workflowapp", LINUX, "", "app-is-logic-app"),
        ("functionapp,workflowapp", {"reserved": False, "sku": "WorkflowStandard"}, "", "app-is-logic-app"),
        ("functionapp,workflowapp,linux,container", LINUX, "DOCKER|x", "app-is-logic-app"),
        ("functionapp,linux,container", {"sku": "Standard"}, "DOCKER|x", ""),
        ("functionapp", {"sku": "Standard"}, "", "app-is-windows"),
        ("functionapp,linux,container,azurecontainerapps", LINUX, "DOCKER|x", ""),
        ("FunctionApp,Linux,Container", LINUX, "DOCKER|x", ""),
        ("functionapp,linux,container", LINUX, "sitecontainers", "app-is-sitecontainers"),
        ("functionapp", {"reserved": False, "sku": "Dynamic"}, "", "app-is-windows"),
        ("functionapp,container,windows", {"reserved": False, "isXenon": True}, "", "app-is-windows"),
        ("functionapp,linux", {"reserved": True, "sku": "FlexConsumption"}, "", "app-is-flex"),
        ("functionapp,linux", {"reserved": True, "sku": "Dynamic"}, "Python|3.11", "app-is-consumption"),
        (
            "functionapp,linux,container,azurecontainerapps",
            {"managedEnvironmentId": "/x", "reserved": None, "sku": None},
            "DOCKER|x",
            "",
        ),
        ("app,linux,container", LINUX, "DOCKER|x", "app-is-no-function-app"),
    ],
)
def test_an_app_is_fit_or_has_its_own_refusal(
    kind: str, properties: dict[str, Any], fx_version: str, code: str
) -> None:
    failure = unfit("my-app", {"kind": kind, "properties": properties}, fx_version)
    assert (failure.code if failure else "") == code


def test_an_app_whose_image_was_taken_out_is_an_app_without_an_image() -> None:
    """Hold the answers of ARM after `az functionapp config container delete`, as recorded.

    Source: https://github.com/Azure/azure-cli/tree/dev/src/azure-cli/azure/cli/command_modules/appservice/tests
    """
    emptied = {
        "id": "/subscriptions/S/resourceGroups/G/providers/Microsoft.Web/sites/shop",
        "kind": "functionapp,linux",
        "properties": {
            "reserved": True,
            "isXenon": False,
            "hyperV": False,
            "sku": "Standard",
            "managedEnvironmentId": None,
            "functionAppConfig": None,
        },
    }
    assert unfit("shop", emptied, " ") is None
