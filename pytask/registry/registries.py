"""The registries of one run, and how to sign in to each."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.errors.registry import RegistryNotFound
from pytask.registry.challenge import challenge_of
from pytask.registry.hosts import is_azure_registry
from pytask.registry.lookup import login_server
from pytask.registry.refusal import http_client_of
from pytask.registry.session import RegistrySession
from pytask.registry.sign_in import EntraSignIn, NoSignIn, PasswordSignIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure
    from pytask.cloud.http import HttpClient
    from pytask.model import RegistryAddress, RegistryHost, RegistryLogin, Secret
    from pytask.registry.sign_in import SignIn

_ATTEMPTS_WITHOUT_NEED = 1
"""Attempts to reach a registry without credentials: it is only read from, and may be out of reach."""


class Registries:
    """Signs in to each registry once, on first use. Thread-safe."""

    def __init__(
        self, *, azure: Azure | None, login: RegistryLogin | None, http: HttpClient, mask: Callable[[str], Secret]
    ) -> None:
        self.azure = azure
        """The connection that signs in to Azure's registries; None when there is none."""
        self._login = login
        self._http = http
        self._mask = mask
        self._azures: set[RegistryHost] = set()
        self._sessions: dict[RegistryHost, RegistrySession] = {}
        self._lock = threading.RLock()

    def open_at(self, address: RegistryAddress) -> RegistrySession:
        """Return the registry that the user named; ARM is asked for its host if only the name is known.

        Raises:
            RegistryNotFound: when the connection can see no such registry.
            LoginServerUnusable: when the login server that Azure returns cannot be a registry.
            TaskFailure: what `open` raises.
        """
        return self.open(self.host_at(address))

    def host_at(self, address: RegistryAddress) -> RegistryHost:
        """Return the host of the registry that the user named; only ARM is asked, if only the name is known.

        Raises:
            RegistryNotFound, LoginServerUnusable: as `open_at` does.
        """
        if address.login_server:
            return address.login_server
        if self.azure is None:
            raise RegistryNotFound(registry=address.name, subscription="(no connection)")
        host = login_server(self.azure.arm, address, self.azure.credentials.connection.cloud)
        self._azures.add(host)
        return host

    def open(self, host: RegistryHost) -> RegistrySession:
        """Return a registry by its host; the only call is the one that asks how to sign in.

        Raises:
            TaskFailure: when the host does not answer, or is not a registry.
        """
        with self._lock:
            return self._sessions.setdefault(host, self._sessions.get(host) or self._opened(host))

    def docker_login(self, host: RegistryHost) -> RegistryLogin | None:
        """Return user and password for Docker to use with a registry; None when this run has none for it.

        Raises:
            TaskFailure: why the registry, or Entra ID, refuses.
        """
        return None if isinstance(self._way_into(host), NoSignIn) else self.open(host).docker_login()

    def login_of(self, host: RegistryHost) -> RegistryLogin | None:
        """Return the user and password that a Docker Registry connection has for a registry; None for any other."""
        return self._login if self._login and host == self._login.host else None

    def _opened(self, host: RegistryHost) -> RegistrySession:
        way, http = self._way_into(host), http_client_of(self._http, host)
        if isinstance(way, NoSignIn):
            http = replace(http, timeouts=replace(http.timeouts, http_attempts=_ATTEMPTS_WITHOUT_NEED))
        return RegistrySession(host, http=http, mask=self._mask, challenge=challenge_of(http, host), sign_in=way)

    def _way_into(self, host: RegistryHost) -> SignIn:
        if self._login and host == self._login.host:
            return PasswordSignIn(self._login)
        cloud = self.azure.credentials.connection.cloud if self.azure else None
        if self.azure and (host in self._azures or is_azure_registry(host, cloud)):
            return EntraSignIn(self.azure)
        return NoSignIn()
