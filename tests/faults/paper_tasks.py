"""Runs of ACR Tasks without an engine: the image is the Dockerfile, and is pushed past the registry's front."""

from __future__ import annotations

import io
import shlex
import tarfile
from typing import TYPE_CHECKING

from tests.local_azure.tasks.task_file import TaskInvalidError, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.stored import Store
    from tests.local_azure.tasks.run import TaskRun
    from tests.local_azure.tasks.task_file import Step


class PaperRunner:
    """Carries runs out."""

    def __init__(self, store_of: Callable[[str], Store]) -> None:
        self._store_of = store_of

    def carry_out(self, run: TaskRun) -> None:
        """Do all that a run is to do."""
        run.status, built = "Running", b""
        try:
            for step in steps_of(run.body, run.registry.login_server, run.id):
                if run.canceled.is_set():
                    run.end("Canceled")
                    return
                told = f"Executing step ID: {step.id}. Timeout(sec): {step.timeout}, Working directory: '', Network: ''"
                run.say(told)
                built = self._push(run, step, built) if step.push else self._build(run, step)
        except (TaskInvalidError, KeyError, tarfile.TarError) as error:
            run.say(f"{type(error).__name__}: {error}", stamped=False)
            run.end("Failed", "failed during run, err: exit status 1")
        else:
            run.end("Succeeded")

    def _build(self, run: TaskRun, step: Step) -> bytes:
        words = shlex.split(step.cmd)
        file = next(word.partition("=")[2] for word in words if word.startswith("--file="))
        with tarfile.open(fileobj=io.BytesIO(run.context)) as archive:
            found = archive.extractfile(file)
            assert found
            run.say(f"#1 {file}", stamped=False)
            text = found.read()
        if b"FROM" not in text:
            raise TaskInvalidError("ERROR: failed to solve: no build stage in current context")
        return text

    def _push(self, run: TaskRun, step: Step, built: bytes) -> bytes:
        host, _, repository = step.push[0].rpartition(":")[0].partition("/")
        tags = tuple(image.rpartition(":")[2] for image in step.push)
        digest = self._store_of(host).put(repository, tags, built)
        for tag in tags:
            run.say(f"Pushing image: {host}/{repository}:{tag}, attempt 1")
            run.say(f"{tag}: digest: {digest} size: 1234", stamped=False)
        return built
