"""The moments at which a run is stopped, each picked by a call that the local Azure meets or by a line of the log."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.pipeline import Pipeline

BASE = "FROM mcr.microsoft.com/azure-functions/python:4-python3.11\n"
SLOW_BUILD = BASE + "RUN echo now building && sleep 60\n"
CRASHING = BASE + 'ENTRYPOINT ["/bin/sh", "-c", "echo no such module; exit 1"]\n'

_PROMOTED = {"command": "deploy", "imageName": "hello-function:stable", "resourceGroupName": "rg-func"}
_CRASHING = {**_PROMOTED, "imageName": "hello-function:crashing", "verifyTimeoutMinutes": "0.2"}
_SET = {**_PROMOTED, "appSettings": "GREETING=Hi"}
_PULLING = {**_PROMOTED, "appPullAccess": "managedIdentity"}
_IN_ACR = {"buildOn": "acr", "resourceGroupName": "rg-func"}
_SWAPPING = {"command": "swap", "slotName": "staging", "resourceGroupName": "rg-func"}
_APP = r"management\.azure\.com/.*/sites/docker-func-sample"
_PATCH = rf"PATCH {_APP}/config/web"


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One moment of a run."""

    name: str
    inputs: Mapping[str, str] = field(default_factory=lambda: _PROMOTED)
    call: str = ""
    """A pattern of `METHOD host/path`; empty where a line of the log is the moment."""
    answered: bool = False
    """Whether the call has had its effect at that moment; its answer is not out yet."""
    occasion: int = 1
    """Which of the calls or lines it is."""
    line: str = ""
    dockerfile: str = ""
    """Instead of the example's own."""
    pulls: bool = True
    """Whether the app can pull from the registry before the run."""

    @property
    def in_acr(self) -> bool:
        """Whether ACR Tasks builds."""
        return "buildOn" in self.inputs

    @property
    def swaps(self) -> bool:
        """Whether the run swaps a slot with production."""
        return self.inputs.get("command") == "swap"

    def when_met(self, pipeline: Pipeline, act: Callable[[], object]) -> tuple[Callable[[str], None], threading.Event]:
        """Have `act` called at the moment; return what is to be shown each line, and what is set then."""
        met, seen, lock = threading.Event(), [0], threading.Lock()

        def count() -> None:
            with lock:
                seen[0] += 1
                due = seen[0] == self.occasion
            if due:
                act()
                met.set()

        if self.call:
            pipeline.azure.faults.meanwhile(self.call, count, after=self.answered, times=None)
        return (lambda line: count() if self.line and self.line in line else None), met


How = Literal["SIGINT", "SIGTERM", "SIGKILL"]
HOWS: tuple[How, ...] = ("SIGINT", "SIGTERM", "SIGKILL")
POINTS = (
    Point(name="signing in", call=r"POST login\.microsoftonline\.com/.*/token"),
    Point(name="preflight", call=rf"GET {_APP}/config/web"),
    Point(name="building", inputs={}, line=" now building", dockerfile=SLOW_BUILD),
    Point(name="pushing", inputs={}, call=r"POST contoso\.azurecr\.io/v2/hello-function/blobs/uploads"),
    Point(name="pushed", inputs={}, call=r"PUT contoso\.azurecr\.io/v2/hello-function/manifests/", answered=True),
    Point(name="inspecting", call=r"GET contoso\.azurecr\.io/v2/hello-function/blobs/sha256", occasion=2),
    Point(name="acr uploading", inputs=_IN_ACR, call=r"PUT weuacrtaskprod064\..*/source/"),
    Point(name="acr scheduling", inputs=_IN_ACR, call=r"POST .*/scheduleRun"),
    Point(name="acr scheduled", inputs=_IN_ACR, call=r"POST .*/scheduleRun", answered=True),
    Point(name="acr building", inputs=_IN_ACR, line=" now building", dockerfile=SLOW_BUILD),
    Point(name="acr pushing", inputs=_IN_ACR, call=r"POST contoso\.azurecr\.io/v2/hello-function/blobs/uploads"),
    Point(name="identity assigned", inputs=_PULLING, call=rf"(PATCH|PUT) {_APP}\?", answered=True, pulls=False),
    Point(name="role granted", inputs=_PULLING, call=r"PUT .*/roleAssignments/", answered=True, pulls=False),
    Point(name="role propagation", inputs=_PULLING, line="for the new role to propagate", pulls=False),
    Point(name="settings sent", inputs=_SET, call=rf"PUT {_APP}/config/appsettings"),
    Point(name="settings written", inputs=_SET, call=rf"PUT {_APP}/config/appsettings", answered=True),
    Point(name="settings read back", inputs=_SET, call=rf"POST {_APP}/config/appsettings/list", occasion=3),
    Point(name="image sent", inputs=_SET, call=_PATCH),
    Point(name="image written", inputs=_SET, call=_PATCH, answered=True),
    Point(name="verifying", inputs=_SET, call=rf"POST {_APP}/containerlogs"),
    Point(name="rollback sent", inputs=_CRASHING, call=_PATCH, occasion=2),
    Point(name="rollback written", inputs=_CRASHING, call=_PATCH, answered=True, occasion=2),
    Point(name="swap sent", inputs=_SWAPPING, call=rf"POST {_APP}/slots/staging/slotsswap"),
    Point(name="swap begun", inputs=_SWAPPING, call=rf"POST {_APP}/slots/staging/slotsswap", answered=True),
    Point(name="swapping", inputs=_SWAPPING, call=rf"GET {_APP}/slots/staging/operationresults/"),
    Point(name="verifying production", inputs=_SWAPPING, call=rf"GET {_APP}/hostruntime/"),
    Point(name="verifying the rollback", inputs=_CRASHING, line="##[group]Roll back"),
)
