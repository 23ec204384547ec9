"""The agent's network configuration, read from variables that every job has.

Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/ExecutionContext.cs
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pytask.agent.environment import variable
from pytask.decode import decode, texts_at
from pytask.model import ClientCertificate, Network, Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model import Secret

_MACHINE_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification"""


def read_network(environment: Mapping[str, str], mask: Callable[[str], Secret]) -> Network:
    """Return how this agent reaches the network, with proxy passwords masked in every form they take."""
    bundle = next((value for name in _BUNDLES if (value := environment.get(name))), "")
    return Network(
        proxy=_own_proxy(environment, mask),
        bypass=_patterns(variable(environment, "Agent.ProxyBypassList")),
        machine_proxies=_machine_proxies(environment, mask),
        authorities=_path(variable(environment, "Agent.CAInfo")),
        bundle=_path(bundle),
        client_certificate=_client_certificate(environment, mask),
        verify=variable(environment, "Agent.SkipCertValidation").lower() != "true",
    )


def _own_proxy(environment: Mapping[str, str], mask: Callable[[str], Secret]) -> Proxy | None:
    written = variable(environment, "Agent.ProxyUrl").strip()
    if not written:
        return None
    user, password = variable(environment, "Agent.ProxyUsername"), _secret(environment, "Agent.ProxyPassword")
    proxy = _proxy(written, mask)
    return Proxy(address=proxy.address, user=user, password=_masked(user, password, mask)) if user else proxy


def _machine_proxies(environment: Mapping[str, str], mask: Callable[[str], Secret]) -> dict[str, Proxy]:
    named = (environment.get(form, "") for name in _MACHINE_PROXIES for form in (name, name.lower()))
    return {written: _proxy(written, mask) for written in named if written}


def _proxy(written: str, mask: Callable[[str], Secret]) -> Proxy:
    """Return the proxy at an address; one without a scheme is `http`, as in other tools."""
    scheme, _, rest = (written if "://" in written else f"http://{written}").partition("://")
    credentials, _, place = rest.partition("/")[0].rpartition("@")
    user, _, password = credentials.partition(":")
    if password:
        mask(password)
    return Proxy(
        address=f"{scheme.lower()}://{place}",
        user=unquote(user),
        password=_masked(unquote(user), unquote(password), mask),
    )


def _masked(user: str, password: str, mask: Callable[[str], Secret]) -> Secret | None:
    """Mask a password as given, as it appears in a URL, and as it is sent to the proxy."""
    if not password:
        return None
    mask(quote(password, safe=""))
    mask(base64.b64encode(f"{user}:{password}".encode()).decode())
    return mask(password)


def _patterns(written: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of the bypass list; like the agent, skip invalid ones."""
    found = []
    for text in texts_at(decode(written)):
        try:
            found.append(re.compile(text.strip(), re.IGNORECASE | re.ASCII))
        except re.error:  # noqa: PERF203 - one bad pattern must not end the loop
            continue
    return tuple(pattern for pattern in found if pattern.pattern)


def _client_certificate(environment: Mapping[str, str], mask: Callable[[str], Secret]) -> ClientCertificate | None:
    certificate, key = variable(environment, "Agent.ClientCert"), variable(environment, "Agent.ClientCertKey")
    if not certificate or not key:
        return None
    password = _secret(environment, "Agent.ClientCertPassword")
    return ClientCertificate(
        certificate=Path(certificate), key=Path(key), password=mask(password) if password else None
    )


def _secret(environment: Mapping[str, str], name: str) -> str:
    return variable(environment, f"Secret.{name}")


def _path(written: str) -> Path | None:
    return Path(written) if written else None
