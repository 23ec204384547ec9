"""How the local Azure answers where a recording of Azure differs from what a client may hope for. Data only.

One default holds for everything; a test may ask for other weather until `reset`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Weather:
    """What Azure does of itself, without a fault being scripted; durations in seconds of the platform."""

    recorded_log: bool
    """Whether the platform's log is as published: sidecars, tags, short fractions, the old container's late stop."""
    typed_status: bool
    """Whether `host/default/properties/status` has only what ARM's class of it knows.

    Source: https://github.com/Azure/azure-functions-host/issues/8214
    """
    host_wakes: float
    """How long a host that has just begun to serve is answered for by anything between 400 and an IIS page.

    Source: https://github.com/hashicorp/terraform-provider-azurerm (its poller of this URL waits 408 out)
    """
    functions_cached: float
    """How long ARM goes on listing the functions of before: the host syncs them by itself then, or when it is told to.

    Source: https://github.com/Azure/azure-functions-host/issues/3994 and FunctionsSyncService.cs in the same repository
    """
    slow_write: float
    """How long a change of the configuration takes to be answered; the app restarts meanwhile.

    Source: recorded traffic of https://github.com/Azure/azure-cli (appservice tests), where it took up to 14.
    """
    patch_accepted: bool
    """Whether a PATCH of a site is answered 202 with a `Location` and no body. Source: the same traffic."""
    old_kept: float
    """How long the container of before is kept once the new one serves."""
    ids_in_any_case: bool
    """Whether resource ids come back with `resourcegroups` and `sites` written one way here, another there.

    Source: the same traffic.
    """
    kind_follows: bool
    """Whether an app's `kind` follows its `linuxFxVersion`. Source: the same traffic."""
    pascal_claims: bool
    """Whether registries write the rights in their tokens as `Type`, `Name`, `Actions`.

    Source: recorded traffic of https://github.com/Azure/azure-cli (acr tests)
    """
    html_when_busy: bool
    """Whether a bare 503 is a page of the web server before ARM. Source: the same traffic."""


AS_RECORDED = Weather(
    recorded_log=True,
    typed_status=True,
    host_wakes=4.0,
    functions_cached=30.0,
    slow_write=4.0,
    patch_accepted=True,
    old_kept=20.0,
    ids_in_any_case=True,
    kind_follows=True,
    pascal_claims=True,
    html_when_busy=True,
)
"""As recordings and published logs have it."""

FAIR = Weather(
    recorded_log=False,
    typed_status=False,
    host_wakes=0.0,
    functions_cached=0.0,
    slow_write=0.0,
    patch_accepted=False,
    old_kept=0.0,
    ids_in_any_case=False,
    kind_follows=False,
    pascal_claims=False,
    html_when_busy=False,
)
"""As a client would wish it. It goes as soon as the task stands the other one."""

DEFAULT = AS_RECORDED if os.environ.get("LOCAL_AZURE_WEATHER") == "recorded" else FAIR
