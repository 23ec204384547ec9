"""The one module of the corpus that knows the product: each case is led through the product's own doors."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import ClientAuthenticationError

from pytask.access.admin_user import admin_user
from pytask.access.roles import grant_role
from pytask.access.setup import AppIdentity
from pytask.agent.pem import CertificateField
from pytask.builders.docker.cli import find_docker
from pytask.builders.docker.diagnosis import failure as build_failure
from pytask.builders.docker.engine import Engine
from pytask.builders.docker.push import Push
from pytask.clock import Clock, Timeouts
from pytask.cloud.arm import open_azure
from pytask.cloud.credentials import Credentials, open_credentials
from pytask.cloud.http import Call, open_http_client, request
from pytask.errors import TaskFailure, render
from pytask.model import (
    BuiltImage,
    ByHand,
    CertificateIdentity,
    Cloud,
    FederatedIdentity,
    KeyIdentity,
    ManagedIdentity,
    Recipe,
    RegistryHost,
    RegistryLogin,
    Secret,
    ServiceConnection,
    WantedSettings,
)
from pytask.network.route import Route
from pytask.registry.refusal import http_client_of
from pytask.registry.registries import Registries
from pytask.registry.resource import RegistryResource
from pytask.registry.rights import confirm_push
from pytask.targets.site.identity import give_site_identity
from pytask.targets.site.platform_log import read_platform_log
from pytask.targets.site.settings import confirm_readable, read_settings, write_settings
from pytask.targets.site.site import Site
from pytask.targets.site.start_failure import explain
from pytask.targets.site.update import point_at
from tests.acceptance.replaying import Replayed, replay_run
from tests.corpus import azure as played
from tests.corpus.wire import Wire
from tests.local_azure.state.client_certificate import new_client_certificate
from tests.shim import TOLD_BY_SHIM
from tests.way_out import usual_way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests
    from docker.api import APIClient

    from pytask.cloud.arm import Azure
    from pytask.model import Identity
    from tests.corpus.cases import ErrorOutput, PlatformLog, RecordedRun

_CLOUD = Cloud(
    arm_url="https://management.azure.com",
    authority_url="https://login.microsoftonline.com",
    arm_scope="https://management.azure.com/.default",
)
_JOB = {
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/contoso/",
    "SYSTEM_TEAMPROJECTID": "hello",
    "SYSTEM_HOSTTYPE": "build",
    "SYSTEM_PLANID": "plan",
    "SYSTEM_JOBID": "job",
}
_REMEMBERED_LINES = 400
"""As many as `pytask.builders.docker.build` keeps of a build's output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogReading:
    """What the product reads from a platform log."""

    started: str = ""
    """The image that was started; empty for none."""
    digest: str = ""
    """The digest that this start pulled or started, as far as the log tells it."""
    ready: bool = False
    failure: str = ""
    """The code of the failure; empty for none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An error as the product shows it."""

    code: str
    text: str


def read_log(case: PlatformLog) -> LogReading:
    """Return what the product makes of a platform log."""
    log = read_platform_log(case.text, reference=case.deployed_reference, since=case.since)
    attempt = log.latest()
    if attempt is None:
        return LogReading()
    shown = ""
    if attempt.failure or (attempt.pull_failure and not attempt.pulled):
        shown = explain(attempt, app="hello-function", reference=case.deployed_reference, settings=None).code
    ready = attempt.ready_at is not None and not attempt.failure
    return LogReading(started=attempt.started, digest=attempt.digest, ready=ready, failure=shown)


def replay(case: RecordedRun) -> Replayed:
    """Return how a recorded run ends today, with the same inputs and the same answers."""
    return replay_run(case.folder, case.inputs, digest=case.digest, limits=case.limits)


def provoke(case: ErrorOutput) -> Shown | None:
    """Return the error that the product shows for a case; None where it is no failure for it."""
    try:
        _DOORS[case.where](case)
    except TaskFailure as failure:
        return Shown(code=failure.code, text=render(failure))
    return None


def _build(case: ErrorOutput) -> None:
    if case.call == "no_engine":
        _ask_docker(case.text)
        return
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        raise build_failure(_recipe(Path(folder), case.setup), 1, _last_lines(case.text))


def _last_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()][-_REMEMBERED_LINES:]


def _recipe(folder: Path, setup: Mapping[str, str]) -> Recipe:
    """Return the recipe of a folder with a Dockerfile and the files of a case beside it."""
    for name, text in {"Dockerfile": "FROM scratch\n", **setup}.items():
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return Recipe(
        dockerfile=folder / "Dockerfile",
        context=folder,
        sources=folder,
        platform="linux/amd64",
        target="",
        arguments=(),
        secrets=(),
        labels=(),
        flags=(),
    )


def _ask_docker(said: str) -> None:
    """Ask a docker command that says this of its engine, or of buildx where that is what the words are about."""
    client = {"Client": {"Version": "28.0.4"}, "Server": {"Version": "28.0.4", "Os": "linux"}}
    of_buildx = "buildx" in said.lower() or "buildkit" in said.lower()
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        place = Path(folder)
        (place / "said").write_text(said, encoding="utf-8")
        told = json.dumps(client if of_buildx else {**client, "Server": None})
        (place / "version").write_text(told, encoding="utf-8")
        tells, fails = f'cat "{place}/version"', f'cat "{place}/said" >&2; exit 1'
        version = tells if of_buildx else f"{tells}; echo; {fails}"
        buildx = fails if of_buildx else "echo github.com/docker/buildx v0.21.1"
        docker = place / "docker"
        docker.write_text(f'#!/bin/sh\nPATH=/usr/bin:/bin\ncase "$1" in\nbuildx) {buildx} ;;\n*) {version} ;;\nesac\n')
        docker.chmod(0o755)
        find_docker({"PATH": folder, "AGENT_OS": "Linux"}, 10.0)


def _push(case: ErrorOutput) -> None:
    image = BuiltImage(references=(case.reference,), id="sha256:" + "b" * 64, platform="linux/amd64", size_bytes=1)
    login = RegistryLogin(host=RegistryHost.parse(case.registry), user="contoso", password=Secret("corpus-password"))
    clock = _HurriedClock()
    Push(
        engine=Engine(cast("APIClient", _EngineThatSays(case.text))),
        login=lambda _: login,
        ask=lambda: None,
        clock=clock,
        timeouts=Timeouts(),
        say=_say_nothing,
    ).all(image, (case.reference,))


def _entra(case: ErrorOutput) -> None:
    with _azure(case) as azure:
        credentials = azure.credentials
        if case.call == "exception":
            credentials = Credentials(
                connection=credentials.connection, opened=lambda: _Refuses(case.text), http=azure.http, mask=Secret
            )
        credentials.token(_CLOUD.arm_scope)


def _arm(case: ErrorOutput) -> None:
    with _azure(case) as azure:
        _ARM_CALLS[case.call](azure)


def _point_at(azure: Azure) -> None:
    point_at(azure.arm, _site(), "contoso.azurecr.io/hello-function:42", None, instances=None, beside={})


def _grant(azure: Azure) -> None:
    grant_role(azure.arm, _registry(), played.PRINCIPAL, app="hello-function")


def _read_admin_user(azure: Azure) -> None:
    admin_user(azure.arm, _registry(), Secret)


def _change_settings(azure: Azure) -> None:
    wanted, site = WantedSettings(values={"GREETING": "hello"}), _site()
    confirm_readable(read_settings(azure.arm, site.resource_id), wanted, site)
    write_settings(azure.arm, site.resource_id, wanted)


def _assign_identity(azure: Azure) -> None:
    give_site_identity(azure.arm, _site(), AppIdentity(resource_id=played.IDENTITY, principal_id=played.PRINCIPAL))


def _acr(case: ErrorOutput) -> None:
    with _azure(case) as azure:
        if case.call == "registry":
            asked = request("PUT", f"https://{case.registry}/v2/hello-function/manifests/42")
            http_client_of(azure.http, RegistryHost.parse(case.registry)).send(
                Call(request=asked, doing="push the image")
            )
            return
        registries = Registries(azure=azure, login=None, http=azure.http, mask=Secret)
        confirm_push(registries.open(RegistryHost.parse(case.registry)), "hello-function")


_DOORS: Mapping[str, Callable[[ErrorOutput], None]] = {
    "build": _build,
    "push": _push,
    "network": _push,
    "entra": _entra,
    "arm": _arm,
    "acr": _acr,
}
_ARM_CALLS: Mapping[str, Callable[[Azure], None]] = {
    "": _point_at,
    "grant": _grant,
    "admin_user": _read_admin_user,
    "read_settings": _change_settings,
    "assign_identity": _assign_identity,
}


@contextmanager
def _azure(case: ErrorOutput) -> Iterator[Azure]:
    """Open the doors to an Azure that answers as the case says."""
    usual = usual_way_out()
    route = _WiredRoute(network=usual.network, context=usual.context, wire=Wire(played.AzureAroundCase(case).answer))
    http = open_http_client(route, clock=_HurriedClock(), timeouts=Timeouts(), say=_say_nothing)
    fresh = _oidc_tokens(route) if case.call == "oidc" else lambda: "assertion"
    with _no_identity_of_this_machine():
        yield open_azure(
            open_credentials(
                _connection(case), http=http, fresh_assertion=fresh, mask=Secret, environment=TOLD_BY_SHIM
            ),
            http,
        )
    http.transport.close()


def _connection(case: ErrorOutput) -> ServiceConnection:
    return ServiceConnection(
        id="11111111-1111-4111-8111-111111111111",
        input="azureSubscription",
        page="https://dev.azure.com/contoso/hello/_settings/adminservices",
        tenant_id=played.TENANT,
        subscription_id=played.SUBSCRIPTION,
        subscription_name="Contoso",
        cloud=_CLOUD,
        identity=_identity(case.identity),
    )


def _identity(kind: str) -> Identity:
    match kind:
        case "certificate":
            pem = new_client_certificate().pem
            found = CertificateField(text=pem, input="azureSubscription", name="Contoso").read(Secret)
            return CertificateIdentity(client_id=played.CLIENT, certificates=found.certificates, private_key=found.key)
        case "federated":
            issuer = f"https://login.microsoftonline.com/{played.TENANT}/v2.0"
            return FederatedIdentity(client_id=played.CLIENT, issuer=issuer, subject="sc://contoso/hello/azure")
        case "machine":
            return ManagedIdentity(client_id="")
        case _:
            return KeyIdentity(client_id=played.CLIENT, secret=Secret("corpus-secret"))


def _oidc_tokens(route: Route) -> Callable[[], str]:
    # The library decides when it is loaded where it keeps its cache, and would keep it in the user's home.
    os.environ.setdefault("AZURE_DEVOPS_CACHE_DIR", str(Path(tempfile.gettempdir(), "corpus-azure-devops")))
    from pytask.agent.oidc import open_oidc_tokens  # noqa: PLC0415

    tokens = open_oidc_tokens(
        _JOB,
        connection="11111111-1111-4111-8111-111111111111",
        access_token=Secret("corpus-token"),
        route=route,
        timeout=(1.0, 1.0),
        mask=Secret,
    )
    return tokens.fresh


@contextmanager
def _no_identity_of_this_machine() -> Iterator[None]:
    """Hide what would lead azure-identity to another endpoint than that of a virtual machine."""
    elsewhere = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
    hidden = {name: os.environ.pop(name) for name in elsewhere if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _registry() -> RegistryResource:
    return RegistryResource(
        id=played.REGISTRY,
        name="contoso",
        login_server=RegistryHost("contoso.azurecr.io"),
        by_repository=False,
        has_admin_user=True,
        is_public=True,
    )


def _site() -> Site:
    return Site(
        resource_id=played.SITE,
        name="hello-function",
        slot="",
        resource_group="rg-hello",
        url="https://hello-function.azurewebsites.net",
        fx_version="DOCKER|contoso.azurecr.io/hello-function:41",
        image="contoso.azurecr.io/hello-function:41",
        stopped=False,
        by_hand=ByHand(use_image="use", restart="restart"),
    )


def _say_nothing(_: str) -> None:
    """Drop a line of the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _WiredRoute(Route):
    """A way out that ends at a function, for whichever client asks."""

    wire: Wire

    def take(self, session: requests.Session) -> None:
        """Make a session send to the wire."""
        session.trust_env = False
        session.mount("https://", self.wire)
        session.mount("http://", self.wire)


@dataclass(frozen=True, slots=True)
class _HurriedClock(Clock):
    """A clock that does not wait: sleeping moves its time on."""

    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Return the seconds that were slept."""
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        """Move time on."""
        self.slept.append(max(seconds, 0.001))


@dataclass(frozen=True, slots=True)
class _EngineThatSays:
    """The docker SDK's client of an engine whose push ends with an error."""

    error: str

    def tag(self, *_: object, **__: object) -> bool:
        """Give the image its name."""
        return True

    def push(self, *_: object, **__: object) -> Iterator[dict[str, Any]]:
        """Yield what the engine's stream holds: https://docs.docker.com/reference/api/engine/version/v1.44/#tag/Image/operation/ImagePush."""
        yield {"status": "The push refers to repository [contoso]"}
        yield {"errorDetail": {"message": self.error}, "error": self.error}


@dataclass(frozen=True, slots=True)
class _Refuses:
    """A credential of azure-identity that gives no token."""

    text: str

    def get_token(self, *_: str, **__: object) -> Any:  # noqa: ANN401 - azure-core's protocol
        """Raise what azure-identity raises."""
        raise ClientAuthenticationError(message=self.text)
