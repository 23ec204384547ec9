"""One run of ACR Tasks: its status, its log, and what it gave."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.principal import Principal
    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.tasks.storage import Blob

_IN_LOG = {
    "Succeeded": "successful",
    "Failed": "failed",
    "Canceled": "canceled",
    "Error": "internalerror",
    "Timeout": "timedout",
}
_MOMENT = "%Y-%m-%dT%H:%M:%S.%f+00:00"


@dataclass(kw_only=True, eq=False)
class TaskRun:
    """One run."""

    id: str
    registry: RegistryState
    caller: Principal
    body: Mapping[str, Any]
    """The request."""
    context: bytes
    log: Blob
    status: str = "Queued"
    detail: str = ""
    images: list[JSON] = field(default_factory=list)
    canceled: threading.Event = field(default_factory=threading.Event)
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status not in {"Queued", "Started", "Running"}

    def say(self, line: str, *, stamped: bool = True) -> None:
        """Write a line into the log: one of the program's own with the time, or one of a step as it is."""
        stamp = f"{datetime.now(timezone.utc):%Y/%m/%d %H:%M:%S} " if stamped else ""
        self.log.content.extend(f"{stamp}{line}\r\n".encode())

    def end(self, status: str, detail: str = "") -> None:
        """End it, in the log too."""
        if self.over:
            return
        told = "was successful" if status == "Succeeded" else f"{status.lower()}. Error: {detail}"
        self.say(f"\r\nRun ID: {self.id} {told}", stamped=False)
        self.detail = detail
        self.log.metadata["complete"] = _IN_LOG[status]
        self.status = status

    def as_json(self) -> JSON:
        """Return it as Azure shows it.

        Source: recorded traffic of https://github.com/Azure/azure-cli (test_acr_task)
        """
        properties: JSON = {
            "runId": self.id,
            "status": self.status,
            "runType": "QuickRun" if self.body["type"] == "EncodedTaskRunRequest" else "QuickBuild",
            "lastUpdatedTime": f"{datetime.now(timezone.utc):{_MOMENT}}",
            "createTime": f"{self.created:{_MOMENT}}",
            "platform": {"os": "linux", "architecture": "amd64"},
            "agentConfiguration": {"cpu": 2},
            "provisioningState": "Succeeded",
            "isArchiveEnabled": False,
            **({"outputImages": self.images} if self.images else {}),
            **({"runErrorMessage": self.detail} if self.detail else {}),
        }
        where = f"{self.registry.id}/runs/{self.id}"
        kind = "Microsoft.ContainerRegistry/registries/runs"
        return {"type": kind, "properties": properties, "id": where, "name": self.id}
