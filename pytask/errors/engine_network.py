"""Failures of the Docker engine's connection to registries, and of the network inside a build."""

from __future__ import annotations

from pytask.errors.base import TaskFailure
from pytask.errors.build import in_the_step
from pytask.errors.registry_kind import HUB_MIRROR

_OWN_WAY = (
    "the engine fetches base images and pushes by itself: it has its own proxies, name resolution and certificate "
    "authorities, and does not use the agent's network settings"
)
_GIVE_IT_A_PROXY = (
    "set https-proxy and no-proxy under proxies in /etc/docker/daemon.json (version 23 or later), or HTTPS_PROXY and "
    "NO_PROXY in its service (systemctl edit docker, [Service], Environment=), then run systemctl restart docker"
)
_PROXY_LINK = "https://docs.docker.com/engine/daemon/proxy/"


class EngineNetworkFailure(TaskFailure):
    """The base of failures of an engine that cannot reach a registry."""

    host: str
    detail: str
    """The engine's message."""


class EngineHostUnknown(EngineNetworkFailure):
    """The engine cannot resolve the registry's name."""

    code = "engine-host-unknown"
    title = "the Docker engine cannot resolve the name {host}"
    happened = "{detail}"
    cause = f"there is no such registry, or the network can be reached only through a proxy that the engine is not configured to use; {_OWN_WAY}"
    fix = f"correct the name in the Dockerfile or in the step's inputs; behind a proxy, {_GIVE_IT_A_PROXY}; where Docker Hub is blocked, {HUB_MIRROR}"
    link = _PROXY_LINK


class EngineCannotReach(EngineNetworkFailure):
    """The registry does not respond to the engine."""

    code = "engine-cannot-reach"
    title = "the Docker engine cannot reach {host}"
    happened = "{detail}"
    cause = f"a firewall blocks the agent's machine from {{host}}, or the network can be reached only through a proxy; {_OWN_WAY}"
    fix = f"allow the agent's machine to reach {{host}}:443 through the firewall; behind a proxy, {_GIVE_IT_A_PROXY}; where Docker Hub is blocked, {HUB_MIRROR}"
    link = _PROXY_LINK


class EngineProxyRefused(EngineNetworkFailure):
    """The engine's proxy does not exist, or does not connect to the registry."""

    code = "engine-proxy-refused"
    title = "the Docker engine's proxy does not connect to {host}"
    happened = "{detail}"
    cause = f"the proxy that the engine is configured to use is wrong, requires other credentials, or forbids {{host}}; {_OWN_WAY}"
    fix = f"have the proxy allow {{host}}:443; to correct the engine's proxy, {_GIVE_IT_A_PROXY}"
    link = _PROXY_LINK


class EngineDistrusts(EngineNetworkFailure):
    """The engine does not trust the registry's certificate."""

    code = "engine-certificate"
    title = "the Docker engine does not trust the certificate of {host}"
    happened = "{detail}"
    cause = f"a proxy or firewall presents a certificate from its own certificate authority (TLS inspection), or the registry has a self-signed certificate; {_OWN_WAY}"
    fix = (
        "copy that authority's certificate to /etc/docker/certs.d/{host}/ca.crt on the agent's machine (no restart "
        "needed), or install it for the whole machine (update-ca-certificates) and run systemctl restart docker"
    )
    link = "https://docs.docker.com/engine/security/certificates/"


class RegistryWithoutTls(EngineNetworkFailure):
    """The registry uses plain HTTP."""

    code = "registry-without-tls"
    title = "{host} responds to the Docker engine without TLS"
    happened = "{detail}"
    cause = "the registry, or something in front of it, uses plain HTTP on this port; the engine requires HTTPS except on loopback"
    fix = (
        "name the registry with its HTTPS port; only for a registry in your own network, add it to insecure-registries "
        "in /etc/docker/daemon.json and run systemctl restart docker"
    )
    link = "https://docs.docker.com/reference/cli/dockerd/#insecure-registries"


class BuildHasNoNetwork(TaskFailure):
    """An instruction of the Dockerfile has no network access."""

    dockerfile: str
    reason: str
    detail: str
    place: str = ""
    step: str = ""
    printed: tuple[str, ...] = ()
    code = "build-has-no-network"
    title = "an instruction in {dockerfile} cannot reach the network"
    happened = "{detail}\n{reason}{seen}"
    cause = "RUN instructions run in a container's network, which knows neither the agent's proxy nor the certificate authorities that the agent and its machine trust"
    fix = (
        "name the proxy in buildArgs (HTTPS_PROXY=http://… and NO_PROXY=…, which Docker accepts without an ARG and keeps "
        "out of the image), or under proxies in the Docker configuration of the agent's user (~/.docker/config.json); "
        "behind TLS inspection, copy the authority's certificate into the image and run update-ca-certificates there"
    )
    link = "https://docs.docker.com/engine/cli/proxy/"

    @property
    def seen(self) -> str:
        """Where it failed and what was printed there."""
        return in_the_step(self.place, self.step, self.printed)
