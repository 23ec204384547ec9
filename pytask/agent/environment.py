"""Variables of the agent, under the names they have in a task's environment.

Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.agent import AgentVariableMissing
from pytask.model import AgentKind

if TYPE_CHECKING:
    from collections.abc import Mapping

NODE = "FUNCTIONAPPCONTAINERDEPLOY_NODE"
"""Where the Node is that runs the shim, `task/index.js`; the shim sets this and the next."""
SIGNER = "FUNCTIONAPPCONTAINERDEPLOY_SIGNER"
"""Where `task/sign.js` is."""
_AGENTS_OWN = (
    "INPUT_",
    "ENDPOINT_",
    "SECRET_",
    "SECUREFILE_",
    "VSTS_",
    "SYSTEM_",
    "AGENT_",
    "BUILD_",
    "RELEASE_",
    "FUNCTIONAPPCONTAINERDEPLOY_",
)
_SYSTEMS = {"Darwin": "macOS", "Windows_NT": "Windows"}
_ORPHANS_MARK = "VSTS_PROCESS_LOOKUP_ID"
"""By this the agent finds, at the end of the job, what a task left running; it is no secret.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/JobExtension.cs"""
_JOBS_TOKEN = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"  # noqa: S105 - a name
"""What `$(System.AccessToken)` is; every task gets it.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskRunner.cs"""


def variable_name(name: str) -> str:
    """Return the environment name of a pipeline variable: `Build.BuildId` is `BUILD_BUILDID`; dashes stay."""
    return name.replace(".", "_").replace(" ", "_").upper()


def variable(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a pipeline variable; empty when there is none."""
    return environment.get(variable_name(name), "")


def required_variable(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a variable that every job has.

    Raises:
        AgentVariableMissing: when it has none.
    """
    value = variable(environment, name)
    if not value:
        raise AgentVariableMissing(variable=name)
    return value


def agent_kind(environment: Mapping[str, str]) -> AgentKind:
    """Return which kind of agent this is.

    Sources: https://learn.microsoft.com/azure/devops/pipelines/build/variables#agent-variables-devops-services and, for
    the container's id, https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/ContainerOperationProvider.cs
    """
    system = variable(environment, "Agent.OS")
    return AgentKind(
        system=_SYSTEMS.get(system, system or "Linux"),
        container_job=variable(environment, "Agent.ContainerId") != "",
    )


def secret_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of the job's secret variables, and its own token; a Node task gets them all."""
    secret = (key for key in environment if key.startswith("SECRET_") or key == _JOBS_TOKEN)
    return tuple(environment[key] for key in secret if environment[key])


def without_the_agents_own(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for programs we start: no input, credential, secret or variable of the pipeline.

    Public pipeline variables have names of their own; `VSTS_PUBLIC_VARIABLES` lists them, but they hold nothing that
    is to be kept from a build, so they stay. The exception is one that holds the job's token: the tasks that sign in to
    feeds make such (https://github.com/microsoft/azure-pipelines-tasks/tree/master/Tasks/PipAuthenticateV1).
    """
    token = environment.get(_JOBS_TOKEN, "")
    kept = (key for key in environment if key == _ORPHANS_MARK or not key.upper().startswith(_AGENTS_OWN))
    return {key: environment[key] for key in kept if not token or token not in environment[key]}
