"""An update of a container app as a run does it: what is sent, what it is verified to be, and how it fails."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytask.cloud.poll import Seen
from pytask.errors.azure import Forbidden
from pytask.errors.start import StartFailure
from pytask.journal import Journal
from pytask.model import AppPlan, RegistryHost, SmokeTest
from pytask.registry.images import ImageSource
from pytask.targets.target import UseImage
from pytask.verification import verify_watch
from tests.contract.targets.scene import NEW, NO_REGISTRY, PLAN, VERIFY
from tests.scripted import OURS, Answer

if TYPE_CHECKING:
    from pytask.model import Verification
    from pytask.targets.container_app.app import ContainerAppUpdate
    from tests.contract.targets.container_app import ScriptedContainerApp

REFUSED_IMAGE = (
    "The following field(s) are either invalid or missing. Field 'template.containers.shop.image' is invalid with "
    "details: 'Invalid value: \"contoso.azurecr.io/shop:7\": GET https:: {}';."
)
MISSING = 'MANIFEST_UNKNOWN: manifest tagged by "7" is not found; map[Tag:7]'
UNAUTHORIZED = "UNAUTHORIZED: authentication required"
NO_JOURNAL = Journal(lambda _: None)
HOST = RegistryHost("contoso.azurecr.io")


def updated(
    app: ScriptedContainerApp, *, plan: AppPlan = PLAN, fresh: bool = True, journal: Journal = NO_JOURNAL
) -> ContainerAppUpdate:
    target = app.find()
    change = UseImage(reference=NEW, digest=OURS, fresh_tag=fresh, plan=plan)
    return target.update(change, target.preflight(plan, NO_REGISTRY), journal)


def verified(
    app: ScriptedContainerApp, update: ContainerAppUpdate, smoke_test: SmokeTest | None = None
) -> Verification:
    plan = replace(VERIFY, smoke_test=smoke_test)
    watch = app.find().watch(update, plan, digest_now=lambda _: Seen(OURS))
    return verify_watch(watch, clock=app.clock, timeouts=app.timeouts, say=app.said.append)


def failure(app: ScriptedContainerApp) -> StartFailure:
    with pytest.raises(StartFailure) as caught:
        verified(app, updated(app))
    return caught.value


def sent(app: ScriptedContainerApp) -> dict[str, Any]:
    found: dict[str, Any] = app.bodies[-1]["properties"]
    return found


def a_refusal(words: str) -> Answer:
    code = "InvalidParameterValueInContainerTemplate"
    return Answer(400, {"error": {"code": code, "message": REFUSED_IMAGE.format(words)}})


def an_event(reason: str, message: str, revision: str, kind: str = "Warning") -> dict[str, Any]:
    return {"Type": kind, "RevisionName": revision, "Msg": message, "Reason": reason}


def a_source(**changes: Any) -> ImageSource:  # noqa: ANN401 - a record's fields
    session = SimpleNamespace(open=False, host=HOST, as_anybody=lambda: SimpleNamespace(token=_no_token))
    registries = cast("Any", SimpleNamespace(azure=None))
    given: dict[str, Any] = {"registries": registries, "host": HOST, "session": cast("Any", session), **changes}
    return ImageSource(repository="shop", **given)


def _no_token(_repository: str) -> None:
    raise Forbidden(doing="get a token", detail="no")
