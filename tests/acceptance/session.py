"""One acceptance: create, run every step with all answers recorded, write the recordings as cases, delete."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acceptance import recording
from tests.acceptance.cleaning import Cleaner
from tests.acceptance.steps import BROKEN, GOOD, steps
from tests.agent.agent import Agent
from tests.agent.secret_masker import SecretMasker
from tests.agent.step_log import StepLog
from tests.agent.task_definition import read_task
from tests.agent.under_test import ROOT, TASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.acceptance.place import Place
    from tests.acceptance.recording import Exchange
    from tests.acceptance.steps import Names, Step

EXAMPLE = ROOT / "examples" / "hello-function"
_LIMIT = 3600
"""Seconds for one step."""
_LAST_OF_LOG = 6000
_CODE = re.compile(r"##vso\[task\.logissue type=error[^\]]*\](?:error )?([a-z0-9-]+):")
_DEPLOYS = re.compile(r"/config/web$", re.IGNORECASE)
_LOGS = re.compile(r"/containerlogs$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What became of a step."""

    step: Step
    code: str
    variables: Mapping[str, str]
    log: str
    """As a person sees it, with secrets masked."""
    exchanges: tuple[Exchange, ...]

    @property
    def wrong(self) -> str:
        """What is not as it has to be; empty when all is right."""
        told = self.variables.get("verification", "")
        if self.code != self.step.code:
            return f"ended with {self.code or 'success'}, has to end with {self.step.code or 'success'}"
        if self.step.verification not in {"", told}:
            return f"verification is {told}, has to be {self.step.verification}"
        return ""


def accept(place: Place, folder: Path, recordings: Path, say: Callable[[str], None]) -> int:
    """Run all steps, and return how many did not end as they have to. Everything is deleted, whatever happens."""
    checkout(folder / "s")
    cleaner = Cleaner(names=stand_ins(place.names), secrets=place.secrets)
    failed = 0
    try:
        say(f"creating {place.names.group} in subscription {place.names.subscription}")
        place.create()
        for number, step in enumerate(steps(place.names), 1):
            ran = run(place, step, folder)
            say(f"{'FAILED' if ran.wrong else 'ok    '} {step.name}: {ran.wrong or ran.code or 'succeeded'}")
            failed += bool(ran.wrong)
            if ran.wrong:
                say(cleaner.text(ran.log[-_LAST_OF_LOG:]))
            write_cases(ran, recordings / f"{number:02d}-{step.name}", cleaner, place.child.get("limits", {}))
    finally:
        say(f"deleting {place.names.group}")
        place.delete()
    return failed


def checkout(sources: Path) -> None:
    """Write the example, and a Dockerfile whose image does not start."""
    shutil.copytree(EXAMPLE, sources / Path(GOOD).parent, dirs_exist_ok=True)
    broken = sources / BROKEN
    broken.parent.mkdir(parents=True, exist_ok=True)
    base = (sources / GOOD).read_text(encoding="utf-8")
    broken.write_text(f'{base}\nENTRYPOINT ["false"]\n', encoding="utf-8")


def stand_ins(names: Names) -> dict[str, str]:
    """Return what stands in a recording for the names of a session."""
    return {
        names.registry: "contoso.azurecr.io",
        names.registry.partition(".")[0]: "contoso",
        names.container_app: "hello-capp",
        names.app: "hello-function",
        names.group: "rg-hello",
    }


def run(place: Place, step: Step, folder: Path) -> Ran:
    """Run the program once, as the agent would, in a process of its own."""
    work = folder / step.name
    work.mkdir(parents=True)
    (work / "child.json").write_text(json.dumps(dict(place.child)), encoding="utf-8")
    with Agent(
        folder=work / "agent",
        task=TASK,
        environment={"HOME": str(work), **place.machine},
        sources=folder / "s",
        access_token=place.access_token,
    ) as agent:
        connection = place.connection
        inputs = {"azureSubscription": connection.id, **step.inputs}
        environment = agent.environment(inputs, [connection], agent.job.variables())
        raw = run_child(work, environment)
        log = read_log(raw)
    return Ran(
        step=step,
        code=code_of(raw),
        variables=dict(log.variables),
        log="\n".join(log.shown),
        exchanges=recording.read(work / "exchanges.jsonl"),
    )


def run_child(folder: Path, environment: Mapping[str, str]) -> str:
    """Run the program in a process of its own, and return all that it wrote."""
    command = [sys.executable, "-m", "tests.acceptance.child", str(folder)]
    where = {"cwd": ROOT, "env": {**environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}}
    # The child's stdin stays open until its end, as that of the shim does.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **where
    ) as child:  # type: ignore[call-overload] # by name
        return str(child.stdout.read().decode("utf-8", errors="replace"))


def code_of(raw: str) -> str:
    """Return the code of the last failure; empty without one."""
    return next(iter(reversed(_CODE.findall(raw))), "")


def read_log(raw: str) -> StepLog:
    """Return what an agent makes of the program's output: the outputs, and the log with secrets masked."""
    log = StepLog(task=read_task(TASK), masker=SecretMasker(), debug=False, show=None)
    for line in raw.splitlines():
        log.take(line)
    return log


def write_cases(ran: Ran, folder: Path, cleaner: Cleaner, limits: Mapping[str, float]) -> None:
    """Write what a step was answered, without secrets and ids, as cases that `npm run corpus` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    cleaned = tuple(map(cleaner.exchange, ran.exchanges))
    recording.write(folder / "exchanges.jsonl", cleaned)
    outputs = ran.variables
    told = {
        "source": f"npm run acceptance, step {ran.step.name}, {datetime.now(timezone.utc):%Y-%m-%d}",
        "why": "a run that was recorded ends in the same way when it gets the same answers",
        "inputs": {name: cleaner.text(value) for name, value in ran.step.inputs.items()},
        "code": ran.code,
        "verification": outputs.get("verification", ""),
        "digest": outputs.get("imageDigest", ""),
        "limits": dict(limits),
    }
    (folder / "run.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for log in _platform_log(ran, cleaned, cleaner):
        _write_log(folder.with_name(f"{folder.name}-log"), *log)


def _platform_log(ran: Ran, cleaned: tuple[Exchange, ...], cleaner: Cleaner) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the last platform log of a deployment to a site, with what is known to be right about it."""
    updates = [one for one in cleaned if one.method == "PATCH" and _DEPLOYS.search(one.url.partition("?")[0])]
    logs = [one for one in cleaned if _LOGS.search(one.url.partition("?")[0]) and one.text]
    if not (ran.step.image and updates and logs):
        return
    is_good = ran.step.verification == "verified"
    # The container may have started before the answer to the update was there, but not before the answer ahead of it.
    since = max((one for one in cleaned if one.time < updates[0].time), key=lambda one: one.time, default=updates[0])
    last = [one for one in logs if one.time >= updates[0].time] if is_good else _before_rollback(logs, updates)
    if last:
        image = cleaner.text(ran.step.image)
        yield (
            last[-1].text,
            {
                "source": f"npm run acceptance, step {ran.step.name}",
                "why": "the step's image is known to start" if is_good else "the step's image is known not to start",
                "since": since.at,
                "deployed_reference": image,
                "deployed_digest": ran.variables.get("imageDigest", ""),
                "started": image,
                "started_also": [ran.variables.get("imageDigest", "")],
                "ready": is_good,
                "failure": ran.step.code or None,
            },
        )


def _before_rollback(logs: list[Exchange], updates: list[Exchange]) -> list[Exchange]:
    until = updates[1].time if len(updates) > 1 else None
    return [one for one in logs if one.time >= updates[0].time and (until is None or one.time <= until)]


def _write_log(folder: Path, text: str, expected: Mapping[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.txt").write_text(text, encoding="utf-8")
    (folder / "expect.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
