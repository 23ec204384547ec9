"""A secret of each kind is nowhere to be seen, wherever others repeat it and whatever form they give it."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from pytask import edge as program
from pytask.agent.console import Console
from pytask.agent.environment import NODE, SIGNER, known_credentials, known_variables
from pytask.agent.network import read_network
from pytask.builders.docker.push_refusal import push_refusal
from pytask.clock import Timeouts
from pytask.job import Job, find_target
from pytask.journal import Journal
from pytask.report.log import tell
from tests.contract.builders.paper import Cabinet, PaperBuilder, PaperImage
from tests.contract.canaries import CHIRP, DEVOPS, PLACES, SWAPS, Aviary, Canaries, canary, seen_in, text_canary
from tests.contract.foreign import REGISTRY, World, a_world
from tests.contract.network.ways_out import client_certificate
from tests.local_azure.state.client_certificate import new_client_certificate
from tests.scripted import PATH
from tests.unit.inputs.environments import ID, an_environment
from tests.unit.test_registry_inputs import OTHER, by_password

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytask.background import Background
    from pytask.builders.builder import LocalImage, Logins, PushResult
    from pytask.errors import TaskFailure
    from pytask.model import AppAddress, Recipe
    from pytask.targets.target import Target

TASK = Path(__file__).parents[2] / "task"
_JOBS_TOKEN = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"
TO_SWAP = {"slotName": "staging", "swapWithProduction": "true", "whenUnverified": "succeed"}
HIDDEN_AT = {"nowhere", "reading the settings"}
"""Places whose words nobody is shown."""


@dataclass(frozen=True)
class SingingBuilder:
    """A builder whose output repeats what it has heard."""

    paper: PaperBuilder
    place: str
    canaries: Canaries
    console: Console
    title: str = "Song 1.0"

    def preflight(self) -> None:
        """Clear the throat."""

    def build(
        self, recipe: Recipe, references: Sequence[str], *, logins: Logins, preflight: Background[Any]
    ) -> LocalImage:
        """Sing while the image is written."""
        if self.place == "a build's output":
            preflight.result()
            for line in (self.canaries.song(), *self.canaries.words()):
                self.console.line(line)
        if self.place == "a build's failure":
            raise self._failure(recipe)
        image = self.paper.build(recipe, references, logins=logins, preflight=preflight)
        return SingingImage(**vars(image), canaries=self.canaries) if self.place == "an engine's error" else image

    def _failure(self, recipe: Recipe) -> TaskFailure:
        from pytask.builders.docker.diagnosis import failure  # noqa: PLC0415 - of this place only

        lines = ["#6 [2/4] RUN make", *(f"#6 0.1 {word}" for word in self.canaries.words())]
        return failure(recipe, 1, [*lines, f"ERROR: failed to solve: {self.canaries.song(flat=True)}"])


@dataclass(frozen=True, kw_only=True)
class SingingImage(PaperImage):
    """An image whose push the engine refuses with all it has heard."""

    canaries: Canaries

    def push(self, references: Sequence[str], **given: Any) -> PushResult:  # noqa: ANN401 - as the base class has it
        """Sign in, and fail."""
        given["login"](False)  # noqa: FBT003 - not for new ones
        failed = push_refusal(
            f"received unexpected HTTP status: {self.canaries.song()}",
            reference=references[0],
            registry=REGISTRY,
            attempt=3,
            last=True,
        )
        assert failed
        raise failed


@dataclass
class Run:
    """One run, and everything that it leaves."""

    folder: Path
    canaries: Canaries
    log: io.StringIO
    world: World

    @property
    def left(self) -> dict[str, str]:
        """All that came out of the run: the log without the lines that hand secrets to the agent, and every file."""
        lines = [line for line in self.log.getvalue().splitlines() if not line.startswith("##vso[task.setsecret]")]
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return {
            "the log": "\n".join(lines).replace("%AZP25", "%"),
            **{str(file.relative_to(self.folder)): file.read_text(errors="replace") for file in files},
        }

    def leaks(self) -> list[tuple[str, str, str]]:
        """Return which secret is where, and the part that is."""
        found = (
            (kind, where, seen_in(secret, text))
            for where, text in self.left.items()
            for kind, secret in self.canaries.all.items()
        )
        return [one for one in found if one[2]]


def given(scheme: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the secrets that a run begins with, and the environment's part that holds them."""
    own = {
        "client secret": canary("client-secret"),
        "registry password": text_canary("registry-password"),
        "job's token": canary("job"),
        "secret variable": text_canary("variable"),
        "proxy password": text_canary("proxy"),
        "client certificate's password": text_canary("client-certificate"),
        "setting": text_canary("setting"),
        "account key in a setting": canary("account"),
        "build secret": text_canary("build-secret"),
    }
    held = {
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": own["client secret"],
        _JOBS_TOKEN: own["job's token"],
        "SECRET_MINE": own["secret variable"],
        "AGENT_PROXYURL": "http://proxy.example:8080",
        "AGENT_PROXYUSERNAME": "robot",
        "SECRET_AGENT_PROXYPASSWORD": own["proxy password"],
        "AGENT_PROXYBYPASSLIST": '[".*"]',
        "SECRET_AGENT_CLIENTCERTPASSWORD": own["client certificate's password"],
        **by_password(f"https://{REGISTRY}"),
        f"ENDPOINT_AUTH_PARAMETER_{OTHER}_PASSWORD": own["registry password"],
    }
    if scheme == "certificate":
        certificate = new_client_certificate()
        own["certificate's key"] = max(certificate.key_pem.split("\n"), key=len)
        held |= {
            f"ENDPOINT_AUTH_PARAMETER_{ID}_AUTHENTICATIONTYPE": "spnCertificate",
            f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALCERTIFICATE": certificate.pem,
            NODE: shutil.which("node") or "",
            SIGNER: str(TASK / "sign.js"),
            "PATH": os.environ["PATH"],
        }
    if scheme == "federated":
        held[f"ENDPOINT_AUTH_SCHEME_{ID}"] = "WorkloadIdentityFederation"
    return own, held


def inputs(own: dict[str, str], folder: Path, scheme: str) -> dict[str, str]:
    """Return the step's inputs."""
    settings = f"API={own['setting']}\nSTORE=AccountName=shop;AccountKey={own['account key in a setting']}"
    given = {
        "imageName": "shop",
        "tags": "7",
        "appName": PATH,
        "appSettings": settings,
        "appPullAccess": "adminUser",
        "buildSecrets": f"npm={own['build secret']}",
        "smokeTestPath": "/api/hello",
        "recordFile": str(folder / "record.json"),
    }
    by_connection = {"containerRegistry": OTHER, "azureContainerRegistry": "", "appPullAccess": "keep"}
    return {**given, **by_connection} if scheme == "registry password" else given


def run(folder: Path, world: World, place: str, scheme: str) -> Run:
    """Run the task as the agent starts it, in a world where one place repeats what it has heard."""
    own, held = given(scheme)
    canaries, cabinet = Canaries(own), Cabinet()
    there = {"connection string": canary("storage"), "insights": canary("insights")}
    settings = {
        "AzureWebJobsStorage": f"AccountName=shop;AccountKey={there['connection string']};EndpointSuffix=x",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={there['insights']};IngestionEndpoint=https://x/",
        "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
    }
    aviary = Aviary(canaries, cabinet, place, settings, there)
    clock = aviary.site.clock
    world.answers = aviary.hosts()
    (folder / "temp").mkdir()
    (folder / "secrets").mkdir()
    own_certificate = client_certificate(trustme.CA(), folder / "secrets", own["client certificate's password"])
    environment = {
        **an_environment(folder, **inputs(own, folder, scheme), **(TO_SWAP if place in SWAPS else {})),
        **held,
        "AGENT_CLIENTCERT": str(own_certificate.certificate),
        "AGENT_CLIENTCERTKEY": str(own_certificate.key),
        "AGENT_TEMPDIRECTORY": str(folder / "temp"),
        "SYSTEM_DEBUG": "true",
        "SYSTEM_COLLECTIONURI": f"https://{DEVOPS}/contoso/",
        **dict.fromkeys(("SYSTEM_TEAMPROJECTID", "SYSTEM_HOSTTYPE", "SYSTEM_PLANID", "SYSTEM_JOBID"), "x"),
    }
    log = io.StringIO()
    console = Console(log, clock)
    console.know(known_credentials(environment), of_others=known_variables(environment))
    paper = SingingBuilder(PaperBuilder(cabinet), place, canaries, console)
    job = Job(
        environment=environment,
        network=read_network({**environment, "REQUESTS_CA_BUNDLE": os.environ["REQUESTS_CA_BUNDLE"]}, console.secret),
        console=console,
        clock=clock,
        timeouts=Timeouts(http_attempts=2, verify_poll=20.0),
        journal=Journal(lambda event: tell(event, console)),
        find_builder=lambda _machine: paper,
        find_target=partial(_found, canaries) if place == "an unforeseen error" else find_target,
    )
    program._tell(job, program._failures_of(job))
    return Run(folder, canaries, log, world)


def _found(canaries: Canaries, _azure: object, _address: AppAddress) -> Target[Any]:
    """Fail as a defect does, with all that was heard."""
    raise LookupError(canaries.song())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(monkeypatch, tmp_path_factory.mktemp("world")) as one:
        yield one


SIGN_INS = ("certificate", "federated", "registry password")
WITH_EACH = ("Entra ID", "an engine's error")


@pytest.mark.parametrize(
    ("place", "scheme"),
    [
        *((place, "federated" if place == "Azure DevOps" else "key") for place in PLACES),
        *((place, scheme) for scheme in SIGN_INS for place in WITH_EACH),
    ],
)
def test_a_secret_that_others_repeat_is_nowhere_to_be_seen(
    world: World, tmp_path: Path, place: str, scheme: str
) -> None:
    done = run(tmp_path, world, place, scheme)
    given = {tmp_path / "secrets", tmp_path / "Dockerfile"}
    assert not [leak for leak in done.leaks() if tmp_path / leak[1] not in given]
    left = done.left
    assert (CHIRP in left["the log"] or CHIRP in str(left)) is (place not in HIDDEN_AT), left["the log"]
