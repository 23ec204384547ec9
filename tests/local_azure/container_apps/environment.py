"""A Container Apps environment: brings up revisions as real containers, one replica each. No HTTP of Azure's here.

Order and words: recorded traffic of https://github.com/Azure/azure-cli (containerapp tests), and for the failures
https://azureossd.github.io/2023/08/25/Container-Apps-Troubleshooting-image-pull-errors/
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientTimeout

from tests.local_azure.app_service.container_host import PullFailed, RunFailed
from tests.local_azure.app_service.site_start import ANONYMOUS, Credential
from tests.local_azure.registries.acr import TOKEN_USER
from tests.local_azure.state.container_app import Revision, revision_host

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.local_azure.app_service.container_host import RunningContainer
    from tests.local_azure.app_service.site_start import Worker
    from tests.local_azure.front.routes import JSON
    from tests.local_azure.registries.acr import ContainerRegistries
    from tests.local_azure.state.container_app import ContainerApp
    from tests.local_azure.state.state import Cloud

OPERATION = 17.0
"""Seconds of the platform that a change takes, as recorded."""
STARTUP_PROBE = 60.0
"""Seconds of the platform until a container that does not answer is started again."""
BACK_OFF = 20.0
OLD_KEPT = 20.0
"""Seconds of the platform for which the revision before is kept, in single revision mode."""
_POLL = 0.05
_PING = ClientTimeout(total=2.0)


class Environment:
    """What runs the revisions of all container apps."""

    def __init__(
        self, worker: Worker, cloud: Cloud, registries: ContainerRegistries, mishap: Callable[[str], None]
    ) -> None:
        self._worker = worker
        self._cloud = cloud
        self._registries = registries
        self._mishap = mishap
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        self.second = worker.second
        self.operation = OPERATION

    def credential(self, app: ContainerApp, image: str) -> Credential:
        """Return what an app signs in to its image's registry with; nothing without an entry for it.

        Source: https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull
        """
        host = image.partition("/")[0]
        registry = self._cloud.registry_at(host)
        entry = next((one for one in app.configuration["registries"] or [] if one["server"] == host), None)
        if registry is None or entry is None:
            return ANONYMOUS
        own = entry.get("identity") == "system"
        identity = app.identity if own else self._cloud.identities.get(str(entry.get("identity")).lower())
        return (TOKEN_USER, self._registries.refresh_token(registry, identity)) if identity else ANONYMOUS

    async def check_image(self, app: ContainerApp, image: str) -> str:
        """Return why an image cannot be pulled, in the words of the resource provider; empty when it can."""
        try:
            await self._pull(app, image)
        except PullFailed as failure:
            missing = "not found" in failure.text or "manifest unknown" in failure.text
            words = f'MANIFEST_UNKNOWN: manifest tagged by "{image.rpartition(":")[2]}" is not found'
            return words if missing else "UNAUTHORIZED: authentication required"
        return ""

    def begin(self, app: ContainerApp, revision: Revision) -> None:
        """Bring a revision up; returns at once."""
        app.revisions.append(revision)
        self._tasks[revision.name] = self._in_background(self._keep_up(app, revision))

    async def deactivate(self, revision: Revision) -> None:
        """End a revision's replica."""
        revision.active = revision.ready = False
        revision.port = None
        task = self._tasks.pop(revision.name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def functions(self, revision: Revision) -> list[JSON] | None:
        """Return what the revision's host lists; None while none answers."""
        if revision.port is None:
            return None
        address = f"http://127.0.0.1:{revision.port}/admin/functions"
        try:
            async with self._worker.session.get(address, timeout=_PING) as answer:
                answer.raise_for_status()
                found: list[JSON] = await answer.json(content_type=None)
        except (ClientError, OSError, asyncio.TimeoutError, ValueError):
            return None
        return found

    async def settled(self, app: ContainerApp) -> None:
        """Wait until the app's latest revision is ready; raises TimeoutError."""
        deadline = time.monotonic() + 60
        while app.latest is None or not app.latest.ready:
            if time.monotonic() > deadline:
                raise TimeoutError(app.name)
            await asyncio.sleep(_POLL)

    async def forget(self) -> None:
        """End every replica."""
        tasks = [*self._tasks.values(), *self._others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _keep_up(self, app: ContainerApp, revision: Revision) -> None:
        while True:
            container = await self._started(app, revision)
            if container is not None:
                try:
                    await self._watched(app, revision, container)
                finally:
                    revision.ready, revision.port = False, None
                    await asyncio.shield(self._worker.host.remove(container.id))
            revision.restarts += 1
            await asyncio.sleep(BACK_OFF * self.second)

    async def _started(self, app: ContainerApp, revision: Revision) -> RunningContainer | None:
        app.note(revision, "PullingImage", f"Pulling image '{revision.image}'")
        try:
            revision.digest = digest = await self._pull(app, revision.image)
            return await self._worker.host.run(
                image=f"{_repository(revision.image)}@{digest}",
                name=f"{revision.name}-{secrets.token_hex(4)}",
                environment=_environment(app, revision),
                port=int((app.configuration.get("ingress") or {}).get("targetPort") or 80),
            )
        except PullFailed as failure:
            revision.details = "ImagePullBackOff"
            told = f'Failed to pull image "{revision.image}": {failure.text}'
            app.note(revision, "Error", told, warning=True)
        except RunFailed as failure:
            revision.details = f"Waiting {failure.text}"
            app.note(revision, "ContainerBackOff", failure.text, warning=True)
        return None

    async def _pull(self, app: ContainerApp, image: str) -> str:
        username, password = self.credential(app, image)
        return await self._worker.host.pull(image, username=username, password=password)

    async def _watched(self, app: ContainerApp, revision: Revision, container: RunningContainer) -> None:
        """Return when the container ends, or does not answer in time."""
        deadline = time.monotonic() + STARTUP_PROBE * self.second
        while (code := await self._worker.host.exit_code(container.id)) is None:
            if not revision.ready and await self._answers(container.port):
                self._now_ready(app, revision, container)
            if not revision.ready and time.monotonic() > deadline:
                revision.details = "Waiting"
                app.note(revision, "ProbeFailed", "Probe of StartUp failed with status code: 1", warning=True)
                return
            await asyncio.sleep(_POLL)
        name = revision.template["containers"][0]["name"]
        revision.details = f"Container '{name}' was terminated with exit code '{code}' and reason 'ProcessExited'"
        app.note(revision, "ContainerTerminated", revision.details, warning=True)

    async def _answers(self, port: int) -> bool:
        try:
            async with self._worker.session.get(f"http://127.0.0.1:{port}/", timeout=_PING):
                return True
        except (ClientError, OSError, asyncio.TimeoutError):
            return False

    def _now_ready(self, app: ContainerApp, revision: Revision, container: RunningContainer) -> None:
        revision.ready = revision.was_ready = True
        revision.details, revision.port = "", container.port
        app.note(revision, "RevisionReady", f"Successfully provisioned revision '{revision.name}'")
        if app.is_multiple():
            return
        for old in app.revisions[: app.revisions.index(revision)]:
            if old.active:
                self._others.add(self._in_background(self._retire(old)))

    async def _retire(self, revision: Revision) -> None:
        await asyncio.sleep(OLD_KEPT * self.second)
        await self.deactivate(revision)

    def _in_background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        with contextlib.suppress(KeyError):
            self._others.remove(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._mishap(f"Container Apps: {error!r}")


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, _, tail = name.rpartition("/")
    return f"{head}/{tail.partition(':')[0]}"


def _environment(app: ContainerApp, revision: Revision) -> dict[str, str]:
    """Return what the container gets.

    Source: https://learn.microsoft.com/azure/container-apps/environment-variables
    """
    given = revision.template["containers"][0].get("env") or []
    return {
        **{one["name"]: one.get("value", f"secret of {app.name}") for one in given},
        "CONTAINER_APP_NAME": app.name,
        "CONTAINER_APP_REVISION": revision.name,
        "CONTAINER_APP_HOSTNAME": revision_host(revision),
        "WEBSITE_SITE_NAME": app.name,
        "SANDBOX_KEY_SEED": app.keys.seed,
    }
