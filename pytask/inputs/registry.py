"""The inputs about the registry: which one, and the connection to use for it instead of azureSubscription.

Sources of a Docker Registry connection's keys and kinds:
https://github.com/microsoft/azure-pipelines-tasks/blob/master/Tasks/DockerV2/utils.ts,
https://github.com/microsoft/azure-pipelines-tasks-common-packages/tree/main/common-npm-packages/docker-common/registryauthenticationprovider
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.agent.connection import find_endpoint, read_connection, read_identity
from pytask.errors.connection import ConnectionNotExpanded, ConnectionNotForRegistries
from pytask.errors.import_image import ImportFromItself, ImportNeedsAzure
from pytask.errors.inputs import (
    ImageHostDiffers,
    RegistriesDiffer,
    RegistryConnectionNeeded,
    RegistryConnectionTwice,
)
from pytask.errors.pull import PullAccessNeedsAzure
from pytask.inputs.reader import Read
from pytask.model import Cloud, NotAReference, PullAccess, RegistryAddress, RegistryLogin, ServiceConnection
from pytask.registry.address import parse_registry
from pytask.registry.hosts import host_in, is_azure_registry, is_same_registry, registry_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.agent.connection import Endpoint
    from pytask.inputs.reader import Reader
    from pytask.model import RegistryHost, Secret

_NAMED, _CONNECTION, _SUBSCRIPTION = "azureContainerRegistry", "containerRegistry", "azureSubscriptionForACR"
_PUBLIC = Cloud(
    arm_url="https://management.azure.com",
    authority_url="https://login.microsoftonline.com",
    arm_scope="https://management.core.windows.net//.default",
)
_MASKED = "the agent masks the registry's host as ***, like everything in a Docker Registry connection"
"""https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/Util/MaskingUtil.cs"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryGiven:
    """A connection and the registry that it names."""

    host: RegistryHost | None
    """None when the connection is not for one registry."""
    connection: ServiceConnection | RegistryLogin


def has_registry_connection(reader: Reader) -> bool:
    """Tell whether the registry has its own connection."""
    return bool(reader.text("containerRegistry") or reader.text("azureSubscriptionForACR"))


def read_registry_connection(
    reader: Reader, mask: Callable[[str], Secret], cloud: Cloud | None
) -> Read[RegistryGiven | None]:
    """Return the registry's own connection, or None; `cloud` is the cloud of azureSubscription."""
    if reader.text("containerRegistry") and reader.text("azureSubscriptionForACR"):
        reader.mistakes.append(RegistryConnectionTwice(input=_CONNECTION))
        return Read(())
    if reader.text("containerRegistry"):
        return reader.named(
            "containerRegistry",
            lambda value: _docker_connection(reader, value, mask, cloud or _PUBLIC),
            unexpanded=ConnectionNotExpanded,
        )
    if not reader.text("azureSubscriptionForACR"):
        return Read((None,))
    return reader.named(
        "azureSubscriptionForACR",
        lambda value: RegistryGiven(
            host=None,
            connection=read_connection(reader.environment, input_name=_SUBSCRIPTION, value=value, mask=mask),
        ),
        unexpanded=ConnectionNotExpanded,
    )


def read_registry(
    reader: Reader, image_host: RegistryHost | None, given: RegistryGiven | None, cloud: Cloud | None
) -> Read[RegistryAddress]:
    """Return the registry to push to: from its connection, its input or the image's name, which must agree."""
    host = given.host if given else None
    registry: Read[RegistryAddress]
    if (known := host or image_host) and not reader.text(_NAMED):
        registry = Read((RegistryAddress(name=registry_name(known), login_server=known),))
    else:
        registry = reader.named(
            _NAMED, lambda value: parse_registry(value, input_name=_NAMED), meaning="the container registry"
        )
    if registry.found:
        _confirm_one(reader, registry.value, image_host, host)
        _confirm_way(reader, registry.value, given, cloud)
    return registry


def read_import_target(reader: Reader) -> Read[RegistryAddress | None]:
    """Return the registry that the image is to be imported into first; None when it is not to be imported."""
    wanted = reader.boolean("importImage", default=False)
    if not wanted.found:
        return Read(())
    if not wanted.value:
        return Read((None,))
    return reader.named(
        "azureContainerRegistry",
        lambda value: parse_registry(value, input_name=_NAMED),
        meaning="the registry to import the image into",
    )


def confirm_import(
    reader: Reader,
    source: RegistryHost,
    target: RegistryAddress,
    own: Read[RegistryGiven | None],
    cloud: Cloud | None,
) -> None:
    """Note a mistake where an image is to be imported from its own registry, or into one that is not Azure's."""
    host, cloud = target.login_server, _cloud_of(own.value if own.found else None, cloud)
    if host is None:
        return  # only Resource Manager knows it
    if is_same_registry(source, host):
        reader.mistakes.append(ImportFromItself(input=_NAMED, registry=str(source)))
    elif not is_azure_registry(host, cloud):
        reader.mistakes.append(ImportNeedsAzure(input=_NAMED, registry=str(host)))


def confirm_pull_access(
    reader: Reader, access: PullAccess, host: RegistryHost | None, own: Read[RegistryGiven | None], cloud: Cloud | None
) -> None:
    """Note a mistake when `appPullAccess` asks for something that only Azure's registries support."""
    cloud = _cloud_of(own.value if own.found else None, cloud)
    if access is not PullAccess.KEEP and host and not is_azure_registry(host, cloud):
        reader.mistakes.append(PullAccessNeedsAzure(input="appPullAccess", access=access.value, registry=str(host)))


def registry_host(reader: Reader, given: RegistryGiven | None) -> RegistryHost | None:
    """Return the registry's host from its input or its connection; None when neither names it."""
    named = reader.text("azureContainerRegistry")
    return parse_registry(named, input_name=_NAMED).login_server if named else given.host if given else None


def _confirm_one(
    reader: Reader, registry: RegistryAddress, image_host: RegistryHost | None, connected: RegistryHost | None
) -> None:
    told = str(registry.login_server or registry.name)
    if connected and not _same(connected, registry):
        reader.mistakes.append(RegistriesDiffer(input=_NAMED, registry=told, connected=str(connected)))
    elif image_host and not _same(image_host, registry):
        given = _CONNECTION if connected else _NAMED
        reader.mistakes.append(ImageHostDiffers(input="imageName", host=str(image_host), given=given, registry=told))


def _confirm_way(reader: Reader, registry: RegistryAddress, given: RegistryGiven | None, cloud: Cloud | None) -> None:
    """Note a mistake when no connection is for the registry; ARM finds the host of one given by name."""
    host = registry.login_server
    if host and not (given and given.host) and not is_azure_registry(host, _cloud_of(given, cloud)):
        reader.mistakes.append(RegistryConnectionNeeded(input=_NAMED, registry=str(host)))


def _cloud_of(given: RegistryGiven | None, cloud: Cloud | None) -> Cloud | None:
    """Return the registry's cloud; `cloud` is the cloud of azureSubscription."""
    return given.connection.cloud if given and isinstance(given.connection, ServiceConnection) else cloud


def _same(host: RegistryHost, registry: RegistryAddress) -> bool:
    """Tell whether both may be the same registry; only Resource Manager knows the host of one given by name."""
    return registry.login_server is None or is_same_registry(host, registry.login_server)


def _docker_connection(reader: Reader, value: str, mask: Callable[[str], Secret], cloud: Cloud) -> RegistryGiven:
    endpoint = find_endpoint(reader.environment, input_name=_CONNECTION, value=value)
    if endpoint.data("registrytype").lower() == "acr" or endpoint.parameter("loginServer"):
        server = _host(endpoint, "login server", endpoint.parameter("loginServer"))
        reader.notes.append(_MASKED)
        if not is_azure_registry(server, _of_azure(endpoint, mask, cloud).cloud):
            endpoint.needed("login server of an Azure Container Registry", "")
        return RegistryGiven(host=server, connection=_of_azure(endpoint, mask, cloud))
    if endpoint.scheme.lower() != "usernamepassword":
        raise ConnectionNotForRegistries(input=_CONNECTION, name=endpoint.name, scheme=endpoint.scheme)
    url = endpoint.parameter("registry")
    host = _host(endpoint, "Docker Registry (its URL)", url)
    if url == str(host):
        reader.notes.append(_MASKED)
    login = RegistryLogin(
        host=host,
        user=endpoint.needed("user name", endpoint.parameter("username")),
        password=mask(endpoint.needed("password", endpoint.parameter("password"))),
    )
    return RegistryGiven(host=host, connection=login)


def _host(endpoint: Endpoint, field: str, value: str) -> RegistryHost:
    """Return the host in a connection's field; raise ConnectionIncomplete when the field is empty or not a host."""
    try:
        return host_in(endpoint.needed(field, value))
    except NotAReference:
        well_formed = endpoint.needed(f"{field} that is a host such as ghcr.io, with or without https://", "")
        raise AssertionError(well_formed) from None


def _of_azure(endpoint: Endpoint, mask: Callable[[str], Secret], cloud: Cloud) -> ServiceConnection:
    """Return the connection to an Azure Container Registry: its URL is the registry's, its data may lack the cloud."""
    audience = endpoint.data("activeDirectoryServiceEndpointResourceId")
    arm, authority = endpoint.data("resourceManagerUrl"), endpoint.data("activeDirectoryAuthority")
    own = replace(
        cloud,
        arm_url=(endpoint.tls("Resource Manager URL", arm) if arm else cloud.arm_url).rstrip("/"),
        authority_url=(endpoint.tls("authority URL", authority) if authority else cloud.authority_url).rstrip("/"),
        arm_scope=f"{audience}/.default" if audience else cloud.arm_scope,
    )
    return ServiceConnection(
        id=endpoint.id,
        input=endpoint.input,
        page=endpoint.page,
        tenant_id=endpoint.tenant,
        subscription_id=endpoint.data("subscriptionId"),
        subscription_name=endpoint.data("subscriptionName"),
        cloud=own,
        identity=read_identity(endpoint, mask),
    )
