"""The agent's variables, by their names in a task's environment.

Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
"""

from __future__ import annotations

import os
import re
import tempfile
from typing import TYPE_CHECKING

from pytask.errors.agent import AgentVariableMissing
from pytask.model import AgentKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NODE = "FUNCTIONAPPCONTAINERDEPLOY_NODE"
"""Path of the Node that runs the shim, `task/index.js`, which sets this and the next variable."""
SIGNER = "FUNCTIONAPPCONTAINERDEPLOY_SIGNER"
"""Path of `task/sign.js`."""
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
"""Marks the processes of a job, so that the agent can end those still running after it; not a secret.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/JobExtension.cs"""
_OF_CONNECTIONS = "ENDPOINT_AUTH_PARAMETER_"
_SECRET_PARAMETERS = ("_SERVICEPRINCIPALKEY", "_SERVICEPRINCIPALCERTIFICATE", "_PASSWORD", "_APITOKEN", "_ACCESSTOKEN")
"""The parameters of a connection that are its secret.
https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints"""
_NO_SECRET = re.compile(r"\d*|true|false|-----(?:BEGIN|END) .*", re.IGNORECASE)
_SHORTEST_CREDENTIAL = 8
"""Characters. A shorter password may occur anywhere in another variable."""
_JOBS_TOKEN = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"  # noqa: S105 - a name
"""The variable behind `$(System.AccessToken)`; every task gets it.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskRunner.cs"""


def variable_name(name: str) -> str:
    """Return the environment name of a pipeline variable: `BUILD_BUILDID` for `Build.BuildId`; dashes stay."""
    return name.replace(".", "_").replace(" ", "_").upper()


def variable(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a pipeline variable; empty when there is none."""
    return environment.get(variable_name(name), "")


def temporary_folders(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders for temporary files, the job's own first; none of them need be writable.

    Python looks for the system's one by writing to it, and finds none on a full or read-only disk:
    https://docs.python.org/3/library/tempfile.html#tempfile.gettempdir
    """
    own = variable(environment, "Agent.TempDirectory")
    try:
        systems = tempfile.gettempdir()
    except OSError:
        systems = "" if own else environment.get("TMPDIR") or os.curdir
    return tuple(dict.fromkeys(folder for folder in (own, systems) if folder))


def required_variable(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a variable that every job has.

    Raises:
        AgentVariableMissing: when this one does not.
    """
    value = variable(environment, name)
    if not value:
        raise AgentVariableMissing(variable=name)
    return value


def agent_kind(environment: Mapping[str, str]) -> AgentKind:
    """Return the kind of this agent.

    Sources: https://learn.microsoft.com/azure/devops/pipelines/build/variables#agent-variables-devops-services and, for
    the container's id, https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/ContainerOperationProvider.cs
    """
    system = variable(environment, "Agent.OS")
    return AgentKind(
        system=_SYSTEMS.get(system, system or "Linux"),
        container_job=variable(environment, "Agent.ContainerId") != "",
    )


def credentials(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets of the connections that the agent passed to the task, and the job's token."""
    named = (key for key in environment if key.startswith(_OF_CONNECTIONS) and key.endswith(_SECRET_PARAMETERS))
    return tuple(environment[key] for key in (*named, _JOBS_TOKEN) if environment.get(key))


def secret_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of the job's secret variables and its token; a Node task gets them all."""
    secret = (key for key in environment if key.startswith("SECRET_") or key == _JOBS_TOKEN)
    return tuple(environment[key] for key in secret if environment[key])


def known_credentials(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of the connections' secrets, as long as masking them hides no harmless text."""
    return _lines(credentials(environment))


def known_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of the secret variables, as long as masking them hides no harmless text."""
    return _lines(secret_values(environment))


def _lines(secrets: Iterable[str]) -> tuple[str, ...]:
    lines = (line.strip() for secret in secrets for line in secret.splitlines())
    return tuple(one for one in lines if len(one) >= _SHORTEST_CREDENTIAL and not _NO_SECRET.fullmatch(one))


def without_the_agents_own(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for programs that we start, without inputs, credentials and secrets of the agent.

    Public pipeline variables stay: they hold nothing that a build must not see. The exceptions are those that contain
    the job's token, as the tasks that sign in to feeds set
    (https://github.com/microsoft/azure-pipelines-tasks/tree/master/Tasks/PipAuthenticateV1), or a connection's secret,
    as `addSpnToEnvironment` and scripts that pass it on do
    (https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2).
    """
    secrets = tuple(secret for secret in credentials(environment) if len(secret) >= _SHORTEST_CREDENTIAL)
    kept = (key for key in environment if key == _ORPHANS_MARK or not key.upper().startswith(_AGENTS_OWN))
    return {key: environment[key] for key in kept if not any(secret in environment[key] for secret in secrets)}
