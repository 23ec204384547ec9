"""A fake pipelines agent: gives a task what the agent gives it, starts it, and leaves nothing behind.

What a task receives is told by TaskRunner.cs, Handlers/Handler.cs and Handlers/NodeHandler.cs in
https://github.com/microsoft/azure-pipelines-agent/tree/master/src/Agent.Worker
Some of it is the server's part: it puts a connection's id where the pipeline has its name and turns an alias
into the input's own name (it does both), and refuses a pipeline that leaves out a required input (it does not).
Nor does it know: `env:` of a step, the variables of one step in the next, retries, and
variables whose values hold other variables.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.agent_network import AgentNetwork
from tests.agent.endpoints import environment_name, system_connection
from tests.agent.job import Job
from tests.agent.running_task import RunningTask, TaskRun, Timeouts
from tests.agent.secret_masker import SecretMasker
from tests.agent.step_log import StepLog
from tests.agent.task_definition import read_task
from tests.agent.task_inputs import task_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

    from tests.agent.endpoints import Endpoint
    from tests.agent.job_container import JobContainer
    from tests.agent.job_kinds import JobKind

__all__ = ["ACCESS_TOKEN", "Agent", "RunningTask", "TaskRun", "Timeouts"]

ACCESS_TOKEN = "local-system-access-token"
PROJECT_ID = "2c0b6b5e-9d5e-4f0a-8a3c-5f1d7c2e9b10"
# A job's secrets reach every Node task, needed or not.
SECRET_VARIABLES = {"other-team.password": "correct horse battery staple"}
AS_THE_AGENT = Timeouts()


class Agent:
    """A pipelines agent with one job; use it as a context manager, so that nothing it started is left.

    `environment` is what the machine has (PATH, HOME, DOCKER_HOST, …) and all that is inherited. Node is the
    agent's own, as in life: it need not be on that PATH. `sources` is the checkout, else an empty folder.
    `network` is how the agent was configured to reach the network, `enter` is put before the task's command.
    In a container job the task runs inside `container`.
    """

    def __init__(
        self,
        *,
        folder: Path,
        task: Path,
        environment: Mapping[str, str],
        sources: Path | None = None,
        access_token: str = ACCESS_TOKEN,
        organization: str = "contoso",
        project: str = "Functions",
        project_id: str = PROJECT_ID,
        repository: str = "hello-function",
        secret_variables: Mapping[str, str] = SECRET_VARIABLES,
        network: AgentNetwork | None = None,
        enter: Sequence[str] = (),
        kind: JobKind = "build",
        built: bool = True,
        container: JobContainer | None = None,
        timeouts: Timeouts = AS_THE_AGENT,
    ) -> None:
        self.job = Job(
            folder=folder,
            sources=sources or folder / "_work" / "1" / "s",
            organization=organization,
            project=project,
            project_id=project_id,
            repository=repository,
            kind=kind,
            built=built,
        )
        self._task = read_task(task)
        self.machine = dict(environment)
        self._access_token = access_token
        self._network = network or AgentNetwork()
        self._enter = tuple(enter)
        self.container = container
        self._secrets = {**secret_variables, **self._network.secrets()}
        self._timeouts = timeouts
        self._lay_out_folders()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_job()

    def run(
        self,
        inputs: Mapping[str, str],
        endpoints: Sequence[Endpoint],
        *,
        variables: Mapping[str, str] | None = None,
        timeout: float = 120,
        on_line: Callable[[str], None] | None = None,
    ) -> TaskRun:
        """Run the task to its end; after `timeout` seconds it is stopped, and has failed.

        `inputs` are written as in a pipeline, `variables` are the pipeline's own, `on_line` gets each line a
        person sees.
        """
        return self.start(inputs, endpoints, variables=variables, on_line=on_line).wait(timeout)

    def start(
        self,
        inputs: Mapping[str, str],
        endpoints: Sequence[Endpoint],
        *,
        variables: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> RunningTask:
        """Start the task and give it while it runs. Raises FileNotFoundError where there is no Node."""
        public = self.job.variables() | self._of_the_container() | self._network.variables() | dict(variables or {})
        debug = public.get("System.Debug", "").lower() == "true"
        log = StepLog(task=self._task, masker=self._masker(endpoints), debug=debug, show=on_line)
        return self._launch(self.environment(inputs, endpoints, public), log)

    def _launch(self, environment: Mapping[str, str], log: StepLog) -> RunningTask:
        command = [*self._enter, _node(), str(self._task.script)]
        payload = ""
        if self.container:
            payload = self.container.payload(command, environment, self.job.sources)
            command, environment = self.container.command(_node()), self.container.machine
        return RunningTask(
            command,
            environment=environment,
            folder=self.job.sources,
            log=log,
            timeouts=self._timeouts,
            payload=payload,
        )

    def environment(
        self, inputs: Mapping[str, str], endpoints: Sequence[Endpoint], variables: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the whole environment of the task, one thing laid over the other in the agent's order."""
        values = task_inputs(
            self._task,
            inputs,
            variables={**variables, **self._secrets},
            machine=self.machine,
            endpoints=endpoints,
            sources=self.job.sources,
        )
        connections: dict[str, str] = {}
        for endpoint in self._referenced(values, endpoints):
            connections |= endpoint.environment()
        return {
            **self.machine,
            **_public(variables),
            **_secret(self._secrets),
            **{f"INPUT_{environment_name(name)}": value for name, value in values.items()},
            **connections,
            **system_connection(collection_uri=self.job.collection_uri, access_token=self._access_token),
            "TF_BUILD": "True",
        }

    def orphans(self) -> list[int]:
        """Return the processes of this job that still run, known by the agent's mark in their environment."""
        mark = f"VSTS_PROCESS_LOOKUP_ID={self.job.lookup_id}".encode()
        return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if mark in _environment_of(folder)]

    def end_job(self) -> list[int]:
        """Kill what the job left running, empty its temporary folder, and give what was killed.

        https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/JobExtension.cs
        """
        left = self.orphans()
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.job.temp, ignore_errors=True)
        return left

    def _of_the_container(self) -> dict[str, str]:
        return {"Agent.ContainerId": self.container.id} if self.container else {}

    def _lay_out_folders(self) -> None:
        shutil.rmtree(self.job.temp, ignore_errors=True)
        work = self.job.folder / "_work"
        for folder in (self.job.temp, self.job.sources, work / "_tool", work / "1" / "a"):
            folder.mkdir(parents=True, exist_ok=True)

    def _masker(self, endpoints: Sequence[Endpoint]) -> SecretMasker:
        masker = SecretMasker()
        masker.add(self._access_token)
        for secret in self._secrets.values():
            masker.add_variable(secret)
        for endpoint in endpoints:
            for secret in endpoint.secrets():
                masker.add(secret)
        return masker

    def _referenced(self, values: Mapping[str, str], endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """Return the connections whose ids stand in inputs of the type connectedService, and no others."""
        of_type = (one.name for one in self._task.inputs if one.type.lower().startswith("connectedservice:"))
        ids = {_guid(part) for name in of_type for part in values[name].split(",")}
        return [endpoint for endpoint in endpoints if _guid(endpoint.id) in ids]


def _public(variables: Mapping[str, str]) -> dict[str, str]:
    named = {environment_name(name): value for name, value in variables.items()}
    status = {"agent.jobstatus": variables["Agent.JobStatus"]}
    return {**status, **named, "VSTS_PUBLIC_VARIABLES": json.dumps(list(variables))}


def _secret(variables: Mapping[str, str]) -> dict[str, str]:
    named = {f"SECRET_{environment_name(name)}": value for name, value in variables.items()}
    return {**named, "VSTS_SECRET_VARIABLES": json.dumps(list(variables))}


def _guid(text: str) -> uuid.UUID | None:
    with suppress(ValueError):
        return uuid.UUID(text.strip())
    return None


def _environment_of(process: Path) -> bytes:
    with suppress(OSError):
        return (process / "environ").read_bytes()
    return b""


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("node is not on PATH")
    return node
