"""ACR Tasks of a registry: where to upload a build context, and the runs that build it.

Source: https://learn.microsoft.com/rest/api/containerregistry/runs and
https://github.com/Azure/azure-rest-api-specs/tree/main/specification/containerregistry/resource-manager
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.answers import correlation_id, error_of
from pytask.cloud.arm import ArmCall, needed_object, unreadable
from pytask.cloud.poll import poll, read_object
from pytask.decode import object_at, objects_at, text_at
from pytask.errors.acr_build import (
    AcrRegistryUnseen,
    AcrRunRefused,
    AcrTasksForbidden,
    AcrTasksNotPermitted,
)
from pytask.network.place import is_address
from pytask.registry.resource import find_resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.cloud.http import HttpClient
    from pytask.cloud.poll import Reading
    from pytask.decode import JSONObject
    from pytask.errors import TaskFailure
    from pytask.model import RegistryHost
    from pytask.registry.registries import Registries
    from pytask.registry.resource import RegistryResource

_VERSION = "2019-06-01-preview"
"""ACR Tasks have no stable version; this one is what `az acr build` has used for years."""
_VERSION_WITH_CALLER = "2025-03-01-preview"
"""The first one with which a run can have the caller's rights."""
_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
_NOT_PERMITTED = "TasksOperationsNotAllowed"
"""https://github.com/Azure-Samples/azure-search-openai-demo/issues/2220"""
SCHEDULES = "Microsoft.ContainerRegistry/registries/scheduleRun/action"


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadPlace:
    """Where a build context is to be uploaded."""

    url: str
    """With a signature that is valid for an hour."""
    location: str
    """The name by which a run finds it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """What Azure says about a run."""

    id: str
    status: str
    """`Queued`, `Started`, `Running`, or how it ended: `Succeeded`, `Failed`, `Canceled`, `Error`, `Timeout`."""
    detail: str
    digests: frozenset[str]
    """Of the images that it pushed, as far as Azure says so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TasksRegistry:
    """A registry that builds images."""

    registries: Registries
    arm: Arm
    resource: RegistryResource
    host: RegistryHost

    @property
    def http(self) -> HttpClient:
        """The client for addresses that carry their own signature: it adds no credentials."""
        azure = self.registries.azure
        if azure is None:
            raise AssertionError("a registry that builds was opened without a connection")
        return azure.http

    def upload_place(self) -> UploadPlace:
        """Return where to upload a build context.

        Raises:
            AcrTasksForbidden, AcrTasksNotPermitted, AcrRunRefused: when Azure does not say.
        """
        doing = "get an address for the build context"
        answer = self._post("listBuildSourceUploadUrl", doing)
        told = needed_object(answer, doing)
        place = UploadPlace(url=text_at(told, "uploadUrl"), location=text_at(told, "relativePath"))
        if not is_address(place.url) or not place.location:
            raise unreadable(answer, doing, "it has no address to upload to")
        return place

    def schedule(self, body: JSONObject, *, before_retry: Callable[[], object]) -> str:
        """Schedule a run, and return its id; `before_retry` is called when it is not known whether it was scheduled.

        Raises:
            AcrTasksForbidden, AcrTasksNotPermitted, AcrRunRefused: when Azure does not accept it.
        """
        doing = "schedule the build"

        def again() -> JSONObject:
            before_retry()
            return body

        answer = self._post("scheduleRun", doing, body, again)
        run = _run_of(needed_object(answer, doing))
        if not run.id:
            raise unreadable(answer, doing, "it has no run")
        return run.id

    def run(self, run: str) -> Reading[RunState]:
        """Return what Azure says about a run."""
        return poll(self.arm, self._call("GET", f"runs/{run}", "look up the build"), _read_run)

    def runs(self) -> Reading[list[RunState]]:
        """Return the latest runs."""
        call = self._call("GET", "runs", "list the builds", params={"$top": "20"})
        return poll(self.arm, call, _read_runs)

    def log_address(self, run: str) -> Reading[str]:
        """Return the address of a run's log, with a signature that is valid for about an hour."""
        call = self._call("POST", f"runs/{run}/listLogSasUrl", "get the address of the build's log")
        return poll(self.arm, call, _read_log_address)

    def cancel(self, run: str) -> bool:
        """Cancel a run, and tell whether Azure accepted that."""
        call = self._call("POST", f"runs/{run}/cancel", "cancel the build")
        answer = self.arm.http.send(call.in_version(self._version))
        return answer.status_code == HTTPStatus.OK

    @property
    def _version(self) -> str:
        wanted = _VERSION_WITH_CALLER if self.resource.by_repository else _VERSION
        return min(wanted, self.arm.newest.get("microsoft.containerregistry", wanted))

    def _call(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        body: object = None,
        renew: Callable[[], object] | None = None,
        params: dict[str, str] | None = None,
    ) -> ArmCall:
        return ArmCall(
            method,
            f"{self.resource.id}/{path}",
            doing=doing,
            body=body,
            renew=renew,
            params=params or {},
            api_version=self._version,
            besides=_REFUSED,
        )

    def _post(
        self, path: str, doing: str, body: object = None, renew: Callable[[], object] | None = None
    ) -> HttpResponse:
        answer = self.arm.send(self._call("POST", path, doing, body=body, renew=renew))
        if answer.status_code in _REFUSED:
            raise self._refusal(answer)
        return answer

    def _refusal(self, answer: HttpResponse) -> TaskFailure:
        code, message = error_of(answer)
        detail, correlation = f"{code}: {message}" if code else message, correlation_id(answer)
        registry = self.resource.name
        if code == _NOT_PERMITTED:
            return AcrTasksNotPermitted(registry=registry, detail=message, correlation_id=correlation)
        if answer.status_code == HTTPStatus.FORBIDDEN:
            scope = self.resource.id
            return AcrTasksForbidden(registry=registry, detail=detail, scope=scope, correlation_id=correlation)
        return AcrRunRefused(registry=registry, detail=detail, correlation_id=correlation)


def open_tasks(registries: Registries, host: RegistryHost, resource_id: str) -> TasksRegistry:
    """Return a registry that builds images.

    Raises:
        AcrRegistryUnseen: when the connection cannot see it.
    """
    azure = registries.azure
    subscription = azure.arm.subscription if azure else "(no connection)"
    resource = find_resource(azure.arm, host, resource_id) if azure else None
    if azure is None or resource is None:
        raise AcrRegistryUnseen(registry=str(host), subscription=subscription)
    return TasksRegistry(registries=registries, arm=azure.arm, resource=resource, host=host)


def _read_run(answer: HttpResponse) -> RunState | None:
    run = _run_of(read_object(answer) or {})
    return run if run.status else None


def _read_runs(answer: HttpResponse) -> list[RunState] | None:
    body = read_object(answer) or {}
    return [_run_of(one) for one in objects_at(body, "value")] if isinstance(body.get("value"), list) else None


def _run_of(body: JSONObject) -> RunState:
    properties = object_at(body, "properties")
    images = objects_at(properties, "outputImages")
    return RunState(
        id=text_at(properties, "runId"),
        status=text_at(properties, "status"),
        detail=text_at(properties, "runErrorMessage"),
        digests=frozenset(filter(None, (text_at(one, "digest") for one in images))),
    )


def _read_log_address(answer: HttpResponse) -> str | None:
    link = text_at(read_object(answer) or {}, "logLink")
    return link if is_address(link) else None
