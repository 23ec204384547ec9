"""Whom this agent trusts, and what it shows of itself: one TLS context for every call of a run.

Everything is gathered in memory; a bundle of files put together would be one more file to lose.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import certifi

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.model import Network


def tls_context(network: Network, warn: Callable[[str], None]) -> ssl.SSLContext:
    """Return the context; what of the agent's configuration cannot be used is told to `warn` and left out.

    Trusted are the machine's authorities (OpenSSL's, or those of SSL_CERT_FILE), the public ones that requests brings
    along (or those of REQUESTS_CA_BUNDLE instead), and the agent's own: behind a proxy that inspects TLS some hosts
    show its certificates and others, exempt from it, public ones.
    """
    context = ssl.create_default_context()
    # From 3.13 on Python refuses authorities without an Authority Key Identifier, as many companies have them. The
    # agent itself, Node and Go take them. https://docs.python.org/3/whatsnew/3.13.html#ssl
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
    """Return a context for looking at a certificate that was refused; nothing is to be sent with it."""
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
        # Always with a password: without one OpenSSL would ask for it at the terminal.
        context.load_cert_chain(own.certificate, own.key, password=password)
    except (OSError, ValueError) as error:
        warn(f"the agent's client certificate {own.certificate} with the key {own.key} cannot be used: {error}")
