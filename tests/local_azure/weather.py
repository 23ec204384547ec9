"""How long Azure takes over what it does of itself, without a fault being scripted. Data only.

One default holds for everything; a test may ask for other weather until `reset`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Weather:
    """Durations in seconds of the platform."""

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
    old_kept: float
    """How long the container of before is kept once the new one serves.

    Source: https://github.com/yeongseon/azure-app-service-practical-guide (labs, `kql-platform-*.json`)
    """
    run_queued: float = 1.5
    """How long a run of ACR Tasks waits for an agent; until then it has no log.

    Source: recorded traffic of https://github.com/Azure/azure-cli (test_containerapp_up_source_with_dockerfile_e2e)
    """
    swap_takes: float = 60.0
    """How long a swap takes at least.

    Source: recorded traffic of https://github.com/Azure/azure-cli (appservice tests), where it took 60 to 93.
    """


AS_RECORDED = Weather(host_wakes=1.0, functions_cached=30.0, slow_write=4.0, old_kept=20.0)
"""As recordings and published logs have it."""
