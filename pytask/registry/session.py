"""One registry, signed in to: a login for Docker, and tokens for what the task itself reads.

Source: https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.http import Call, request
from pytask.cloud.transport import only
from pytask.decode import decode, text_at
from pytask.registry.hosts import asked_at, asked_for
from pytask.registry.refusal import firewall
from pytask.registry.sign_in import NoSignIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpRequest, HttpResponse

    from pytask.cloud.http import HttpClient
    from pytask.errors import TaskFailure
    from pytask.model import RegistryHost, RegistryLogin, Secret
    from pytask.registry.challenge import Challenge
    from pytask.registry.sign_in import SignIn


class RegistrySession:
    """A registry, with the login and tokens that it issued; they are reused until it refuses them. Thread-safe."""

    def __init__(
        self,
        host: RegistryHost,
        *,
        http: HttpClient,
        mask: Callable[[str], Secret],
        challenge: Challenge,
        sign_in: SignIn,
    ) -> None:
        self.host = host
        self.http = http
        self.mask = mask
        self._challenge = challenge
        self._sign_in = sign_in
        self._login: RegistryLogin | None = None
        self._young_until = 0.0
        self._tokens: dict[tuple[str, str], Secret] = {}
        self._lock = threading.RLock()

    @property
    def anonymous(self) -> bool:
        """Whether this run uses the registry without credentials."""
        return isinstance(self._sign_in, NoSignIn)

    @property
    def open(self) -> bool:
        """Whether the registry requires no sign-in."""
        return not self._challenge.scheme

    def url(self, repository: str, path: str) -> str:
        """Return the URL of a part of a repository, such as `manifests/1`."""
        return f"https://{asked_at(self.host)}/v2/{asked_for(self.host, repository)}/{path}"

    def docker_login(self, *, renew: bool = False) -> RegistryLogin | None:
        """Return user and password for Docker; None for a registry that is used without credentials.

        A recent login is reused, unless `renew` is true.

        Raises:
            TaskFailure: why the registry, or Entra ID, issues none.
        """
        with self._lock:
            now = self.http.clock.monotonic()
            if renew or now >= self._young_until:
                self._login = self._sign_in.login(self.host, self._challenge)
                self._young_until = now + self.http.timeouts.young_login
            return self._login

    def authorization(self, repository: str, actions: str = "pull") -> str:
        """Return the `Authorization` header for `actions`, such as `pull,push`; empty when the registry needs none.

        Raises:
            TaskFailure: why the registry issues no token.
        """
        if self._challenge.scheme == "basic":
            return self._basic(self._known_login())
        token = self.token(repository, actions)
        return f"Bearer {token.reveal()}" if token else ""

    def token(self, repository: str, actions: str = "pull") -> Secret | None:
        """Return a token for a repository, with those of the `actions` that are granted; None without a token service.

        Raises:
            TaskFailure: why the registry issues none.
        """
        if self._challenge.scheme != "bearer":
            return None
        with self._lock:
            # A token for pushing is also valid for pulling.
            for known in (actions, "pull,push"):
                if token := self._tokens.get((repository, known)):
                    return token
            return self._tokens.setdefault((repository, actions), self._asked_token(repository, actions))

    def forget(self) -> None:
        """Forget the login and tokens, which are no longer valid, and so sign in again next time."""
        with self._lock:
            self._login, self._young_until = None, 0.0
            self._tokens.clear()

    def confirm_login(self) -> None:
        """Confirm that the registry accepts user and password; with a token service, issuing a token confirms it.

        Raises:
            TaskFailure: when it does not.
        """
        if self._challenge.scheme == "basic":
            url = f"https://{asked_at(self.host)}/v2/"
            asked = request("GET", url, headers=_header(self.authorization("")))
            self._accepted(self._answered(asked, url, "sign in to the registry"))

    def as_anybody(self) -> RegistrySession:
        """Return the same registry without credentials."""
        return RegistrySession(self.host, http=self.http, mask=self.mask, challenge=self._challenge, sign_in=NoSignIn())

    def refusal(self, answer: HttpResponse) -> TaskFailure:
        """Return the failure behind a refusal of the registry."""
        return firewall(self.host, answer) or self._sign_in.refusal(self.host, answer)

    def _known_login(self) -> RegistryLogin | None:
        with self._lock:
            return self._login or self.docker_login()

    def _basic(self, login: RegistryLogin | None) -> str:
        if login is None:
            return ""
        pair = f"{login.user}:{login.password.reveal()}".encode()
        return f"Basic {self.mask(base64.b64encode(pair).decode()).reveal()}"

    def _asked_token(self, repository: str, actions: str) -> Secret:
        """Request a token from the service that the registry names, with a GET, as Docker does.

        The sign-in has already checked that the credentials may be sent there.
        """
        params = {"scope": f"repository:{asked_for(self.host, repository)}:{actions}"}
        params |= {"service": self._challenge.service} if self._challenge.service else {}
        url, before = self._sign_in.realm(self.host, self._challenge).url, self._login

        def answered(login: RegistryLogin | None) -> HttpResponse:
            asked = request("GET", url, params=params, headers=_header(self._basic(login)))
            return self._answered(asked, url, "get a token from the registry")

        answer = answered(self._known_login())
        if answer.status_code == HTTPStatus.UNAUTHORIZED and before and self.docker_login(renew=True) != before:
            # A refresh token is valid for hours, but a build may take longer.
            answer = answered(self._login)
        return self.mask(self._given(self._accepted(answer)))

    def _given(self, answer: HttpResponse) -> str:
        """Return the token in an answer; an answer without one is a refusal."""
        given = decode(answer.content)
        token = text_at(given, "token") or text_at(given, "access_token")
        if not token:
            raise self.refusal(answer)
        return token

    def _answered(self, asked: HttpRequest, url: str, doing: str) -> HttpResponse:
        refusals = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
        return self.http.send(Call(request=asked, doing=doing, accept={HTTPStatus.OK, *refusals}, only_to=only(url)))

    def _accepted(self, answer: HttpResponse) -> HttpResponse:
        if answer.status_code != HTTPStatus.OK:
            raise self.refusal(answer)
        return answer


def _header(authorization: str) -> dict[str, str]:
    return {"Authorization": authorization} if authorization else {}
