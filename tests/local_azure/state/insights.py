"""An Application Insights component, and the annotations made in it. State only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.local_azure.state.subscription import group_id


@dataclass(kw_only=True, slots=True, eq=False)
class Component:
    """A component.

    Source: https://learn.microsoft.com/rest/api/application-insights/components/get
    """

    name: str
    resource_group: str
    instrumentation_key: str = field(default_factory=lambda: str(uuid.uuid4()))
    app_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    annotations: list[dict[str, Any]] = field(default_factory=list)
    """What was marked in it, oldest first, as it was sent."""

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{group_id(self.resource_group)}/providers/microsoft.insights/components/{self.name}"

    @property
    def connection_string(self) -> str:
        """What an app's APPLICATIONINSIGHTS_CONNECTION_STRING is."""
        where = "https://westeurope-5.in.applicationinsights.azure.com/"
        live = "https://westeurope.livediagnostics.monitor.azure.com/"
        key, application = self.instrumentation_key, self.app_id
        return f"InstrumentationKey={key};IngestionEndpoint={where};LiveEndpoint={live};ApplicationId={application}"
