"""ACR Tasks by Microsoft.ContainerRegistry: a place for the context, runs, their status and their log.

Source: recorded traffic of https://github.com/Azure/azure-cli (test_containerapp_up_source_with_dockerfile_e2e,
test_acr_task); of the refusal https://github.com/Azure-Samples/azure-search-openai-demo/issues/2220
"""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from tests.local_azure.arm.front import ArmCall, ArmError, Operation, resource_not_found
from tests.local_azure.tasks.run import TaskRun
from tests.local_azure.tasks.storage import Blob

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.state.state import Cloud
    from tests.local_azure.tasks.storage import TasksStorage

VERSIONS = frozenset({"2019-06-01-preview", "2025-03-01-preview"})
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_REGISTRY = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_REGISTRIES}/{{name}}"
_NOT_PERMITTED = (
    "ACR Tasks requests for the registry {name} and {subscription} are not permitted. Please file an Azure support "
    "request at http://aka.ms/azuresupport for assistance."
)
_TYPES = {"EncodedTaskRunRequest", "DockerBuildRequest"}


class Runner(Protocol):
    """What carries runs out."""

    def carry_out(self, run: TaskRun) -> None:
        """Do all that a run is to do, and end it; called in a thread."""


class AcrTasks:
    """The runs of all registries."""

    def __init__(self, cloud: Cloud, storage: TasksStorage, runner: Runner) -> None:
        self._cloud, self._storage, self.runner = cloud, storage, runner
        self.runs: list[TaskRun] = []
        """Oldest first."""
        self._working: set[asyncio.Task[None]] = set()

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return (
            _operation("POST", "listBuildSourceUploadUrl", "listBuildSourceUploadUrl/action", self._upload_place),
            _operation("POST", "scheduleRun", "scheduleRun/action", self._schedule),
            _operation("GET", "runs", "runs/read", self._list, parameters=frozenset({"$top"})),
            _operation("GET", "runs/{run}", "runs/read", self._get),
            _operation("POST", "runs/{run}/listLogSasUrl", "runs/listLogSasUrl/action", self._log),
            _operation("POST", "runs/{run}/cancel", "runs/cancel/action", self._cancel),
        )

    async def forget(self) -> None:
        """Cancel what goes on, and forget all of it."""
        for run in self.runs:
            run.canceled.set()
        await asyncio.gather(*self._working, return_exceptions=True)
        self.runs.clear()
        self._storage.blobs.clear()

    async def _upload_place(self, call: ArmCall) -> web.Response:
        registry = self._permitted(call)
        name = f"source/{datetime.now(timezone.utc):%Y%m%d}0000/{uuid.uuid4().hex}.tar.gz"
        url = self._storage.address(_path(registry, name), "cw")
        return web.json_response({"uploadUrl": url, "relativePath": name})

    async def _schedule(self, call: ArmCall) -> web.Response:
        registry, body = self._permitted(call), await call.body()
        if body.get("type") not in _TYPES or body.get("platform", {}).get("os") != "Linux":
            raise ArmError(400, "InvalidRequestContent", "The run request is not valid.")
        if (pool := body.get("agentPoolName")) and pool not in registry.agent_pools:
            raise ArmError(404, "AgentPoolNotFound", f"The agent pool '{pool}' was not found in '{registry.name}'.")
        source = self._storage.blobs.get(_path(registry, body["sourceLocation"]))
        if source is None:
            raise ArmError(400, "InvalidSourceLocation", "The source location was not found.")
        identifier = f"ca{len(self.runs) + 1}"
        log = Blob()
        run = TaskRun(
            id=identifier,
            registry=registry,
            caller=call.principal,
            body=body,
            context=bytes(source.content),
            log=log,
        )
        self.runs.append(run)
        working = asyncio.create_task(self._carry_out(run))
        self._working.add(working)
        working.add_done_callback(self._working.discard)
        return web.json_response(run.as_json())

    async def _carry_out(self, run: TaskRun) -> None:
        """Have the run wait as in a queue, then carry it out; its log is there only once it is."""
        await asyncio.sleep(self._cloud.weather.run_queued)
        if run.canceled.is_set():
            run.end("Canceled")
            return
        self._storage.blobs[_path(run.registry, f"logs/{run.id}/rawtext.log")] = run.log
        try:
            await asyncio.to_thread(self.runner.carry_out, run)
        finally:
            run.end("Error", "the run has not ended")

    async def _list(self, call: ArmCall) -> web.Response:
        registry = self._registry(call)
        mine = [run.as_json() for run in reversed(self.runs) if run.registry is registry]
        return web.json_response({"value": mine[: int(call.request.query.get("$top", "100"))]})

    async def _get(self, call: ArmCall) -> web.Response:
        return web.json_response(self._run(call).as_json())

    async def _log(self, call: ArmCall) -> web.Response:
        run = self._run(call)
        return web.json_response(
            {"logLink": self._storage.address(_path(run.registry, f"logs/{run.id}/rawtext.log"), "r")}
        )

    async def _cancel(self, call: ArmCall) -> web.Response:
        run = self._run(call)
        if run.over:
            raise ArmError(400, "RunAlreadyCompleted", f"The run '{run.id}' has already completed.")
        run.canceled.set()
        return web.Response(status=200)

    def _run(self, call: ArmCall) -> TaskRun:
        registry, name = self._registry(call), call.values["run"]
        for run in self.runs:
            if run.registry is registry and run.id == name:
                return run
        raise resource_not_found(f"{_REGISTRIES}/runs", name, call.values["group"])

    def _permitted(self, call: ArmCall) -> RegistryState:
        registry = self._registry(call)
        if not registry.tasks_permitted:
            text = _NOT_PERMITTED.format(name=registry.name, subscription=call.values["subscription"])
            raise ArmError(400, "TasksOperationsNotAllowed", text)
        return registry

    def _registry(self, call: ArmCall) -> RegistryState:
        registry = self._cloud.registries.get(call.values["name"].lower())
        if registry is None:
            raise resource_not_found(_REGISTRIES, call.values["name"], call.values["group"])
        return registry


def _operation(
    method: str,
    path: str,
    action: str,
    answer: Callable[[ArmCall], Awaitable[web.Response]],
    parameters: frozenset[str] = frozenset(),
) -> Operation:
    return Operation(
        method=method,
        template=f"{_REGISTRY}/{path}",
        action=f"{_REGISTRIES}/{action}",
        versions=VERSIONS,
        answer=answer,
        parameters=parameters,
    )


def _path(registry: RegistryState, name: str) -> str:
    return f"/container-{uuid.uuid5(uuid.NAMESPACE_URL, registry.id).hex}/{name}"
