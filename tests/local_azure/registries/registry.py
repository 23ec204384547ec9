"""Container registries of our own: Debian's docker-registry, which is the CNCF's ``distribution``."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

WITH_OWNER = Path(__file__).parents[1] / "engine" / "while_owner_lives.sh"
START_LIMIT = 10.0
"""Seconds until a registry that does not listen is called failed."""


class RegistryFailed(Exception):  # noqa: N818 (the name says what happened)
    """The registry did not start; the message ends with the last lines of its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenAuthentication:
    """Who may use the registry: bearers of tokens (https://distribution.github.io/distribution/spec/auth/token/)."""

    realm: str
    """URL of the token service, told to clients that come without a token."""
    service: str
    """Name of this registry; a token's audience."""
    issuer: str
    """A token's issuer."""
    certificates: Path
    """PEM bundle; a token's certificate chain has to end in one of these."""


class Registry:
    """A registry on a free port of 127.0.0.1 that ends with this process.

    ``folder`` gets configuration and log, and the images too unless there is another folder ``storage`` for
    them. Without ``tokens`` and ``passwords`` (the lines of an htpasswd file) everybody may pull and push.
    """

    def __init__(
        self,
        *,
        name: str,
        folder: Path,
        storage: Path | None = None,
        tokens: TokenAuthentication | None = None,
        passwords: str = "",
    ) -> None:
        self.name = name
        self.url = ""
        """``http://127.0.0.1:PORT`` once started."""
        self._folder = folder
        self._storage = storage or folder / "storage"
        self._tokens = tokens
        self._passwords = passwords
        self._guardian: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the registry and return when it listens; raises RegistryFailed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration = self._folder / "registry.yml"
        configuration.write_text(json.dumps(self._configuration(), indent=2))
        self._password_file.write_text(self._passwords)
        with self._log.open("wb") as log:
            self._guardian = subprocess.Popen(
                ["sh", WITH_OWNER, "docker-registry", "serve", configuration],
                env={"PATH": os.environ["PATH"]},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the owner, whose end is told by the pipe
            )
        self.url = f"http://127.0.0.1:{self._port()}"

    def stop(self) -> None:
        """End the registry; does nothing when it does not run."""
        guardian, self._guardian = self._guardian, None
        if guardian is not None and guardian.stdin is not None:
            guardian.stdin.close()
            guardian.wait()

    @property
    def _log(self) -> Path:
        return self._folder / "registry.log"

    @property
    def _password_file(self) -> Path:
        return self._folder / "htpasswd"

    def _configuration(self) -> dict[str, object]:
        # https://distribution.github.io/distribution/about/configuration/; JSON is YAML too
        configuration: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "info", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self._storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {"addr": "127.0.0.1:0", "relativeurls": True, "secret": secrets.token_hex(16)},
        }
        if self._tokens is not None:
            configuration["auth"] = {
                "token": {
                    "realm": self._tokens.realm,
                    "service": self._tokens.service,
                    "issuer": self._tokens.issuer,
                    "rootcertbundle": str(self._tokens.certificates),
                }
            }
        if self._passwords:
            configuration["auth"] = {"htpasswd": {"realm": "Registry Realm", "path": str(self._password_file)}}
        return configuration

    def _port(self) -> int:
        # The port is the system's choice, and the log is where the registry tells it.
        deadline = time.monotonic() + START_LIMIT
        while True:
            log = self._log.read_text(errors="replace")
            if listening := re.search(r"listening on 127\.0\.0\.1:(\d+)", log):
                return int(listening[1])
            if self._guardian is None or self._guardian.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RegistryFailed(f"registry {self.name} did not start: {log[-1000:]}")
            time.sleep(0.01)
