"""Mistakes in the task's inputs; all of them are reported together."""

from __future__ import annotations

from pytask.errors.base import TaskFailure


class InputMistake(TaskFailure):
    """A mistake in one input."""

    input: str


class InputRequired(InputMistake):
    """A required input is empty."""

    meaning: str
    code = "input-required"
    title = "the input {input} is empty"
    happened = "{input} ({meaning}) has no value"
    cause = "it is required, but it was left out or a variable in it is empty"
    fix = "set {input} on the FunctionAppContainerDeploy@1 step"


class VariableNotExpanded(InputMistake):
    """A `$(variable)` that was not expanded."""

    value: str
    variable: str
    code = "variable-not-expanded"
    title = "the input {input} contains a variable that does not exist"
    happened = "{input} is '{value}': $({variable}) was not replaced"
    cause = "no variable named {variable} exists when this step starts (the agent leaves unknown ones as they are)"
    fix = "define {variable}, correct its spelling, or write the value itself"
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/variables"


class VariableSplitsInput(InputMistake):
    """Text that someone else chose adds entries to a list."""

    variable: str
    code = "variable-splits-input"
    title = "the value of {variable} would add entries to the input {input}"
    happened = "{input} contains the value of {variable}, and that value contains a separator of {input}"
    cause = "whoever names a branch, writes a commit message, or starts the run chooses this value"
    fix = (
        "use Build.BuildId or Build.SourceVersion in {input} instead, or a variable set by an earlier step that keeps "
        "only letters, digits, periods, underscores and hyphens"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/security/inputs"


class PathLeavesCheckout(InputMistake):
    """A symbolic link in the checkout leads out of it."""

    path: str
    target: str
    code = "path-leaves-checkout"
    title = "the path in the input {input} leaves the checkout through a symbolic link"
    happened = "{path} leads to {target}"
    cause = "the repository contains a symbolic link to a file outside of it, which whoever can push a branch can add"
    fix = "remove the link from the repository, or set {input} to the absolute path of the file"


class NotABoolean(InputMistake):
    """A switch that is neither on nor off."""

    value: str
    code = "input-not-boolean"
    title = "the input {input} is neither true nor false"
    happened = "{input} is '{value}'"
    cause = "the input is a switch: a variable in it may be empty or hold another value"
    fix = "set {input} to true or false"


class ChoiceUnknown(InputMistake):
    """A value that is not one of the choices."""

    value: str
    choices: str
    code = "input-not-a-choice"
    title = "the input {input} does not accept '{value}'"
    happened = "{input} is '{value}'"
    cause = "it takes one of: {choices}"
    fix = "set {input} to one of these, or leave it out"


class NotMinutes(InputMistake):
    """A time that is not a positive number of minutes."""

    value: str
    code = "input-not-minutes"
    title = "the input {input} is not a number of minutes"
    happened = "{input} is '{value}'"
    cause = "it takes a positive number of minutes, with a decimal point if needed"
    fix = "set {input} to a number such as 10 or 2.5"


class ImageNameInvalid(InputMistake):
    """An image name that no registry accepts."""

    value: str
    code = "image-name-invalid"
    title = "'{value}' is not an image name"
    happened = "{input} gives the repository '{value}'"
    cause = (
        "a repository is words of a-z and 0-9, separated by '/', '-', '.', '_' or '__', up to 255 characters; "
        "the task fixes capital letters and spaces, but no other characters"
    )
    fix = "set imageName to a name such as team/hello-function"
    link = "https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"


class RegistryHostInvalid(InputMistake):
    """A registry host that is not a name with an optional port."""

    value: str
    code = "registry-host-invalid"
    title = "'{value}' is not a registry host"
    happened = "{input} names the registry '{value}'; nothing was sent there"
    cause = "a host consists of words of a-z, 0-9 and hyphens separated by dots, and an optional port, such as contoso.azurecr.io or registry.contoso.com:5000; it has no user name, path, backslash, or trailing dot"
    fix = "correct the host in {input}"


class ImageHostDiffers(InputMistake):
    """The image name names a different registry than the one to push to."""

    host: str
    given: str
    registry: str
    code = "image-host-differs"
    title = "imageName and {given} name two different registries"
    happened = "imageName begins with {host}, but {given} is {registry}"
    cause = "the image is pushed to one registry only"
    fix = "remove the host from imageName, or name {host} in {given}"


class RegistriesDiffer(InputMistake):
    """The registry's connection is for a different registry than the one named."""

    registry: str
    connected: str
    code = "registries-differ"
    title = "azureContainerRegistry and containerRegistry name two different registries"
    happened = "azureContainerRegistry is {registry}, but the connection in containerRegistry is for {connected}"
    cause = "a Docker registry connection already names its registry"
    fix = "leave azureContainerRegistry out, or set containerRegistry to a connection for {registry}"


class RegistryConnectionTwice(InputMistake):
    """Two connections for one registry."""

    code = "registry-connection-twice"
    title = "containerRegistry and azureSubscriptionForACR are both set"
    happened = "both say how to sign in to the registry"
    cause = "containerRegistry takes a Docker Registry connection, azureSubscriptionForACR an Azure Resource Manager one; each replaces azureSubscription for the registry"
    fix = "leave one of them out"


class RegistryConnectionNeeded(InputMistake):
    """No connection is for the registry that the image goes to."""

    registry: str
    code = "registry-connection-needed"
    title = "no connection of this step is for {registry}"
    happened = "the image is to be pushed to {registry}, whose name is not that of an Azure Container Registry"
    cause = "azureSubscription and azureSubscriptionForACR sign in to Azure Container Registries only"
    fix = "set containerRegistry to a Docker Registry service connection for {registry}; if it is an Azure Container Registry under another name, set azureContainerRegistry to its resource ID"
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints#docker-registry-service-connection"


class DigestNotBuildable(InputMistake):
    """An image that the run builds cannot be named by a digest."""

    value: str
    code = "image-digest-not-buildable"
    title = "an image that this run builds cannot be named by its digest"
    happened = "{input} is '{value}'"
    cause = "a digest is known only after the build; only an image that already exists has one"
    fix = "write imageName without @sha256:…; the output imageDigest has the digest"


class TagInvalid(InputMistake):
    """A tag that no registry accepts."""

    value: str
    code = "tag-invalid"
    title = "'{value}' is not a tag"
    happened = "{input} gives the tag '{value}'"
    cause = (
        "a tag is 1 to 128 characters of A-Z, a-z, 0-9, '_', '.' and '-', and does not begin with '.' or '-' "
        "(a branch name with a slash, for example, is not a valid tag)"
    )
    fix = "write another tag, such as $(Build.BuildId)"
    link = "https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"


class TagMissing(InputMistake):
    """No tag was given, and there is no build ID to use instead."""

    code = "tag-missing"
    title = "there is no tag for the image"
    happened = (
        "imageName and tags contain no tag, and the variable Build.BuildId, which would be used instead, is not set"
    )
    cause = "Build.BuildId is set only where a build is involved; a classic release without a build artifact has none"
    fix = "set tags, for example to $(Release.ReleaseId)"


class RegistryInvalid(InputMistake):
    """A registry in an unknown form."""

    value: str
    code = "registry-invalid"
    title = "'{value}' is not a registry"
    happened = "{input} is '{value}'"
    cause = "it takes a login server, a registry's name, its resource ID, or Docker@1's JSON with loginServer"
    fix = "set azureContainerRegistry to the login server, such as contoso.azurecr.io"


class AppNameInvalid(InputMistake):
    """Neither the name nor the resource ID of a Function App."""

    value: str
    code = "app-name-invalid"
    title = "'{value}' is not a Function App"
    happened = "{input} is '{value}'"
    cause = "it takes the app's name (2 to 60 letters, digits and hyphens) or its resource ID, not its URL"
    fix = "set appName to the name that the portal shows, such as docker-func-sample"


class RegistryNeeded(InputMistake):
    """An existing image was named without its registry."""

    value: str
    code = "registry-needed"
    title = "the registry of {value} is not known"
    happened = "imageName is '{value}', without a host, and azureContainerRegistry gives no login server"
    cause = "the app needs the whole reference, with the registry's login server"
    fix = "set imageName to registry/repository:tag, such as contoso.azurecr.io/hello-function:42"


class RecordUnreadable(InputMistake):
    """The file that an earlier run should have written cannot be read."""

    path: str
    reason: str
    code = "record-unreadable"
    title = "the record of an earlier run cannot be read"
    happened = "{path}: {reason}"
    cause = "imageName gives no tag or digest, so the image is taken from recordFile, but no run has written that file"
    fix = "publish the file that buildAndPush wrote as a pipeline artifact and download it here, or set imageName to the image"


class ExistingImageUnnamed(InputMistake):
    """The record of an earlier run does not name an image."""

    path: str
    code = "record-without-image"
    title = "the record of an earlier run names no image"
    happened = "{path} has no imageDigest"
    cause = "the run that wrote it ended before its image was pushed"
    fix = "run buildAndPush again and use the record of a run that succeeded"


class SlotInvalid(InputMistake):
    """Not the name of a deployment slot."""

    value: str
    code = "slot-invalid"
    title = "'{value}' is not the name of a slot"
    happened = "{input} is '{value}'"
    cause = "a slot's name is 1 to 59 letters, digits and hyphens, without the app's name before it"
    fix = "set slotName to the name that the portal shows under Deployment slots, such as staging"


class SmokePathInvalid(InputMistake):
    """Not a path of the app."""

    value: str
    code = "smoke-path-invalid"
    title = "'{value}' is not a path of the app"
    happened = "{input} is '{value}'"
    cause = "it takes a path on the app's host; write spaces as %20"
    fix = "set smokeTestPath to a path such as /api/HttpTriggerSample?name=x"


class StatusInvalid(InputMistake):
    """Not an HTTP status."""

    value: str
    code = "smoke-status-invalid"
    title = "'{value}' is not an HTTP status"
    happened = "{input} contains '{value}'"
    cause = "it takes statuses such as 200 or 2xx, separated by commas"
    fix = "set smokeTestStatus to 2xx or to the statuses that you expect"
