"""Whether an app is of a kind that can run a Linux container image; the property `kind` alone is misleading.

Sources: https://learn.microsoft.com/azure/azure-functions/functions-scale and
https://learn.microsoft.com/azure/azure-functions/container-concepts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.decode import flag_at, object_at, text_at
from pytask.errors.app import (
    AppIsCode,
    AppIsConsumption,
    AppIsFlex,
    AppIsLogicApp,
    AppIsNoFunctionApp,
    AppIsSidecar,
    AppIsWindows,
)
from pytask.errors.foreign import beginning

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pytask.errors import TaskFailure

_LONGEST_SHOWN = 100


def unfit(name: str, resource: Mapping[str, Any], fx_version: str) -> TaskFailure | None:
    """Return why the site cannot run a Linux container image; None when it can.

    Azure derives `kind` from `linuxFxVersion`, so only the latter says whether code or a container is configured: when
    it is empty or blank, the app has no image yet, as after `az functionapp config container delete`. Azure itself
    accepts an image for an app that runs code, but its published functions would be gone, so it is refused here.
    """
    properties = object_at(resource, "properties")
    kind = text_at(resource, "kind").lower()
    sku = text_at(properties, "sku").lower()
    form = fx_version.partition("|")[0].strip().lower()
    judgements: tuple[tuple[object, TaskFailure], ...] = (
        ("functionapp" not in kind, AppIsNoFunctionApp(app=name, kind=kind or "app")),
        ("workflowapp" in kind, AppIsLogicApp(app=name, kind=kind)),
        (sku == "flexconsumption" or object_at(properties, "functionAppConfig"), AppIsFlex(app=name)),
        (_is_windows(kind, properties), AppIsWindows(app=name)),
        (sku == "dynamic", AppIsConsumption(app=name)),
        (form == "sitecontainers", AppIsSidecar(app=name)),
        (form not in {"", "docker"}, AppIsCode(app=name, runs=beginning(fx_version, _LONGEST_SHOWN))),
    )
    return next((failure for applies, failure in judgements if applies), None)


def is_on_container_apps(resource: Mapping[str, Any]) -> bool:
    """Tell whether the site runs in a Container Apps environment, where App Service has neither its log nor its host.

    Source: https://learn.microsoft.com/azure/azure-functions/functions-container-apps-hosting
    """
    in_environment = text_at(resource, "properties", "managedEnvironmentId")
    return bool(in_environment) or "azurecontainerapps" in text_at(resource, "kind").lower()


def _is_windows(kind: str, properties: Mapping[str, Any]) -> bool:
    """Tell whether the app runs on Windows; when `reserved` is missing, only its kind says so."""
    reserved = flag_at(properties, "reserved")
    linux = "linux" in kind if reserved is None else reserved
    return not linux or bool(flag_at(properties, "isXenon") or flag_at(properties, "hyperV"))
