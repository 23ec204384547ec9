"""How an agent was configured to reach the network, as its tasks are told.

Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/ExecutionContext.cs
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentNetwork:
    """What `./config.sh` was given: --proxyurl and its companions, --sslcacert, --sslclientcert and so on.

    `bypass` are the lines of the file `.proxybypass`. A client certificate is handed on with all three files only.
    """

    proxy_url: str = ""
    proxy_user: str = ""
    proxy_password: str = ""
    bypass: tuple[str, ...] = ()
    authorities: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    client_archive: Path | None = None
    client_password: str = ""
    skip_certificate_validation: bool = False

    def variables(self) -> dict[str, str]:
        """Return the public variables, by the names a pipeline writes."""
        return {**self._of_the_proxy(), **self._of_certificates()}

    def secrets(self) -> dict[str, str]:
        """Return the secret variables; the agent masks them from the start of the job."""
        named = {
            "Agent.ProxyPassword": self.proxy_password if self.proxy_url else "",
            "Agent.ClientCertPassword": self.client_password if self._has_client_certificate else "",
        }
        return {name: value for name, value in named.items() if value}

    @property
    def _has_client_certificate(self) -> bool:
        return bool(self.client_certificate and self.client_key and self.client_archive)

    def _of_the_proxy(self) -> dict[str, str]:
        if not self.proxy_url:
            return {}
        named = {
            "Agent.ProxyUrl": self.proxy_url,
            "Agent.ProxyUsername": self.proxy_user,
            "Agent.ProxyBypassList": json.dumps(self.bypass) if self.bypass else "",
            "Agent.UseBasicAuthForProxy": "False",
        }
        return {name: value for name, value in named.items() if value}

    def _of_certificates(self) -> dict[str, str]:
        files = {"Agent.CAInfo": self.authorities}
        if self._has_client_certificate:
            files["Agent.ClientCert"] = self.client_certificate
            files["Agent.ClientCertKey"] = self.client_key
            files["Agent.ClientCertArchive"] = self.client_archive
        skip = {"Agent.SkipCertValidation": "True"} if self.skip_certificate_validation else {}
        return {**skip, **{name: str(path) for name, path in files.items() if path}}
