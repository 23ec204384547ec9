"""Whatever is answered to a question whose answer is needed, it ends as a value or as a failure of the catalogue."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytask.access.admin_user import admin_user
from pytask.access.roles import grant_role, may_grant, right_of
from pytask.access.setup import AppIdentity
from pytask.agent.oidc import OidcTokens
from pytask.cloud.answers import error_of, refusal
from pytask.cloud.arm import Azure
from pytask.cloud.metadata import with_known_cloud
from pytask.errors import ManyFailures, TaskFailure
from pytask.errors.azure import AzureFailing
from pytask.errors.federation import OidcTokenRefused
from pytask.inspection.contents import read_image
from pytask.model import AppAddress, Cloud, RegistryAddress, RegistryHost, Secret, WantedSettings
from pytask.registry.challenge import Challenge, challenge_of
from pytask.registry.contents import Repository
from pytask.registry.lookup import login_server
from pytask.registry.resource import RegistryResource, find_resource
from pytask.registry.rights import confirm_push, granted_actions, may_pull
from pytask.registry.session import RegistrySession
from pytask.registry.sign_in import EntraSignIn, NoSignIn
from pytask.targets.annotation import annotate
from pytask.targets.identity import choose_identity
from pytask.targets.site.find import find_app, read_configuration
from pytask.targets.site.identity import give_site_identity
from pytask.targets.site.settings import list_settings, read_settings, write_settings
from pytask.targets.site.slot_settings import make_not_sticky, make_sticky
from tests.scripted import PATH, Answer, ScriptedApp, found_site
from tests.unit.answered import answered
from tests.unit.test_decode import VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model import ServiceConnection

HOST = RegistryHost.parse("contoso.azurecr.io")
ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso"
REGISTRY = RegistryResource(
    id=ID, name="contoso", login_server=HOST, by_repository=False, has_admin_user=True, is_public=True
)
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
SITE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop"
BEARER = Challenge(scheme="bearer", realm="https://contoso.azurecr.io/oauth2/token", service="contoso.azurecr.io")
CLOUD = Cloud(arm_url="https://management.azure.com", authority_url="", arm_scope="")
AT = datetime(2026, 11, 27, tzinfo=timezone.utc)
KEY = "00000000-0000-0000-0000-000000000000"
NAMES = [
    *("properties", "value", "nextLink", "identity", "userAssignedIdentities", "type", "principalId", "kind", "sku"),
    *("id", "name", "linuxFxVersion", "acrUseManagedIdentityCreds", "appSettingNames", "defaultHostName", "state"),
    *("loginServer", "passwords", "username", "adminUserEnabled", "roleDefinitionId", "permissions", "actions"),
    *("notActions", "condition", "InstrumentationKey", "authentication", "loginEndpoint", "audiences", "token"),
    *("access_token", "refresh_token", "errors", "code", "message", "details", "error", "access", "config", "digest"),
    *("size", "layers", "manifests", "mediaType", "platform", "os", "history", "outboundVnetRouting", "reserved"),
]
LIKELY = st.sampled_from(
    [ID, SITE, "shop", "contoso.azurecr.io", "functionapp,linux", "DOCKER|x", f"sha256:{'1' * 64}"]
)
SHAPED = st.recursive(
    VALUES | LIKELY,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)
ODD = st.sampled_from(
    [
        *(b"", b"null", b"{}", b"[]", b"<!DOCTYPE html>", b"\xff\xfe", b"[" * 2_000, b'{"a": "\\ud800"}'),
        *(b'{"value": 1}', b'{"properties": []}', b'{"error": NaN}'),
        b'{"properties": {"a": 1e18, "identity": 5}, "value": [1e18]}',
    ]
)
BODIES = ODD | SHAPED.map(json.dumps) | st.binary(max_size=100)
STATUSES = st.sampled_from([200, 200, 200, 201, 203, 204, 400, 401, 403, 404, 409])


def an_azure(answer: Answer) -> Azure:
    app = ScriptedApp()
    app.routes.default_factory = lambda: lambda _: answer
    azure = app.azure()
    connection = SimpleNamespace(tenant_id="t", cloud=CLOUD)
    credentials = SimpleNamespace(
        mask=Secret, token=lambda _: Secret("t"), connection=connection, renew=lambda *, surely: surely
    )
    return Azure(arm=azure.arm, http=azure.http, credentials=cast("Any", credentials))


def questions(azure: Azure) -> Mapping[str, Callable[[], object]]:
    arm, site = azure.arm, found_site()
    by_name = RegistryAddress(name="contoso")
    session = RegistrySession(HOST, http=azure.http, mask=Secret, challenge=BEARER, sign_in=NoSignIn())
    entra = RegistrySession(HOST, http=azure.http, mask=Secret, challenge=BEARER, sign_in=EntraSignIn(azure))
    opened = RegistrySession(HOST, http=azure.http, mask=Secret, challenge=Challenge(scheme=""), sign_in=NoSignIn())
    connection = cast("ServiceConnection", SimpleNamespace(cloud=CLOUD, page="p"))
    return {
        "app": lambda: find_app(arm, AppAddress(name="shop", resource_group="g")),
        "app by name": lambda: find_app(arm, AppAddress(name="shop")),
        "slot": lambda: find_app(arm, AppAddress(name="shop", resource_group="g", slot="blue")),
        "configuration": lambda: read_configuration(arm, PATH),
        "settings": lambda: list_settings(arm, PATH),
        "settings that may be hidden": lambda: read_settings(arm, PATH),
        "writing settings": lambda: write_settings(arm, PATH, WantedSettings(values={"A": "b"})),
        "sticky": lambda: make_sticky(arm, site, ["A"]),
        "not sticky": lambda: make_not_sticky(arm, site, ["A"]),
        "identity": lambda: choose_identity(arm, site, {}, IDENTITY),
        "giving an identity": lambda: give_site_identity(arm, site, AppIdentity(resource_id=IDENTITY)),
        "rights": lambda: right_of(arm, REGISTRY, "p"),
        "own rights": lambda: may_grant(arm, REGISTRY),
        "granting": lambda: grant_role(arm, REGISTRY, "p", app="shop"),
        "registry": lambda: find_resource(arm, HOST),
        "registry by id": lambda: find_resource(arm, HOST, ID),
        "admin user": lambda: admin_user(arm, REGISTRY, Secret),
        "login server": lambda: login_server(arm, by_name, CLOUD),
        "login server by id": lambda: login_server(arm, replace(by_name, resource_id=ID), CLOUD),
        "annotation": lambda: annotate(arm, {"APPINSIGHTS_INSTRUMENTATIONKEY": KEY}, name="1", at=AT, properties={}),
        "challenge": lambda: challenge_of(azure.http, HOST),
        "token": lambda: session.token("shop"),
        "exchange": entra.docker_login,
        "push": lambda: confirm_push(entra, "shop"),
        "pull": lambda: may_pull(entra, "shop"),
        "manifest": lambda: Repository(session=opened, name="shop").manifest("1"),
        "image": lambda: read_image(Repository(session=opened, name="shop"), "1"),
        "cloud": lambda: with_known_cloud(connection, azure.http),
    }


@pytest.mark.parametrize("name", questions(an_azure(Answer())))
@settings(max_examples=60)
@given(body=BODIES, status=STATUSES)
def test_no_answer_ends_as_anything_but_a_value_or_a_failure(name: str, body: str | bytes, status: int) -> None:
    with suppress(TaskFailure, ManyFailures):
        questions(an_azure(Answer(status, body)))[name]()


@pytest.mark.parametrize("body", [b"{}", b'{"properties": []}', b'{"properties": {"A": 1}}', b"", b"<html>"])
def test_settings_that_are_not_told_whole_are_not_written(body: bytes) -> None:
    app = ScriptedApp()
    app.routes.default_factory = lambda: lambda _: Answer(200, body)
    with pytest.raises(AzureFailing, match="read the app's settings"):
        write_settings(app.azure().arm, PATH, WantedSettings(values={"A": "b"}))
    assert not app.asked("PUT config/appsettings")


@pytest.mark.parametrize("body", [b"{}", b'{"properties": 1}', b'{"properties": {"appSettingNames": [1, "A"]}}'])
def test_names_that_are_not_told_whole_are_not_written(body: bytes) -> None:
    app = ScriptedApp()
    app.routes.default_factory = lambda: lambda _: Answer(200, body)
    with pytest.raises(AzureFailing, match="which settings stay with their slot"):
        make_sticky(app.azure().arm, found_site(), ["B"])
    assert not app.asked("PUT config/slotConfigNames")


@pytest.mark.parametrize("body", [b"{}", b'{"identity": {}}', b'{"name": "shop"}', b'{"properties": {"state": "x"}}'])
def test_identities_are_not_written_from_an_answer_that_is_no_whole_site(body: bytes) -> None:
    app = ScriptedApp()
    app.answers("GET ", Answer(body=body))
    with pytest.raises(AzureFailing, match="read the app's identities"):
        give_site_identity(app.azure().arm, found_site(), AppIdentity(resource_id=IDENTITY))
    assert not app.asked("PATCH ")


def test_a_setting_without_a_value_is_empty() -> None:
    arm = an_azure(Answer(200, {"properties": {"A": None, "B": "b"}})).arm
    assert list_settings(arm, PATH) == {"A": "", "B": "b"}


@given(SHAPED)
def test_what_a_token_does_not_tell_readably_is_not_known(claims: object) -> None:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    granted = granted_actions(Secret(f"e30.{body}.x"), "shop")
    assert granted is None or granted <= {"pull", "push"} or all(isinstance(one, str) for one in granted)
    assert granted_actions(Secret(json.dumps(claims)), "shop") is None


@pytest.mark.parametrize(
    "entry", [5, {}, {"name": "shop"}, {"name": 5, "actions": []}, {"name": "shop", "actions": "x"}]
)
def test_an_entry_of_a_token_that_cannot_be_read_leaves_it_open(entry: object) -> None:
    claims = {"access": [{"type": "repository", "name": "shop", "actions": ["pull"]}, entry]}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    assert granted_actions(Secret(f"e30.{body}.x"), "shop") is None


@given(
    BODIES, st.integers(200, 599), st.sampled_from(["", "text/html; charset=bogus", "application/json; charset=utf-8"])
)
def test_a_refusal_is_told_whatever_its_body_is(body: bytes | str, status: int, kind: str) -> None:
    answer = answered(status, body, {"Content-Type": kind})
    assert all(isinstance(part, str) for part in error_of(answer))
    assert str(refusal("read the app", answer))


@pytest.mark.parametrize(
    "token", [None, "", 5, {"a": 1}, KeyError("value"), TypeError("None"), ValueError("no location")]
)
def test_an_answer_without_a_token_of_the_pipeline_is_a_refusal(token: object) -> None:
    def create(*_: object) -> object:
        if isinstance(token, Exception):
            raise token
        return SimpleNamespace(oidc_token=token)

    client = cast("Any", SimpleNamespace(create_oidc_token=create))
    route = cast("Any", None)
    tokens = OidcTokens(
        client=client, project="p", hub="h", plan="p", job="j", connection="azure", route=route, mask=Secret
    )
    with pytest.raises(OidcTokenRefused):
        tokens.fresh()
