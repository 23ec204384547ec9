"""Mistakes in the inputs about the build."""

from __future__ import annotations

from pytask.errors.inputs import InputMistake


class PlatformInvalid(InputMistake):
    """A platform that is not a single `os/architecture`."""

    value: str
    code = "platform-invalid"
    title = "'{value}' is not a single platform"
    happened = "{input} is '{value}'"
    cause = "a Function App runs one image for one platform, written os/architecture"
    fix = "set platform to linux/amd64 (which is what Function Apps run) or leave it out"


class DockerfileNotFound(InputMistake):
    """No file matches `dockerFile`."""

    pattern: str
    folder: str
    seen: str
    code = "dockerfile-not-found"
    title = "there is no Dockerfile at {pattern}"
    happened = "no file under {folder} matches {pattern}{seen}"
    cause = "dockerFile points elsewhere, the file is not in the repository, or the job did not check it out"
    fix = "set dockerFile to the file's path from the repository's root, such as src/app/Dockerfile (case matters)"


class NothingToBuildFrom(InputMistake):
    """The base of failures of a job whose sources folder is empty."""

    folder: str


class CheckoutMissing(NothingToBuildFrom):
    """A job without a checkout."""

    code = "checkout-missing"
    title = "this job has checked out nothing to build an image from"
    happened = "{input} is looked up in the sources folder, {folder}, which is empty"
    cause = "the step checkout: none skips the repository, or an earlier step emptied the folder"
    fix = "remove checkout: none, or add - checkout: self as the first step of the job"
    link = "https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/steps-checkout"


class CheckoutMissingInDeployment(NothingToBuildFrom):
    """A deployment job, which does not check out sources by default."""

    code = "checkout-missing-in-deployment"
    title = "this deployment job has checked out nothing to build an image from"
    happened = "{input} is looked up in the sources folder, {folder}, which is empty"
    cause = "deployment jobs do not check out the repository by default; they download the run's artifacts instead, to a folder next to this one"
    fix = (
        "add - checkout: self as the first step under strategy (runOnce: deploy: steps:); or set dockerFile to a "
        "Dockerfile in an artifact, such as $(Pipeline.Workspace)/drop/Dockerfile; or build in an earlier job, and deploy "
        "here (command: deploy)"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/deployment-jobs"


class ArtifactsMissing(NothingToBuildFrom):
    """A classic release without anything to build from."""

    code = "artifacts-missing"
    title = "this release has no artifact to build an image from"
    happened = "{input} is looked up in the artifacts folder, {folder}, which is empty"
    cause = "a release downloads only its artifacts; it has none, or the job skips their download"
    fix = (
        "add an artifact with the sources and the Dockerfile to the release (a build's, or the repository itself) and "
        "let the job download it; or deploy an image that was built earlier (command: deploy)"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/artifacts"


class DockerfileNotInArtifacts(InputMistake):
    """A classic release whose artifacts contain no such file."""

    pattern: str
    folder: str
    seen: str
    code = "dockerfile-not-in-artifacts"
    title = "no artifact of this release has a Dockerfile at {pattern}"
    happened = "no file under {folder} matches {pattern}{seen}"
    cause = "in a release, paths start at the artifacts folder, where each artifact has a folder named after its source alias"
    fix = "set dockerFile to the path with the alias in front, such as $(System.DefaultWorkingDirectory)/_sources/drop/Dockerfile, and publish the Dockerfile with the artifact"
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/artifacts"


class DockerfileNotUtf8(InputMistake):
    """A Dockerfile in UTF-16."""

    path: str
    code = "dockerfile-not-utf8"
    title = "{path} is not saved as UTF-8"
    happened = "{path} begins with the byte order mark of UTF-16"
    cause = "Docker reads Dockerfiles as UTF-8; Windows PowerShell writes UTF-16 with > and Out-File"
    fix = "write the file as UTF-8: in the editor, or with Out-File -Encoding utf8"


class DockerfileAmbiguous(InputMistake):
    """More than one file matches `dockerFile`."""

    pattern: str
    matches: str
    code = "dockerfile-ambiguous"
    title = "more than one Dockerfile matches {pattern}"
    happened = "these match:\n{matches}"
    cause = "the task does not guess which one to build"
    fix = "set dockerFile to one of them"


class ContextNotFound(InputMistake):
    """`buildContext` is not a folder."""

    path: str
    code = "context-not-found"
    title = "the build context {path} is not a folder"
    happened = "{input} is {path}, which does not exist or is a file"
    cause = "the build context is the folder whose files COPY can reach"
    fix = "set buildContext to a folder from the repository's root (. is the root itself), or leave it out for the Dockerfile's own folder"


class BuildSecretInvalid(InputMistake):
    """A line of `buildSecrets` in an unknown form."""

    number: int
    code = "build-secret-invalid"
    title = "line {number} of {input} is not a build secret"
    happened = "line {number} is not in any of the three forms (it is not shown because it may be secret)"
    cause = (
        "each line is a secret: id=value, id,src=path or id,env=NAME, with the id first (without 'id=' before it) and "
        "made of letters, digits, '_', '.' and '-'. A multi-line value does not fit on one line"
    )
    fix = "write id=value; put a multi-line value in a file or a variable, and write id,src=path or id,env=NAME"


class BuildSecretTwice(InputMistake):
    """Two secrets with the same id."""

    id: str
    code = "build-secret-twice"
    title = "{input} defines the secret {id} twice"
    happened = "more than one line begins with {id}"
    cause = "the Dockerfile mounts a secret by its id, so each id can be used only once"
    fix = "remove one of the lines, or give it another id"


class BuildSecretEmpty(InputMistake):
    """A secret without a value."""

    id: str
    code = "build-secret-empty"
    title = "the build secret {id} is empty"
    happened = "{input} gives {id} no value"
    cause = "the variable in it is empty or was not set (secret variables are not available to builds of forks)"
    fix = "set the variable, or remove the line from {input}"
    link = "https://learn.microsoft.com/azure/devops/pipelines/repos/github#contributions-from-forks"


class BuildSecretTooLarge(InputMistake):
    """A secret that BuildKit would refuse."""

    id: str
    kilobytes: int
    code = "build-secret-too-large"
    title = "the build secret {id} is larger than BuildKit allows"
    happened = "{id} is {kilobytes} KB"
    cause = "BuildKit accepts secrets of up to 500 KB"
    fix = "pass only what the build needs to sign in, and copy the rest through the build context"


class BuildSecretFileMissing(InputMistake):
    """A secret's file that cannot be read."""

    id: str
    path: str
    reason: str
    code = "build-secret-file-missing"
    title = "the file of the build secret {id} cannot be read"
    happened = "{input} gives {id},src={path}: {reason}"
    cause = "the path, relative to the checkout, does not lead to a file, or an earlier step that creates the file did not run"
    fix = (
        "set the path of a file, such as $(npmrc.secureFilePath) after a DownloadSecureFile@1 step with the name npmrc"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/download-secure-file-v1"


class BuildSecretVariableMissing(InputMistake):
    """A secret's variable that does not exist."""

    id: str
    name: str
    code = "build-secret-variable-missing"
    title = "there is no variable {name} for the build secret {id}"
    happened = "{input} gives {id},env={name}; neither the environment nor the pipeline has it, or it is empty"
    cause = "an earlier step that sets it (NuGetAuthenticate@1, say) did not run, or the variable has a different name"
    fix = "add that step before this one, or correct the name; a secret variable is used by its own name, or mapped under env: on the step"
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/set-secret-variables"
