"""Whether an app is of a kind that can run this image; told by what it is, as `kind` alone misleads.

Source: https://learn.microsoft.com/azure/azure-functions/functions-scale and
https://learn.microsoft.com/azure/azure-functions/container-concepts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.app import (
    AppIsCode,
    AppIsConsumption,
    AppIsFlex,
    AppIsNoFunctionApp,
    AppIsSidecar,
    AppIsWindows,
    AppOnContainerApps,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pytask.errors import TaskFailure


def unfit(name: str, site: Mapping[str, Any], fx_version: str) -> TaskFailure | None:
    """Give why the site cannot run a Linux container image; None when it can."""
    properties = site.get("properties") or {}
    kind = str(site.get("kind") or "").lower()
    sku = str(properties.get("sku") or "").lower()
    form = fx_version.partition("|")[0].lower()
    windows = not properties.get("reserved") or properties.get("isXenon") or properties.get("hyperV")
    runs_code = form not in {"", "docker"} or (form == "" and "container" not in kind)
    judgements: tuple[tuple[object, TaskFailure], ...] = (
        ("functionapp" not in kind, AppIsNoFunctionApp(app=name, kind=kind or "app")),
        (properties.get("managedEnvironmentId"), AppOnContainerApps(app=name)),
        (sku == "flexconsumption" or properties.get("functionAppConfig"), AppIsFlex(app=name)),
        (windows, AppIsWindows(app=name)),
        (sku == "dynamic", AppIsConsumption(app=name)),
        (form == "sitecontainers", AppIsSidecar(app=name)),
        (runs_code, AppIsCode(app=name, runs=fx_version or "code")),
    )
    return next((failure for applies, failure in judgements if applies), None)
