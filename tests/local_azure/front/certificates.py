"""The certificates and signing keys of the local Azure: one authority of its own."""

from __future__ import annotations

import base64
import ssl
from typing import TYPE_CHECKING, Any

import jwt
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.local_azure.environments import ENVIRONMENTS
from tests.local_azure.registries.docker_registries import NAMES as DOCKER_REGISTRIES
from tests.local_azure.state.container_app import EVENTS_HOST
from tests.local_azure.state.site import CONTAINER_APPS_DOMAIN, REGIONAL_DOMAIN

if TYPE_CHECKING:
    from pathlib import Path

Claims = dict[str, Any]
"""The claims of a JSON web token. Source: https://www.rfc-editor.org/rfc/rfc7519#section-4"""

SYSTEM_LOG_HOST = "eastus2.azurecontainerapps.dev"
"""Where Container Apps give an app's system log."""
SERVER_NAMES = (
    "dev.azure.com",
    "vsrm.dev.azure.com",
    "mcr.microsoft.com",
    SYSTEM_LOG_HOST,
    "*.blob.core.windows.net",
    *dict.fromkeys(name for environment in ENVIRONMENTS for name in environment.names),
    f"*.{REGIONAL_DOMAIN}",
    f"*.scm.{REGIONAL_DOMAIN}",
    f"*.{CONTAINER_APPS_DOMAIN}",
    EVENTS_HOST,
    *DOCKER_REGISTRIES,
)
"""Every name the one server certificate vouches for."""


class SigningKey:
    """An RSA key of one issuer, with the certificate that proves it to whoever trusts the authority."""

    def __init__(self, leaf: trustme.LeafCert) -> None:
        certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        private = load_pem_private_key(leaf.private_key_pem.bytes(), password=None)
        if not isinstance(private, RSAPrivateKey):
            raise TypeError("RS256 takes an RSA key")
        self._private = private
        self._public = private.public_key()
        self._headers = {
            "kid": f"{certificate.serial_number:x}",
            "x5c": [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()],
        }

    def sign(self, claims: Claims) -> str:
        """Return the RS256 token that carries these claims.

        The `x5c` header is how a registry finds the key.
        Source: https://distribution.github.io/distribution/spec/auth/jwt/
        """
        return jwt.encode(claims, self._private, algorithm="RS256", headers=self._headers)

    def read(self, token: str, **options: Any) -> Claims:  # noqa: ANN401 - PyJWT's own options, passed on
        """Return the claims of a token this key signed; raises `jwt.InvalidTokenError` for any other."""
        claims: Claims = jwt.decode(token, self._public, algorithms=["RS256"], **options)
        return claims


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """Return what a TLS server needs to answer under any of `SERVER_NAMES`, vouched for by an authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*SERVER_NAMES).configure_cert(context)
    return context


class Authority:
    """The certification authority that vouches for every name of the local Azure."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA(organization_name="Local Azure")
        self.bundle = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.bundle))

    def server_context(self) -> ssl.SSLContext:
        """Return what a TLS server needs to answer under any of `SERVER_NAMES`."""
        return server_context(self._ca)

    def signing_key(self, issuer: str) -> SigningKey:
        """Return a fresh key for the tokens of `issuer` (a label, shown in its certificate only)."""
        return SigningKey(self._ca.issue_cert(f"{issuer}.tokens.invalid", key_type=trustme.KeyType.RSA))
