"""Runs carried out for real: each step's command by a shell, against an engine of ACR Tasks' own.

Sources: https://github.com/Azure/acr-builder/blob/main/builder/context.go (getDockerRunArgs: the command and each
`--env` are words of one shell), …/builder/builder.go, …/builder/push.go (the lines of the log)
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import tarfile
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytask.builders.docker.cli import find_docker
from tests.local_azure.tasks.task_file import TaskInvalidError, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.local_azure.engine.engine import Engine
    from tests.local_azure.tasks.run import TaskRun
    from tests.local_azure.tasks.task_file import Step

_LIMIT = 30.0
_USER = "00000000-0000-0000-0000-000000000000"


class StepFailedError(Exception):
    """A step ended with another exit code than 0."""


class EngineRunner:
    """Carries runs out with a real engine, which is started for the first one."""

    def __init__(
        self, engine: Callable[[], Engine], environment: Mapping[str, str], token: Callable[[TaskRun], str]
    ) -> None:
        self._engine, self._environment, self._token = engine, environment, token

    def carry_out(self, run: TaskRun) -> None:
        """Do all that a run is to do; called in a thread of its own."""
        run.status = "Running"
        with tempfile.TemporaryDirectory(prefix="acr-run-") as folder:
            workspace, home = Path(folder) / "workspace", Path(folder) / "home"
            try:
                self._begin(run, workspace, home)
                for step in steps_of(run.body, run.registry.login_server, run.id):
                    self._step(run, step, workspace, home)
            except TaskInvalidError as error:
                run.say(str(error), stamped=False)
                run.end("Failed", "failed during run, err: exit status 1")
            except StepFailedError as error:
                run.say(f"failed to run step ID: {error}: exit status 1", stamped=False)
                run.end("Canceled" if run.canceled.is_set() else "Failed", "failed during run, err: exit status 1")
            else:
                run.end("Succeeded")

    def _begin(self, run: TaskRun, workspace: Path, home: Path) -> None:
        """Unpack the context and sign in to the registries."""
        run.say("Downloading source code...")
        with tarfile.open(fileobj=io.BytesIO(run.context)) as archive:
            archive.extractall(workspace, filter="tar")
        run.say("Finished downloading source code")
        (home / ".docker").mkdir(parents=True)
        host = run.registry.login_server
        run.say(f"Logging in to registry: {host}")
        logins = {host: (_USER, self._token(run))}
        for name, one in run.body.get("credentials", {}).get("customRegistries", {}).items():
            logins[name] = (one["userName"]["value"], one["password"]["value"])
        auths = {
            name: {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
            for name, (user, password) in logins.items()
        }
        (home / ".docker" / "config.json").write_text(json.dumps({"auths": auths}))
        run.say(f"Successfully logged into {host}")

    def _step(self, run: TaskRun, step: Step, workspace: Path, home: Path) -> None:
        run.say(f"Executing step ID: {step.id}. Timeout(sec): {step.timeout}, Working directory: '', Network: ''")
        if step.push:
            for image in step.push:
                run.say(f"Pushing image: {image}, attempt 1")
                self._shell(run, replace(step, cmd=f"docker push {image}", env=()), workspace, home)
                run.say(f"Successfully pushed image: {image}")
        else:
            run.say(f"Launching container with name: {step.id}")
            self._shell(run, step, workspace, home)
            run.say(f"Successfully executed container: {step.id}")

    def _shell(self, run: TaskRun, step: Step, workspace: Path, home: Path) -> None:
        engine = self._engine()
        own = {"PATH": os.environ["PATH"], "HOME": str(home), "DOCKER_HOST": engine.url, **self._environment}
        # The machine's first docker command may be one without BuildKit.
        own["PATH"] = f"{Path(find_docker(own, _LIMIT).path).parent}:{own['PATH']}"
        line = " ".join(["env", *step.env, step.cmd])
        with subprocess.Popen(
            ["/bin/sh", "-c", line],
            cwd=workspace,
            env=own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            stopping = _when_set(run, process)
            assert process.stdout
            for told in process.stdout:
                run.say(told.rstrip("\n"), stamped=False)
            process.wait()
            stopping()
        if process.returncode:
            raise StepFailedError(step.id)


def _when_set(run: TaskRun, process: subprocess.Popen[str]) -> Callable[[], None]:
    """Kill a process once its run is canceled; call what is returned when it has ended by itself."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if run.canceled.is_set():
                os.killpg(process.pid, 9)
                return

    threading.Thread(target=watch, daemon=True).start()
    return over.set
