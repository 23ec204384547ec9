"""ACR Tasks pass what every builder has to, against the local Azure."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytask.agent.console import Console
from pytask.agent.network import read_network
from pytask.background import Promised
from pytask.builders.acr.builder import AcrBuilder
from pytask.builders.builder import Logins
from pytask.clock import Clock, Timeouts
from pytask.job import Job
from pytask.journal import Journal
from pytask.model import Cloud, ImageNames, KeyIdentity, RegistryHost, Secret, ServiceConnection
from pytask.registry.registries import Registries
from pytask.registry.tasks import open_tasks
from pytask.stages.connections import open_connection, open_shared_http_client
from tests.contract.builders.suite import *  # noqa: F403 - its tests are run here
from tests.contract.builders.suite import TAGS
from tests.faults.paper_azure import PaperAzure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.state.registry_state import RegistryState

PUBLIC = Cloud(
    arm_url="https://management.azure.com",
    authority_url="https://login.microsoftonline.com",
    arm_scope="https://management.core.windows.net//.default",
)


@dataclass
class AcrScene:
    """A registry of the local Azure that builds, and a folder with Dockerfiles."""

    azure: PaperAzure
    folder: Path
    state: RegistryState
    job: Job

    @property
    def registry(self) -> str:
        """The registry's host."""
        return self.state.login_server

    def builder(self) -> AcrBuilder:
        """Return the builder of an image with the suite's tags."""
        names = ImageNames(repository="shop", tags=TAGS)
        return AcrBuilder(machine=self.job.machine, names=names, pushes=True)

    def logins(self) -> Logins:
        """Return what a preflight gives to the build."""
        http = open_shared_http_client(self.job)
        azure = open_connection(self.job, self._connection(), http)
        registries = Registries(azure=azure, login=None, http=http, mask=Secret)
        logins: Logins = Logins(hosts=frozenset(), signed_in=Promised())
        logins.signed_in.give(registries.docker_login)
        logins.tasks.give(open_tasks(registries, RegistryHost(self.registry), ""))
        return logins

    def context(self) -> Path:
        """Return a folder with a Dockerfile that is one, and one that is none."""
        (self.folder / "Dockerfile").write_text("FROM scratch\n")
        (self.folder / "Broken").write_text("nothing\n")
        return self.folder

    def digest_in_registry(self, tag: str) -> str:
        """Return what a tag stands for."""
        return self.azure.store(self.registry).tags("shop").get(tag, "")

    def close(self) -> None:
        """Let nobody push."""
        self.state.firewall_denies_tasks = True

    def _connection(self) -> ServiceConnection:
        subscription = f"/subscriptions/{self.azure.subscription_id}"
        principal = self.azure.add_principal("pipeline", secret="s3cret", roles={subscription: "Owner"})
        return ServiceConnection(
            id="id",
            input="azureSubscription",
            page="",
            tenant_id=self.azure.tenant_id,
            subscription_id=self.azure.subscription_id,
            subscription_name="",
            cloud=PUBLIC,
            identity=KeyIdentity(client_id=principal.client_id, secret=Secret("s3cret")),
        )


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture
def scene(azure: PaperAzure, tmp_path: Path) -> AcrScene:
    azure.reset()
    registry = azure.add_registry("contoso")
    for tag in TAGS:
        azure.store(registry.login_server).forget_tag("shop", tag)
    environment = {**azure.environment, "AGENT_PROXYURL": azure.environment["HTTPS_PROXY"]}
    clock = Clock()
    console = Console(io.StringIO(), clock)
    job = Job(
        environment=environment,
        network=read_network(environment, console.secret),
        console=console,
        clock=clock,
        timeouts=Timeouts(acr_poll=0.1, acr_last_lines=1.0),
        journal=Journal(lambda _: None),
    )
    return AcrScene(azure, tmp_path, registry, job)


def test_the_log_of_the_run_is_shown_and_no_signature_of_an_address(scene: AcrScene) -> None:
    from tests.contract.builders.suite import built  # noqa: PLC0415 - of this scene

    built(scene, scene.builder())
    shown = scene.job.console._stream.getvalue()  # type: ignore[attr-defined] # its own
    assert "Executing step ID: build-" in shown
    told = "\n".join(line for line in shown.splitlines() if "task.setsecret" not in line)
    assert "sig=" not in told
