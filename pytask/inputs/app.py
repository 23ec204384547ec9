"""The inputs about the Function App: which one to deploy to, and how to verify it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.errors.inputs import NotMinutes, SmokePathInvalid, StatusInvalid
from pytask.inputs.more_apps import read_more_apps
from pytask.inputs.reader import together
from pytask.inputs.settings import read_app_settings, read_configuration
from pytask.inputs.swap import confirm_slot, confirm_swap, note_unused
from pytask.model import (
    AppAddress,
    AppPlan,
    DeployBy,
    PullAccess,
    PullPlan,
    SmokeTest,
    VerifyPlan,
    WhenUnchanged,
    WhenUnverified,
)
from pytask.targets.site.address import parse_app, parse_identity, parse_slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.inputs.reader import Read, Reader
    from pytask.model import Secret

_STATUS = re.compile(r"[1-5](?:\d\d|xx)")


def read_app(reader: Reader, mask: Callable[[str], Secret]) -> Read[AppPlan]:
    """Return the app that will run the image, and how to update and verify it."""
    app = _app(reader)
    more = read_more_apps(reader, app)
    deploy_by = reader.choice("deployBy", DeployBy, default=DeployBy.TAG)
    when_unchanged = reader.choice("whenUnchanged", WhenUnchanged, default=WhenUnchanged.DEPLOY)
    verify = reader.boolean("verify", default=True)
    verification = _verification(reader)
    settings = read_app_settings(reader, mask)
    configuration = read_configuration(reader)
    pull = _pull(reader)
    swap = reader.boolean("swapWithProduction", default=False)
    confirm_swap(reader, app, swap=swap, verify=verify)
    return together(
        lambda: AppPlan(
            app=app.value,
            swap=swap.value,
            deploy_by=deploy_by.value,
            when_unchanged=when_unchanged.value,
            verify=verification.value if verify.value else None,
            settings=settings.value,
            configuration=configuration.value,
            pull=pull.value,
            more=more.value,
        ),
        *(app, more, deploy_by, when_unchanged, verify, verification, settings, configuration, pull, swap),
    )


def read_app_to_swap(reader: Reader) -> Read[AppPlan]:
    """Return the app whose slot is swapped, and how to verify it; nothing is deployed, so the rest is not read."""
    app, pull, verification = _app(reader), _pull(reader), _verification(reader)
    verify = reader.boolean("verify", default=True)
    if app.found:
        confirm_slot(reader, app.value, why="command is swap")
    note_unused(reader)
    return together(
        lambda: AppPlan(
            app=app.value,
            swap=True,
            deploy_by=DeployBy.TAG,
            when_unchanged=WhenUnchanged.DEPLOY,
            verify=verification.value if verify.value else None,
            pull=PullPlan() if pull.value.access is PullAccess.ADMIN_USER else pull.value,
        ),
        *(app, pull, verify, verification),
    )


def _app(reader: Reader) -> Read[AppAddress]:
    """Read the app; a resource ID already includes its group."""
    app = reader.named("appName", lambda value: parse_app(value, input_name="appName"), meaning="the Function App")
    group = reader.named("resourceGroupName", str)
    slot = reader.named("slotName", lambda value: parse_slot(value, input_name="slotName"), default="production")
    return together(lambda: _address(app.value, group.value, slot.value), app, group, slot)


def _address(app: AppAddress, group: str, slot: str) -> AppAddress:
    return AppAddress(
        name=app.name,
        resource_group=app.resource_group or group,
        subscription_id=app.subscription_id,
        slot=app.slot or slot,
        on_container_apps=app.on_container_apps,
    )


def _pull(reader: Reader) -> Read[PullPlan]:
    access = reader.choice("appPullAccess", PullAccess, default=PullAccess.KEEP)
    identity = reader.named("pullIdentity", lambda value: parse_identity(value, input_name="pullIdentity"))
    by_identity = access.found and access.value is PullAccess.MANAGED_IDENTITY
    if identity.found and identity.value and not by_identity:
        reader.notes.append("pullIdentity is used only when appPullAccess is managedIdentity")
    return together(lambda: PullPlan(access=access.value, identity=identity.value), access, identity)


def _verification(reader: Reader) -> Read[VerifyPlan]:
    minutes = reader.named("verifyTimeoutMinutes", _minutes, default="10")
    smoke_test = _smoke_test(reader)
    when_unverified = reader.choice("whenUnverified", WhenUnverified, default=WhenUnverified.WARN)
    roll_back = reader.boolean("rollbackOnFailure", default=True)
    annotate = reader.boolean("releaseAnnotation", default=True)
    return together(
        lambda: VerifyPlan(
            seconds=minutes.value * 60,
            smoke_test=smoke_test.value,
            when_unverified=when_unverified.value,
            roll_back=roll_back.value,
            annotate=annotate.value,
        ),
        *(minutes, smoke_test, when_unverified, roll_back, annotate),
    )


def _smoke_test(reader: Reader) -> Read[SmokeTest | None]:
    path = reader.named("smokeTestPath", _path)
    statuses = reader.named("smokeTestStatus", _statuses, default="2xx")
    return together(lambda: _smoke(path.value, statuses.value), path, statuses)


def _smoke(path: str, statuses: tuple[str, ...]) -> SmokeTest | None:
    return SmokeTest(path=path, statuses=statuses) if path else None


def _path(value: str) -> str:
    if not value:
        return ""
    if "://" in value or any(character.isspace() for character in value):
        raise SmokePathInvalid(input="smokeTestPath", value=value)
    return value if value.startswith("/") else f"/{value}"


def _statuses(value: str) -> tuple[str, ...]:
    statuses = tuple(part.lower() for part in re.split(r"[,\s]+", value) if part)
    for status in statuses:
        if not _STATUS.fullmatch(status):
            raise StatusInvalid(input="smokeTestStatus", value=status)
    return statuses


def _minutes(value: str) -> float:
    try:
        minutes = float(value)
    except ValueError:
        minutes = 0
    if not 0 < minutes < float("inf"):
        raise NotMinutes(input="verifyTimeoutMinutes", value=value)
    return minutes
