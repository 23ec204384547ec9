"""Mistakes in the task's inputs; all of a run's are reported together."""

from __future__ import annotations

from dataclasses import dataclass

from pytask.errors.base import TaskFailure


@dataclass(kw_only=True, eq=False)
class InputMistake(TaskFailure):
    """A mistake in one input."""

    input: str


@dataclass(kw_only=True, eq=False)
class InputRequired(InputMistake):
    """A required input is empty."""

    meaning: str
    code = "input-required"
    title = "the input {input} is empty"
    happened = "{input} ({meaning}) has no value"
    cause = "it is required, and it was left out or a variable in it is empty"
    mend = "set {input} on the FunctionAppContainerDeploy@1 step"


@dataclass(kw_only=True, eq=False)
class VariableNotExpanded(InputMistake):
    """A `$(variable)` reached the task as text."""

    value: str
    variable: str
    code = "variable-not-expanded"
    title = "the input {input} holds a variable that does not exist"
    happened = "{input} reads '{value}': $({variable}) was not replaced"
    cause = "no variable named {variable} exists when this step starts (the agent leaves unknown ones as they are)"
    mend = "define {variable}, correct its spelling, or write the value itself"
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/variables"


@dataclass(kw_only=True, eq=False)
class NotABoolean(InputMistake):
    """A switch that is neither on nor off."""

    value: str
    code = "input-not-boolean"
    title = "the input {input} is neither true nor false"
    happened = "{input} reads '{value}'"
    cause = "it is a switch"
    mend = "set {input} to true or false"


@dataclass(kw_only=True, eq=False)
class NotMinutes(InputMistake):
    """A time that is not a positive number of minutes."""

    value: str
    code = "input-not-minutes"
    title = "the input {input} is not a number of minutes"
    happened = "{input} reads '{value}'"
    cause = "it takes a positive number of minutes; decimals have a point"
    mend = "set {input} to a number such as 10 or 2.5"


@dataclass(kw_only=True, eq=False)
class ImageNameInvalid(InputMistake):
    """An image name that no registry accepts."""

    value: str
    code = "image-name-invalid"
    title = "'{value}' is not an image name"
    happened = "{input} gives the repository '{value}'"
    cause = (
        "a repository is words of a-z and 0-9, separated by '/', '-', '.', '_' or '__', up to 255 characters; "
        "capital letters and spaces are mended by the task, other characters are not"
    )
    mend = "set imageName to a name such as team/hello-function"
    link = "https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"


@dataclass(kw_only=True, eq=False)
class ImageHostDiffers(InputMistake):
    """The image name names another registry than the one to push to."""

    host: str
    registry: str
    code = "image-host-differs"
    title = "imageName and azureContainerRegistry name two registries"
    happened = "imageName begins with {host}, azureContainerRegistry is {registry}"
    cause = "the image is pushed to one registry only"
    mend = "take the host out of imageName, or set azureContainerRegistry to {host}"


@dataclass(kw_only=True, eq=False)
class DigestNotBuildable(InputMistake):
    """An image that is to be built cannot be named by a digest."""

    value: str
    code = "image-digest-not-buildable"
    title = "an image that is built here cannot be named by its digest"
    happened = "{input} reads '{value}'"
    cause = "a digest is known only after the build; only an image that exists already has one"
    mend = "write imageName without @sha256:…; the digest comes out as the output imageDigest"


@dataclass(kw_only=True, eq=False)
class TagInvalid(InputMistake):
    """A tag that no registry accepts."""

    value: str
    code = "tag-invalid"
    title = "'{value}' is not a tag"
    happened = "{input} gives the tag '{value}'"
    cause = (
        "a tag is 1 to 128 characters of A-Z, a-z, 0-9, '_', '.' and '-', and begins with none of the last two "
        "(a branch name with a slash, for example, is no tag)"
    )
    mend = "write another tag, such as $(Build.BuildId)"
    link = "https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"


@dataclass(kw_only=True, eq=False)
class TagMissing(InputMistake):
    """No tag was given and there is no build id to take instead."""

    code = "tag-missing"
    title = "there is no tag for the image"
    happened = "neither imageName nor tags gives one, and the variable Build.BuildId does not exist here"
    cause = "without a build (in a classic release with no build artifact, say) there is no build id to use as the tag"
    mend = "set tags, for example to $(Release.ReleaseId)"


@dataclass(kw_only=True, eq=False)
class RegistryInvalid(InputMistake):
    """A registry in none of the forms that are understood."""

    value: str
    code = "registry-invalid"
    title = "'{value}' is not a registry"
    happened = "{input} reads '{value}'"
    cause = "it takes a login server, a registry's name, its resource id, or Docker@1's JSON with loginServer"
    mend = "set azureContainerRegistry to the login server, such as contoso.azurecr.io"


@dataclass(kw_only=True, eq=False)
class AppNameInvalid(InputMistake):
    """Neither the name nor the resource id of a Function App."""

    value: str
    code = "app-name-invalid"
    title = "'{value}' is not a Function App"
    happened = "{input} reads '{value}'"
    cause = "it takes the app's name (2 to 60 letters, digits and hyphens), not its URL, or its resource id"
    mend = "set appName to the name that the portal shows, such as docker-func-sample"


@dataclass(kw_only=True, eq=False)
class BuildArgumentInvalid(InputMistake):
    """A build argument that is no `KEY=VALUE`."""

    line: str
    code = "build-argument-invalid"
    title = "a build argument is not KEY=VALUE"
    happened = "{input} has the line '{line}'"
    cause = "each build argument stands on a line of its own as KEY=VALUE; KEY begins with a letter or '_'"
    mend = "write it as KEY=VALUE (the value may hold spaces and further '=')"


@dataclass(kw_only=True, eq=False)
class ArgumentsUnreadable(InputMistake):
    """Build flags whose quotes do not close."""

    reason: str
    code = "arguments-unreadable"
    title = "the input arguments cannot be split into words"
    happened = "{reason}"
    cause = "arguments is split as a shell splits words, so each quote needs its partner"
    mend = "close the quote, or write a backslash before a quote that is meant literally"


@dataclass(kw_only=True, eq=False)
class ArgumentRefused(InputMistake):
    """A build flag that has an input of its own."""

    flag: str
    instead: str
    code = "argument-refused"
    title = "{flag} does not belong into arguments"
    happened = "arguments holds {flag}"
    cause = "the task sets this itself"
    mend = "take {flag} out; {instead}"


@dataclass(kw_only=True, eq=False)
class PlatformInvalid(InputMistake):
    """A platform that is not one `os/architecture`."""

    value: str
    code = "platform-invalid"
    title = "'{value}' is not one platform"
    happened = "{input} reads '{value}'"
    cause = "a Function App runs one image for one platform, written os/architecture"
    mend = "set platform to linux/amd64 (what Function Apps run) or leave it out"


@dataclass(kw_only=True, eq=False)
class DockerfileNotFound(InputMistake):
    """No file matches `dockerFile`."""

    pattern: str
    folder: str
    seen: str
    code = "dockerfile-not-found"
    title = "there is no Dockerfile at {pattern}"
    happened = "no file below {folder} matches {pattern}{seen}"
    cause = "dockerFile points elsewhere, the file is not in the repository, or the job did not check it out"
    mend = "set dockerFile to the file's path from the repository's root, such as src/app/Dockerfile (case matters)"


@dataclass(kw_only=True, eq=False)
class DockerfileAmbiguous(InputMistake):
    """More than one file matches `dockerFile`."""

    pattern: str
    matches: str
    code = "dockerfile-ambiguous"
    title = "more than one Dockerfile matches {pattern}"
    happened = "these match:\n{matches}"
    cause = "taking the first would build whichever the file system happens to list first"
    mend = "set dockerFile to one of them"


@dataclass(kw_only=True, eq=False)
class ContextNotFound(InputMistake):
    """`buildContext` is not a folder."""

    path: str
    code = "context-not-found"
    title = "the build context {path} is not a folder"
    happened = "{input} gives {path}, which is not there or is a file"
    cause = "the build context is the folder whose files COPY can reach"
    mend = "set buildContext to a folder from the repository's root, or leave it out for the Dockerfile's own folder"
