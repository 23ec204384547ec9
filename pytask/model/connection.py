"""How to get into Azure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pytask.model.reference import RegistryHost


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that must not be seen; only `agent.console.Console.secret` makes one, which masks it at once."""

    _text: str

    def reveal(self) -> str:
        """Return the text itself; call this only where it leaves for the one who must know it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """The Azure cloud a service connection belongs to, as the connection's own data says."""

    arm_url: str
    """`https://management.azure.com` in the public cloud; no slash at the end."""
    authority_url: str
    """Where Entra ID signs in, such as `https://login.microsoftonline.com`; with ADFS the host of that.

    Empty where the connection does not say, and Resource Manager has to be asked.
    """
    arm_scope: str
    """The scope of a token for ARM; ends in `/.default`. Empty where Resource Manager has to be asked."""
    adfs: bool = False
    """Whether an Active Directory Federation Service signs in, instead of Entra ID."""


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
    """Those that the connection holds, in DER; the one of the private key is among them."""
    private_key: Secret
    """An RSA key, PKCS#1 or PKCS#8 in DER, as base64."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FederatedIdentity:
    """A service principal or managed identity that trusts the pipeline's own tokens; there is no secret."""

    client_id: str
    issuer: str
    """As the connection's data names it, for the error that says what to enter; may be empty."""
    subject: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedIdentity:
    """The managed identity of the agent's machine."""

    client_id: str
    """Of a user-assigned identity; empty for the machine's own."""


Identity = KeyIdentity | CertificateIdentity | FederatedIdentity | ManagedIdentity


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryLogin:
    """User and password for one container registry."""

    host: RegistryHost
    """The only one that they are for."""
    user: str
    password: Secret


LoginFor: TypeAlias = Callable[[RegistryHost], RegistryLogin | None]
"""Return the login for a registry's host, got again; None when there is none. It may raise a `TaskFailure`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConnection:
    """An Azure Resource Manager service connection."""

    id: str
    """The lower-case GUID that the agent names it by."""
    input: str
    """The task's input that names it."""
    page: str
    """Where it is edited: the address of its page, else the way there."""
    tenant_id: str
    subscription_id: str
    subscription_name: str
    cloud: Cloud
    identity: Identity

    @property
    def sign_in_tenant(self) -> str:
        """What stands for the tenant in the addresses of its authority."""
        return "adfs" if self.cloud.adfs else self.tenant_id
