"""Copying an image from another registry into an Azure Container Registry, by Resource Manager: no byte comes here.

The copy has the same digest. An import that is sent twice does no more than once.
Source: https://learn.microsoft.com/azure/container-registry/container-registry-import-images and
https://learn.microsoft.com/rest/api/containerregistry/registries/import-image
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.clock import Deadline
from pytask.cloud.answers import correlation_id, error_of
from pytask.cloud.arm import ArmCall, unreadable
from pytask.cloud.http import Call, request
from pytask.decode import Unreadable, decode_object, object_at, text_at
from pytask.errors import once_sent
from pytask.errors.foreign import shell_word
from pytask.errors.import_image import ImportForbidden, ImportNotFinished, ImportRefused
from pytask.network.place import is_address
from pytask.network.retry import asked_wait
from pytask.registry.hosts import asked_for
from pytask.registry.resource import REGISTRY_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.errors import TaskFailure
    from pytask.model import PushedImage, RegistryLogin, Secret
    from pytask.registry.resource import RegistryResource

_DOING = "import the image"
_DONE = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})
_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
_INVISIBLE = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""Of an operation, which lies outside of the registry, where the connection may have no role."""
_OF_THE_SOURCE = "LinkedAuthorizationFailed"
"""The code of a refusal because of the other resource that a call is about.
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceAccess:
    """How Azure reads from the source registry; at most one of the fields is set, for a public one none."""

    resource_id: str = ""
    """Resource ID of a registry of Azure that the connection can see, which reads with the connection's own rights."""
    login: RegistryLogin | None = None
    token: Callable[[], Secret] | None = None
    """Returns an access token of the connection, which registries of Azure in other subscriptions accept."""

    @property
    def title(self) -> str:
        """Who reads there, for people."""
        if self.login:
            return "the user in containerRegistry"
        return "the connection's identity" if self.resource_id or self.token else "anonymous callers"


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """An image, and the registry to copy it into."""

    image: PushedImage
    """As it is in the source registry."""
    access: SourceAccess
    target: RegistryResource
    arm: Arm

    @property
    def reference(self) -> str:
        """The image in the source registry."""
        return str(self.image.pinned or self.image.reference)

    @property
    def repository(self) -> str:
        """The repository in both registries."""
        return asked_for(self.image.registry, self.image.repository)

    @property
    def command(self) -> str:
        """The command that does the same."""
        tags = "".join(f" --image {shell_word(f'{self.repository}:{tag}')}" for tag in self.image.tags)
        return f"az acr import --name {self.target.name} --source {shell_word(self.reference)}{tags} --force"


def import_image(wanted: Import) -> bool:
    """Copy an image, and wait until Azure says that it is there; return False when Azure does not say how it goes on.

    Raises:
        ImportForbidden, ImportRefused: when Azure does not copy it.
        ImportNotFinished: when that takes too long.
    """
    arm, path = wanted.arm, f"{wanted.target.id}/importImage"
    call = ArmCall("POST", path, doing=_DOING, body=_body(wanted), besides=_REFUSED, api_version=REGISTRY_VERSION)
    version = min(REGISTRY_VERSION, arm.newest.get("microsoft.containerregistry", REGISTRY_VERSION))
    answer = arm.http.send(call.in_version(version))
    if answer.status_code in _REFUSED:
        raise _refusal(wanted, answer)
    if answer.status_code != HTTPStatus.ACCEPTED:
        return True
    end = _followed(wanted, answer)
    if end.status_code in _INVISIBLE:
        return False
    if end.status_code not in _DONE or _has_failed(end):
        raise _refusal(wanted, end)
    return True


def _body(wanted: Import) -> JSONObject:
    image, repository = wanted.image, wanted.repository
    name = f"{repository}@{image.digest}" if image.digest else f"{repository}:{image.tags[0]}"
    body: JSONObject = {"source": {"sourceImage": name, **_source(wanted)}, "mode": "Force"}
    if image.tags:
        return {**body, "targetTags": [f"{repository}:{tag}" for tag in image.tags]}
    return {**body, "untaggedTargetRepositories": [repository]}


def _source(wanted: Import) -> JSONObject:
    access = wanted.access
    if access.resource_id:
        return {"resourceId": access.resource_id}
    uri: JSONObject = {"registryUri": str(wanted.image.registry)}
    if access.login:
        login = access.login
        return {**uri, "credentials": {"username": login.user, "password": login.password.reveal()}}
    return {**uri, "credentials": {"password": access.token().reveal()}} if access.token else uri


def _followed(wanted: Import, answer: HttpResponse) -> HttpResponse:
    """Return the answer that ends the operation; each failure on the way leaves open whether the image is there."""
    http = wanted.arm.http
    deadline, link, told_at = Deadline.after(http.clock, http.timeouts.import_image), "", http.clock.monotonic()
    with once_sent():
        while answer.status_code == HTTPStatus.ACCEPTED:
            if deadline.passed():
                minutes = f"{http.timeouts.import_image / 60:g}"
                registry, correlation = wanted.target.name, correlation_id(answer)
                raise ImportNotFinished(
                    reference=wanted.reference, registry=registry, minutes=minutes, correlation_id=correlation
                )
            link = answer.headers.get("Location", link)
            if not is_address(link):
                raise unreadable(answer, _DOING, "it does not say where the import's progress is")
            wait = asked_wait(answer.headers, http.clock.now()) or http.timeouts.longest_poll
            http.clock.sleep(min(deadline.left(), wait))
            if http.clock.monotonic() - told_at >= http.timeouts.progress:
                told_at = http.clock.monotonic()
                http.say("  still importing")
            accept = _DONE | _REFUSED | {HTTPStatus.ACCEPTED}
            answer = http.send(Call(request=request("GET", link), doing=_DOING, accept=accept))
    return answer


def _has_failed(answer: HttpResponse) -> bool:
    """Tell whether an answer of success reports a failed operation."""
    body = decode_object(answer.content)
    return not isinstance(body, Unreadable) and text_at(body, "status").lower() in {"failed", "canceled"}


def _refusal(wanted: Import, answer: HttpResponse) -> TaskFailure:
    code, message = error_of(answer)
    body = decode_object(answer.content)
    inner = {} if isinstance(body, Unreadable) else object_at(body, "error")
    detail = f"{code or text_at(inner, 'code')}: {message or text_at(inner, 'message')}"
    registry, correlation = wanted.target.name, correlation_id(answer)
    if answer.status_code == HTTPStatus.FORBIDDEN and code != _OF_THE_SOURCE:
        return ImportForbidden(registry=registry, detail=detail, scope=wanted.target.id, correlation_id=correlation)
    return ImportRefused(
        reference=wanted.reference,
        source=str(wanted.image.registry),
        registry=registry,
        way=wanted.access.title,
        detail=detail,
        command=wanted.command,
        correlation_id=correlation,
    )
