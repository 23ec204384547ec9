"""Failures of the network between the agent and the hosts that the task calls."""

from __future__ import annotations

from pytask.errors.base import TaskFailure

_PROXY_LINK = "https://learn.microsoft.com/azure/devops/pipelines/agents/proxy"
_CERTIFICATE_LINK = "https://learn.microsoft.com/azure/devops/pipelines/agents/certificate"


class NetworkFailure(TaskFailure):
    """The base of failures of a request that did not reach its host, or got no complete response."""

    host: str
    """The host of the call, even when a proxy is in between."""
    detail: str
    """The first cause, in the system's words."""
    via: str
    """`directly`, or `through the proxy …`."""
    final: bool = False
    """Whether a retry is pointless."""


class Unreachable(NetworkFailure):
    """A host does not respond, or drops the connection."""

    code = "host-unreachable"
    leaves_open = True
    title = "{host} cannot be reached from this agent"
    happened = "connecting {via}: {detail}"
    cause = (
        "a firewall blocks the connection, the network between the agent and {host} is interrupted, or {host} is down"
    )
    fix = (
        "run curl -v https://{host} on the agent, and allow {host} through the firewall; if the network can be reached only through a proxy, "
        "configure the agent to use it (./config.sh --proxyurl), or set HTTPS_PROXY and NO_PROXY for the job"
    )
    link = _PROXY_LINK


class ResponseTooLarge(NetworkFailure):
    """A response is larger than the task reads."""

    most: str
    """Bytes, after decompression."""
    code = "response-too-large"
    leaves_open = True
    title = "the response of {host} is larger than {most} bytes"
    happened = "connecting {via}: {detail}, after decompression; the rest was not read"
    cause = "something else responds in place of {host}, such as a proxy with a page of its own, or {host} is failing; the responses that the task needs are smaller"
    fix = "run curl -v https://{host} on the agent to see what answers, and correct the proxy or the name; if {host} itself sends that much, report it to its operator"


class ResponseTooSlow(NetworkFailure):
    """A response arrives, but too slowly to wait for its end."""

    code = "response-too-slow"
    leaves_open = True
    title = "{host} sends its response too slowly"
    happened = "connecting {via}: {detail}"
    cause = "the network between the agent and {host}, a proxy in between, or {host} itself is overloaded or broken"
    fix = "run again; if it happens again, run curl -v https://{host} on the agent, and have the network or the proxy checked"
    link = _PROXY_LINK


class HostUnknown(NetworkFailure):
    """The agent cannot resolve the host's name."""

    code = "host-unknown"
    title = "the agent cannot resolve the name {host}"
    happened = "connecting {via}: {detail}"
    cause = "there is no such host: the name is mistyped, or the resource was deleted; or only another DNS server (a private endpoint's zone) or a proxy that the agent is not configured to use can resolve it"
    fix = (
        "correct the name in the step's inputs; run nslookup {host} on the agent, and link the private DNS zone to its "
        "network; if the network can be reached only through a proxy, configure the agent to use it (./config.sh --proxyurl), or set HTTPS_PROXY for "
        "the job"
    )
    link = _PROXY_LINK


class ProxyUnreachable(NetworkFailure):
    """The proxy itself does not respond."""

    proxy: str
    code = "proxy-unreachable"
    title = "the proxy {proxy} cannot be reached from this agent"
    happened = "connecting to {host} {via}: {detail}"
    cause = "the agent's proxy setting, or HTTPS_PROXY in its environment, names a proxy that does not exist or refuses this agent"
    fix = (
        "correct the agent's proxy (./config.sh remove, then ./config.sh --proxyurl …) or HTTPS_PROXY; when no proxy "
        "is needed for {host}, add it to the agent's file .proxybypass or to NO_PROXY"
    )
    link = _PROXY_LINK


class ProxyAuthenticationNeeded(NetworkFailure):
    """The proxy requires authentication (407)."""

    proxy: str
    code = "proxy-authentication"
    title = "the proxy {proxy} does not accept the agent's credentials"
    happened = "connecting to {host} {via}: {detail}"
    cause = "the agent was configured for its proxy without a user name and password or with the wrong ones, or the proxy does not accept Basic authentication (the task supports no other)"
    fix = (
        "give the agent the proxy's credentials (./config.sh remove, then ./config.sh --proxyurl … --proxyusername … "
        "--proxypassword …); if the proxy requires NTLM or Kerberos, exempt this agent's address from authentication"
    )
    link = _PROXY_LINK


class ProxyRefused(NetworkFailure):
    """The proxy does not connect to the host."""

    proxy: str
    code = "proxy-refused"
    title = "the proxy {proxy} does not connect to {host}"
    happened = "connecting to {host} {via}: {detail}"
    cause = "403 means that a proxy rule forbids this host; 502, 503, and 504 mean that the proxy cannot reach it or cannot resolve its name"
    fix = (
        "have the proxy allow CONNECT to {host}:443; if the agent can reach {host} directly, add it to the agent's "
        "file .proxybypass (one regular expression per line) or to NO_PROXY; correct the name if there is no such host"
    )
    link = _PROXY_LINK


class ProxyUnusable(NetworkFailure):
    """The task cannot use the proxy's address."""

    proxy: str
    code = "proxy-unusable"
    title = "the task cannot use {proxy} as a proxy"
    happened = "connecting to {host} {via}: {detail}"
    cause = "the address does not begin with http:// or https://; SOCKS is not supported"
    fix = "set the agent's --proxyurl or HTTPS_PROXY to the address of an HTTP proxy, such as http://proxy.contoso.com:8080"
    link = _PROXY_LINK


class CertificateUntrusted(NetworkFailure):
    """The certificate is from an authority that this agent does not trust: usually a proxy that inspects TLS."""

    issuer: str
    """The issuer named in the certificate, or what is known when it cannot be read."""
    code = "certificate-untrusted"
    title = "this agent does not trust the certificate of {host}"
    happened = "connecting {via}: {detail}; the certificate was issued by {issuer}"
    cause = "a proxy or firewall decrypts the connection and presents a certificate from its own certificate authority (TLS inspection), which neither the agent nor its machine trusts"
    fix = (
        "give the agent that authority's certificate as a PEM file (./config.sh remove, then ./config.sh --sslcacert "
        "FILE), or install it on the machine (update-ca-certificates), or set REQUESTS_CA_BUNDLE for the job; "
        "or exempt {host} from inspection"
    )
    link = _CERTIFICATE_LINK


class CertificateInvalid(NetworkFailure):
    """The certificate is trusted, but not valid: it is for another name, or has expired."""

    issuer: str
    code = "certificate-invalid"
    title = "the certificate of {host} is not valid"
    happened = "connecting {via}: {detail}; the certificate was issued by {issuer}"
    cause = (
        "it is for another host (a wrong DNS entry or a proxy's page), it has expired, or the agent's clock is wrong"
    )
    fix = "run curl -v https://{host} on the agent to see the certificate; correct the DNS entry, the proxy or the agent's clock"


class ClientCertificateNeeded(NetworkFailure):
    """The server requires a client certificate that the agent does not have, or refuses the agent's."""

    shown: str
    """The certificate that the agent presented."""
    code = "client-certificate"
    title = "{host} requires a client certificate that it trusts"
    happened = "connecting {via}, with {shown}: {detail}"
    cause = "{host}, or a gateway in front of it, uses mutual TLS, and the agent presents no client certificate or one that it does not accept"
    fix = (
        "give the agent its certificate (./config.sh remove, then ./config.sh --sslclientcert … --sslclientcertkey … "
        "--sslclientcertarchive … --sslclientcertpassword …)"
    )
    link = _CERTIFICATE_LINK


class CredentialNotSent(TaskFailure):
    """A request would have sent a credential to a host that it is not for."""

    meant: str
    other: str
    code = "credential-not-sent"
    title = "the task does not send a credential for {meant} to {other}"
    happened = "an address or a response pointed to {other}; nothing was sent there"
    cause = "something else responds in place of {meant} (a proxy, or the target of a wrong DNS entry), or an address in the step or in the service connection is not what it seems; anyone who receives a credential can use it"
    fix = "compare the addresses in the step's inputs and in the service connection with {meant}; run curl -v https://{meant} on the agent and check the certificate"
