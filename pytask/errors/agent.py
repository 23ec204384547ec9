"""Failures of what the pipelines agent hands over: connections, variables, cancellation."""

from __future__ import annotations

from dataclasses import dataclass

from pytask.errors.base import TaskFailure
from pytask.errors.inputs import InputMistake


@dataclass(kw_only=True, eq=False)
class ConnectionNotFound(InputMistake):
    """The agent handed over no such service connection."""

    value: str
    code = "connection-not-found"
    title = "the service connection '{value}' was not handed to this job"
    happened = "the agent gave the task no credentials for {input} = '{value}'"
    cause = "there is no such connection in the project, its name comes from a variable that is set too late, or the pipeline may not use it"
    mend = (
        "check the name under Project settings > Service connections; write it literally or as a variable known when "
        "the run is queued; on the run's page choose Permit when it asks for access to the connection"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints"


@dataclass(kw_only=True, eq=False)
class ConnectionSchemeUnsupported(InputMistake):
    """A way to sign in that the task does not know."""

    name: str
    scheme: str
    code = "connection-scheme-unsupported"
    title = "the service connection {name} signs in with {scheme}, which this task cannot use"
    happened = "its authentication scheme is {scheme}"
    cause = "this version signs in as a service principal with a key, or by workload identity federation"
    mend = "set azureSubscription to an Azure Resource Manager connection of one of these two kinds"
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/connect-to-azure"


@dataclass(kw_only=True, eq=False)
class ConnectionIncomplete(InputMistake):
    """The connection lacks a field."""

    name: str
    field: str
    code = "connection-incomplete"
    title = "the service connection {name} has no {field}"
    happened = "the agent handed over the connection without {field}"
    cause = "it was created by hand with the field left empty, or it is no connection to a subscription"
    mend = "open the connection under Project settings > Service connections and fill in {field}"


@dataclass(kw_only=True, eq=False)
class AgentVariableMissing(TaskFailure):
    """A variable that every job has is not there."""

    variable: str
    code = "agent-variable-missing"
    title = "the agent's variable {variable} is missing"
    happened = "the task was started without {variable}"
    cause = "the task runs only as a step of an Azure Pipelines job"
    mend = "run it from a pipeline; in a container job, see that the container's entry point keeps the environment"


@dataclass(kw_only=True, eq=False)
class RunCancelled(TaskFailure):
    """The run was cancelled or its time was over."""

    stage: str
    code = "run-cancelled"
    leaves_open = True
    title = "the run was cancelled"
    happened = "the agent asked the task to stop ({stage})"
    cause = "somebody cancelled the run, or the step's or the job's time limit was reached"
    mend = "run it again; if the time limit was too short, raise timeoutInMinutes of the step or job"


@dataclass(kw_only=True, eq=False)
class OurBug(TaskFailure):
    """Something nobody foresaw."""

    version: str
    error: str
    code = "our-bug"
    leaves_open = True
    title = "FunctionAppContainerDeploy has a defect"
    happened = "{error}"
    cause = "this was not foreseen by the task's authors; version {version}"
    mend = "run again with the variable System.Debug set to true and report the log, please"
