"""Failures of the job: its variables, cancellation, defects of the task."""

from __future__ import annotations

from pytask.errors.base import TaskFailure


class AgentVariableMissing(TaskFailure):
    """A variable that every run of the task has is missing."""

    variable: str
    code = "agent-variable-missing"
    title = "the variable {variable} is missing"
    happened = "the task was started without {variable}"
    cause = "the task runs only as a step in an Azure Pipelines job"
    fix = "run the task from a pipeline; in a container job, make sure that the container's entry point keeps the environment"


class RunCancelled(TaskFailure):
    """The agent stopped the task before it was done."""

    stage: str
    code = "run-cancelled"
    leaves_open = True
    title = "the run was canceled"
    happened = "the agent asked the task to stop ({stage})"
    cause = "someone canceled the run, or the time limit of the step or job was reached"
    fix = "run it again; if the time limit was too short, raise timeoutInMinutes of the step or job"


class AgentCannotWrite(TaskFailure):
    """A disk of the agent is full, read-only or broken."""

    detail: str
    code = "agent-cannot-write"
    leaves_open = True
    title = "the agent cannot write to its disk"
    happened = "{detail}"
    cause = "a disk of the agent is full or read-only: the one with the agent's work folder, its temporary folder or the user's home"
    fix = "free space on the agent (df -h shows which disk is full; old checkouts and Docker's images usually take up the most), or mount the folder so that the agent's user can write to it"


class OurBug(TaskFailure):
    """An error that the task does not expect."""

    version: str
    error: str
    code = "our-bug"
    leaves_open = True
    title = "FunctionAppContainerDeploy has a defect"
    happened = "{error}"
    cause = "version {version} of the task did not expect this error"
    fix = "run the pipeline again with the variable System.Debug set to true, and report the log"
