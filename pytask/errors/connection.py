"""Mistakes in the service connection that an input names."""

from __future__ import annotations

from dataclasses import dataclass

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
