"""The steps of the acceptance: every command, an image that does not start, an app that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GOOD, BROKEN = "hello-function/Dockerfile", "broken/Dockerfile"
REPOSITORY = "hello-function"
_TAG, _NEXT, _LAST, _BAD = "acceptance-1", "acceptance-2", "acceptance-3", "acceptance-broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names of what is created for a session and deleted after it."""

    subscription: str
    tenant: str
    group: str
    app: str
    slot: str
    container_app: str
    registry: str
    """The login server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step, and how it has to end."""

    name: str
    inputs: Mapping[str, str]
    verification: str = ""
    """The output `verification`; empty where the command has none."""
    code: str = ""
    """The failure that it has to end with; empty where it has to succeed."""
    image: str = ""
    """The reference that is deployed; empty where nothing is."""


def steps(names: Names) -> tuple[Step, ...]:
    """Return the steps in their order; each finds what those before it have left."""
    image = f"{names.registry}/{REPOSITORY}"
    app = {"appName": names.app, "resourceGroupName": names.group, "verifyTimeoutMinutes": "20"}
    pulls, tested = {"appPullAccess": "managedIdentity"}, {"smokeTestPath": "/api/HttpTriggerSample?name=acceptance"}
    built = {"azureContainerRegistry": names.registry, "imageName": REPOSITORY, "dockerFile": GOOD}
    there = {"command": "deploy", "imageName": f"{image}:{_TAG}"}
    return (
        Step(name="check", inputs={**app, "command": "check"}),
        Step(name="no-such-app", inputs={"command": "check", "appName": f"{names.app}x"}, code="app-not-found"),
        Step(name="build", inputs={**built, "command": "build", "tags": _TAG}),
        Step(name="build-and-push", inputs={**built, "command": "buildAndPush", "tags": _TAG}),
        Step(
            name="build-push-deploy",
            inputs={**built, **app, **pulls, **tested, "tags": _NEXT, "appSettings": "GREETING=Hello, world"},
            verification="verified",
            image=f"{image}:{_NEXT}",
        ),
        Step(
            name="unchanged",
            inputs={**app, "command": "deploy", "imageName": f"{image}:{_NEXT}", "whenUnchanged": "skip"},
            verification="skipped",
        ),
        Step(
            name="slot-by-digest",
            inputs={**there, **app, **pulls, "slotName": names.slot, "deployBy": "digest"},
            verification="verified",
            image=f"{image}:{_TAG}",
        ),
        Step(
            name="swap",
            inputs={**app, "command": "swap", "slotName": names.slot},
            verification="verified",
        ),
        Step(
            name="does-not-start",
            inputs={**built, **app, "dockerFile": BROKEN, "tags": _BAD},
            verification="failed",
            code="container-exits",
            image=f"{image}:{_BAD}",
        ),
        Step(
            name="container-app",
            inputs={**built, **app, "appName": names.container_app, "tags": _LAST},
            verification="verified",
            image=f"{image}:{_LAST}",
        ),
        Step(name="check-at-the-end", inputs={**app, "command": "check"}),
    )
