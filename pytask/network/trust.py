"""The authorities and the client certificate of this agent, in one TLS context for every call of a run.

It is built in memory; a combined bundle file would be one more file to clean up.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import certifi

from pytask.network.limits import TlsSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.model import Network


def tls_context(network: Network, warn: Callable[[str], None]) -> ssl.SSLContext:
    """Return the context; `warn` gets the unusable parts of the agent's configuration, which are left out.

    It trusts the machine's authorities (OpenSSL's or SSL_CERT_FILE's), the public ones that requests includes (or those
    of REQUESTS_CA_BUNDLE instead), and the agent's own: behind a proxy that inspects TLS, some hosts have the proxy's
    certificates, and exempt hosts have public ones.
    """
    context = ssl.create_default_context()
    context.sslsocket_class = TlsSocket
    # Since 3.13, Python refuses authorities without an Authority Key Identifier, which many companies have. The agent
    # itself, Node and Go accept them. https://docs.python.org/3/whatsnew/3.13.html#ssl
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    _add_authorities(context, network, warn)
    _add_client_certificate(context, network, warn)
    if not network.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        warn(
            "the agent is configured to accept any certificate (--sslskipcertvalidation): anyone between it and "
            "Azure can read this run's credentials and change what it does. Give the agent your network's certificate "
            "authority instead (./config.sh --sslcacert FILE)"
        )
    return context


def unverified_context() -> ssl.SSLContext:
    """Return a context for reading a refused certificate; do not send anything with it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _add_authorities(context: ssl.SSLContext, network: Network, warn: Callable[[str], None]) -> None:
    for path in (network.bundle, network.authorities):
        if path is None:
            continue
        try:
            folder = path.is_dir()
            context.load_verify_locations(cafile=None if folder else path, capath=path if folder else None)
        except OSError as error:
            warn(f"the agent's certificate authorities in {path} cannot be used: {error}")
    if network.bundle is None:
        context.load_verify_locations(certifi.where())


def _add_client_certificate(context: ssl.SSLContext, network: Network, warn: Callable[[str], None]) -> None:
    own = network.client_certificate
    if own is None:
        return
    password = own.password.reveal() if own.password else ""
    try:
        # Always with a password: without one, OpenSSL would prompt for it at the terminal.
        context.load_cert_chain(own.certificate, own.key, password=password)
    except (OSError, ValueError) as error:
        warn(f"the agent's client certificate {own.certificate} with the key {own.key} cannot be used: {error}")
