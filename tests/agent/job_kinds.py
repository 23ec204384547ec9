"""The kinds of jobs besides a build's: what they have of variables, and what they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.agent.job import Job

JobKind = Literal["build", "deployment", "release"]
"""A job of a pipeline in YAML, a deployment job of one, and a job of a classic release."""


def of_a_deployment_job() -> dict[str, str]:
    """Return the further variables of a deployment job.

    https://learn.microsoft.com/azure/devops/pipelines/process/deployment-jobs and
    https://learn.microsoft.com/azure/devops/pipelines/build/variables#deployment-job-variables-devops-services
    """
    return {
        "Agent.JobName": "Deploy",
        "Environment.Id": "12",
        "Environment.Name": "production",
        "Strategy.CycleName": "PrimaryDeployment",
        "Strategy.Name": "runOnce",
        "System.JobDisplayName": "Deploy",
    }


def of_a_release(job: Job, *, build: bool) -> dict[str, str]:
    """Return the variables of a release's job; those of a build only with a build among its artifacts.

    https://learn.microsoft.com/azure/devops/pipelines/release/variables#default-variables
    """
    server = f"https://vsrm.dev.azure.com/{job.organization}/"
    return {
        "Agent.ReleaseDirectory": str(job.sources),
        "Release.DefinitionName": "hello-function - CD",
        "Release.DeploymentID": "31",
        "Release.EnvironmentName": "Production",
        "Release.Reason": "ContinuousIntegration",
        "Release.ReleaseId": "118",
        "Release.ReleaseName": "Release-42",
        "Release.RequestedFor": "Ada Lovelace",
        "System.ArtifactsDirectory": str(job.sources),
        "System.DefaultWorkingDirectory": str(job.sources),
        "System.DefinitionId": "5",
        "System.HostType": "release",
        "System.JobAttempt": "1",
        "System.JobDisplayName": "Agent job",
        "System.JobId": job.job_id,
        "System.PlanId": job.plan_id,
        "System.TeamFoundationCollectionUri": job.collection_uri,
        "System.TeamFoundationServerUri": server,
        "System.TeamProject": job.project,
        "System.TeamProjectId": job.project_id,
        **(_of_its_build(job) if build else {}),
    }


def _of_its_build(job: Job) -> dict[str, str]:
    """Return the variables of the primary artifact's build: fewer than in the build itself."""
    kept = ("BuildId", "BuildNumber", "BuildUri", "DefinitionName", "RequestedFor", "SourceBranch", "SourceBranchName")
    of_the_build = job.of_the_build()
    named = {f"Build.{name}": of_the_build[f"Build.{name}"] for name in (*kept, "SourceVersion", "Repository.Provider")}
    return {**named, "Release.PrimaryArtifactSourceAlias": "_hello-function"}
