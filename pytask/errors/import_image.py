"""Failures of copying an image from one registry into another."""

from __future__ import annotations

from functools import cached_property

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral
from pytask.errors.inputs import InputMistake


class ImportSourceUnnamed(InputMistake):
    """The image to import was named without its registry."""

    value: str
    code = "import-source-unnamed"
    title = "'{value}' does not say which registry to import from"
    happened = "{input} reads '{value}', and importImage is true"
    cause = "azureContainerRegistry is the registry to import into, so the one to import from must be part of the image's name"
    fix = "set {input} to the full reference, such as contosodev.azurecr.io/{value}, or use the recordFile of the run that pushed it"


class ImportFromItself(InputMistake):
    """Source and target of an import are one registry."""

    registry: str
    code = "import-from-itself"
    title = "the image is to be imported from {registry} into the same registry"
    happened = "the image is in {registry}, and azureContainerRegistry names that registry too"
    cause = "importImage copies an image into another registry"
    fix = "set azureContainerRegistry to the registry that the apps pull from, or leave importImage out"


class ImportNeedsAzure(InputMistake):
    """The registry to import into is not Azure's."""

    registry: str
    code = "import-needs-azure-registry"
    title = "no image can be imported into {registry}"
    happened = "{input} reads {registry}, and importImage is true"
    cause = "Azure Resource Manager imports images into Azure Container Registries only"
    fix = "set {input} to an Azure Container Registry, or leave importImage out and copy the image by other means"


class ImportTargetUnseen(AzureFailure):
    """The registry to import into cannot be seen."""

    registry: str
    subscription: str
    code = "import-target-not-found"
    title = "this connection cannot see the registry {registry} to import into"
    happened = "the subscription {subscription} has no registry with this login server that this connection can see"
    cause = "an import goes through Azure Resource Manager, which requires Microsoft.ContainerRegistry/registries/read on the registry; AcrPush and AcrPull do not include it"
    fix = "grant the connection's identity the role Container Registry Data Importer and Data Reader on {registry}; for a registry in another subscription, set azureSubscriptionForACR to a connection there"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-import-images"


class ImportForbidden(AzureFailure):
    """The connection may not import into the registry."""

    registry: str
    detail: str
    scope: str
    code = "import-forbidden"
    title = "this connection is not allowed to import into {registry}"
    happened = "{detail}"
    cause = "importing requires Microsoft.ContainerRegistry/registries/importImage/action on the registry; AcrPush does not include it"
    fix = 'grant it: az role assignment create --assignee-object-id … --assignee-principal-type ServicePrincipal --role "Container Registry Data Importer and Data Reader" --scope {scope!q}'
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference"


class ImportRefusedCause(Cause):
    """Why an import is refused."""

    ACCESS = (
        "the source registry does not let {way} read the image",
        "grant the connection's identity AcrPull on {source}; for a registry that is not Azure's, or to sign in with a token, set containerRegistry to a Docker Registry connection with a user name and password",
    )
    MISSING = (
        "the source registry has no such image, or hides it from {way}",
        "compare {reference} with the source registry; if it is there, grant the connection's identity AcrPull on {source}",
    )
    LOCKED = (
        "the tag is locked in {registry}, or another import is writing it",
        "unlock it (az acr repository update --write-enabled true), or deploy an image with another tag",
    )
    NETWORK = (
        "the source registry refuses callers outside its network, and the import comes from Azure",
        "allow trusted services on {source} (az acr update --allow-trusted-services true), which allows imports between Azure Container Registries",
        "https://learn.microsoft.com/azure/container-registry/allow-access-trusted-services",
    )
    OTHER = (
        "Azure did not accept the import, or could not complete it",
        "run the step again; if that fails too, import by hand for more details: {command}",
    )


_SIGNS = (
    ("client with ip", ImportRefusedCause.NETWORK),
    ("firewall", ImportRefusedCause.NETWORK),
    ("manifest unknown", ImportRefusedCause.MISSING),
    ("manifest_unknown", ImportRefusedCause.MISSING),
    ("name unknown", ImportRefusedCause.MISSING),
    ("not found", ImportRefusedCause.MISSING),
    ("notfound", ImportRefusedCause.MISSING),
    ("linkedauthorizationfailed", ImportRefusedCause.ACCESS),
    ("unauthorized", ImportRefusedCause.ACCESS),
    ("authentication", ImportRefusedCause.ACCESS),
    ("denied", ImportRefusedCause.ACCESS),
    ("forbidden", ImportRefusedCause.ACCESS),
    ("conflict", ImportRefusedCause.LOCKED),
    ("locked", ImportRefusedCause.LOCKED),
)
"""In Azure's words; the first one counts, because what follows from it may be told too."""


class ImportRefused(OneOfSeveral, AzureFailure):
    """Azure did not import the image."""

    reference: str
    source: str
    registry: str
    way: str
    detail: str
    command: str
    code = "import-refused"
    title = "{reference} could not be imported into {registry}"
    happened = "Azure says: {detail}"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-import-images"

    @cached_property
    def known(self) -> ImportRefusedCause:
        """The cause that Azure's words name."""
        return next((cause for sign, cause in _SIGNS if sign in self.detail.lower()), ImportRefusedCause.OTHER)


class ImportNotFinished(AzureFailure):
    """The import takes too long."""

    reference: str
    registry: str
    minutes: str
    code = "import-not-finished"
    title = "the import of {reference} into {registry} did not finish in {minutes} minutes"
    happened = "Azure accepted the import, and the operation was still running"
    cause = "the image is very large, the source registry responds slowly, or Azure is busy"
    fix = "check whether the image is there by now (az acr repository show --name {registry!q} --image …), and run the step again; an image that is already there is not imported again"


class ImportUnconfirmed(AzureFailure):
    """Azure accepted the import, and nothing shows how it ended."""

    reference: str
    registry: str
    scope: str
    leaves_open = True
    code = "import-unconfirmed"
    title = "it is not known whether {reference} is in {registry}"
    happened = "Azure accepted the import, but this connection may not see its progress, and did not find the image in the registry"
    cause = "the progress is reported outside the registry (Microsoft.ContainerRegistry/locations/operationResults), and reading the image requires Microsoft.ContainerRegistry/registries/pull/read"
    fix = 'grant the connection\'s identity a role that can read the registry: az role assignment create --assignee-object-id … --assignee-principal-type ServicePrincipal --role "Container Registry Data Importer and Data Reader" --scope {scope!q}'
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-import-images"


class ImportedDigestDiffers(AzureFailure):
    """The tag in the target registry is not the image that was imported."""

    reference: str
    imported: str
    found: str
    code = "import-digest-differs"
    title = "{reference} is not the image this run imported"
    happened = "this run imported {imported}, but the registry has {found}"
    cause = "another run pushed or imported the same tag at the same time"
    fix = "give each image a tag of its own, or deploy by digest"
