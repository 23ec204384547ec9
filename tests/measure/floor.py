"""The least that anybody can do: `docker build` and `docker push`, one after the other, signed in already."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.principal import Principal

DOCKER = "/usr/bin/docker"
"""Debian's own: the first on PATH may be one that cannot do BuildKit."""
_USER = "00000000-0000-0000-0000-000000000000"


class Floor:
    """Docker's command line with a home folder of its own, as on an agent that somebody signed in."""

    def __init__(self, azure: LocalAzure, principal: Principal, login_server: str, sources: Path) -> None:
        self._azure, self._principal, self._host, self._sources = azure, principal, login_server, sources
        self._home = sources.parent / "floor-home"
        (self._home / ".docker").mkdir(parents=True)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "DOCKER_HOST": azure.agent_engine.url,
            "DOCKER_BUILDKIT": "1",
            "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        }

    def run(self, number: int) -> float:
        """Build and push; give the seconds it took."""
        self._sign_in()
        reference = f"{self._host}/floor:{number}"
        began = time.perf_counter()
        self._docker("build", "--progress=plain", f"--tag={reference}", str(self._sources))
        self._docker("push", "--quiet", reference)
        return time.perf_counter() - began

    def forget_builds(self) -> None:
        """Empty the engine's build cache."""
        self._docker("builder", "prune", "--all", "--force")

    def _docker(self, *words: str) -> None:
        done = subprocess.run(
            [DOCKER, *words], env=self._environment, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def _sign_in(self) -> None:
        """Write what `az acr login` writes, outside the time that is measured."""
        session = requests.Session()
        session.trust_env = False
        session.proxies["https"] = self._azure.environment["HTTPS_PROXY"]
        session.verify = self._azure.environment["REQUESTS_CA_BUNDLE"]
        form = {
            "grant_type": "access_token",
            "service": self._host,
            "tenant": self._azure.tenant_id,
            "access_token": self._azure.token(self._principal, "https://containerregistry.azure.net"),
        }
        answer = session.post(f"https://{self._host}/oauth2/exchange", data=form, timeout=30).json()
        login = base64.b64encode(f"{_USER}:{answer['refresh_token']}".encode()).decode()
        (self._home / ".docker" / "config.json").write_text(json.dumps({"auths": {self._host: {"auth": login}}}))
