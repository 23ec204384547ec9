"""Service connections, and the secrets and identities in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pytask.model.reference import RegistryHost


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that must not be shown; only `agent.console.Console.secret` creates one and masks it at once."""

    _text: str

    def reveal(self) -> str:
        """Return the text itself; call this only where it is sent to its intended recipient."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """The Azure cloud of a service connection, from the connection's own data."""

    arm_url: str
    """`https://management.azure.com` in the public cloud; no trailing slash."""
    authority_url: str
    """Where to sign in, such as `https://login.microsoftonline.com`; with AD FS, its host.

    Empty when the connection does not say, so that Resource Manager must be asked.
    """
    arm_scope: str
    """The scope of a token for ARM, ending in `/.default`; empty when Resource Manager must be asked."""
    adfs: bool = False
    """Whether sign-in uses Active Directory Federation Services instead of Entra ID."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyIdentity:
    """A service principal with a client secret."""

    client_id: str
    secret: Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateIdentity:
    """A service principal with a certificate."""

    client_id: str
    certificates: tuple[bytes, ...]
    """All certificates in the connection, in DER; the private key's is among them."""
    private_key: Secret
    """An RSA key in PKCS#1 or PKCS#8, as base64 of DER."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FederatedIdentity:
    """A service principal or managed identity that trusts the pipeline's own tokens, without a secret."""

    client_id: str
    issuer: str
    """The issuer in the connection's data, for the error that says what to enter; may be empty."""
    subject: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedIdentity:
    """The managed identity of the agent's machine."""

    client_id: str
    """Client ID of a user-assigned identity; empty for the system-assigned one."""


Identity = KeyIdentity | CertificateIdentity | FederatedIdentity | ManagedIdentity


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryLogin:
    """User and password for one container registry."""

    host: RegistryHost
    """The only host that they are for."""
    user: str
    password: Secret


LoginFor: TypeAlias = Callable[[RegistryHost], RegistryLogin | None]
"""A function that returns a fresh login for a registry's host, or None; it may raise a `TaskFailure`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConnection:
    """An Azure Resource Manager service connection."""

    id: str
    """The connection's GUID in lower case, as in the agent's variables."""
    input: str
    """The task's input that names the connection."""
    page: str
    """Where to edit the connection: the address of its page, or else the way there."""
    tenant_id: str
    subscription_id: str
    subscription_name: str
    cloud: Cloud
    identity: Identity

    @property
    def sign_in_tenant(self) -> str:
        """The tenant's part of the authority's URLs."""
        return "adfs" if self.cloud.adfs else self.tenant_id
