"""One job on one agent: its folders, its identity, and the variables the agent and the server give it.

The list of variables: https://learn.microsoft.com/azure/devops/pipelines/build/variables.
"""

from __future__ import annotations

import platform
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.agent.job_kinds import JobKind, of_a_deployment_job, of_a_release

if TYPE_CHECKING:
    from pathlib import Path

AGENT_VERSION = "4.266.2"
BUILD_ID = "1293"
COMMIT = "4f0c2b1d9a6e47c3b5d80e1f2a3b4c5d6e7f8091"
SYSTEMS = {"Linux": "Linux", "Darwin": "Darwin", "Windows": "Windows_NT"}


def _id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job about one repository in an organization's project; `folder` is the agent's own folder.

    `sources` is the checkout, in a release the folder of the artifacts; `built` says whether a release has a build's.
    """

    folder: Path
    sources: Path
    organization: str
    project: str
    project_id: str
    repository: str
    kind: JobKind = "build"
    built: bool = True
    plan_id: str = field(default_factory=_id)
    job_id: str = field(default_factory=_id)
    lookup_id: str = field(default_factory=lambda: f"vsts_{uuid.uuid4()}")

    @property
    def temp(self) -> Path:
        """The folder behind Agent.TempDirectory, emptied at both ends of a job."""
        return self.folder / "_work" / "_temp"

    @property
    def collection_uri(self) -> str:
        """The organization's address, with the slash at its end."""
        return f"https://dev.azure.com/{self.organization}/"

    @property
    def oidc_request_uri(self) -> str:
        """Where a task asks for an OIDC token.

        https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
        """
        plan = f"_apis/distributedtask/hubs/build/plans/{self.plan_id}/jobs/{self.job_id}"
        return f"{self.collection_uri}{self.project_id}/{plan}/oidctoken"

    def variables(self) -> dict[str, str]:
        """Return the public variables of the job by the names a pipeline writes."""
        if self.kind == "release":
            return {**self._of_the_agent(), **of_a_release(self, build=self.built)}
        further = of_a_deployment_job() if self.kind == "deployment" else {}
        return {**self._of_the_agent(), **self.of_the_build(), **self._of_the_system(), **further}

    def _of_the_agent(self) -> dict[str, str]:
        work = self.folder / "_work"
        return {
            "Agent.BuildDirectory": str(work / "1"),
            "Agent.HomeDirectory": str(self.folder),
            "Agent.Id": "8",
            "Agent.JobName": "Job",
            "Agent.JobStatus": "Succeeded",
            "Agent.MachineName": "local",
            "Agent.Name": "local",
            "Agent.OS": SYSTEMS[platform.system()],
            "Agent.OSArchitecture": "ARM64" if platform.machine() in ("aarch64", "arm64") else "X64",
            "Agent.RootDirectory": str(work),
            "Agent.TempDirectory": str(self.temp),
            "Agent.ToolsDirectory": str(work / "_tool"),
            "Agent.Version": AGENT_VERSION,
            "Agent.WorkFolder": str(work),
            "VSTS_PROCESS_LOOKUP_ID": self.lookup_id,
        }

    def of_the_build(self) -> dict[str, str]:
        """Return what a build's jobs know of it."""
        staging = str(self.folder / "_work" / "1" / "a")
        return {
            "Build.ArtifactStagingDirectory": staging,
            "Build.BuildId": BUILD_ID,
            "Build.BuildNumber": "20261123.4",
            "Build.BuildUri": f"vstfs:///Build/Build/{BUILD_ID}",
            "Build.DefinitionName": self.repository,
            "Build.Reason": "IndividualCI",
            "Build.Repository.LocalPath": str(self.sources),
            "Build.Repository.Name": self.repository,
            "Build.Repository.Provider": "TfsGit",
            "Build.Repository.Uri": f"{self.collection_uri}{self.project}/_git/{self.repository}",
            "Build.RequestedFor": "Ada Lovelace",
            "Build.SourceBranch": "refs/heads/main",
            "Build.SourceBranchName": "main",
            "Build.SourcesDirectory": str(self.sources),
            "Build.SourceVersion": COMMIT,
            "Build.SourceVersionMessage": "Say hello",
            "Build.StagingDirectory": staging,
        }

    def _of_the_system(self) -> dict[str, str]:
        return {
            "System.ArtifactsDirectory": str(self.folder / "_work" / "1" / "a"),
            "System.CollectionUri": self.collection_uri,
            "System.DefaultWorkingDirectory": str(self.sources),
            "System.DefinitionId": "17",
            "System.HostType": "build",
            "System.JobAttempt": "1",
            "System.JobDisplayName": "Job",
            "System.JobId": self.job_id,
            "System.OidcRequestUri": self.oidc_request_uri,
            "System.PlanId": self.plan_id,
            "System.ServerType": "Hosted",
            "System.TeamFoundationCollectionUri": self.collection_uri,
            "System.TeamProject": self.project,
            "System.TeamProjectId": self.project_id,
        }
