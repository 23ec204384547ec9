"""A recorded run once more, with the answers of then: no network, no Docker, and no time but the recording's."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acceptance.recording import read
from tests.acceptance.session import checkout, code_of, read_log, run_child
from tests.agent.agent import Agent
from tests.agent.endpoints import arm_connection_with_managed_identity
from tests.agent.under_test import TASK

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f-]{36})/", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """How a run ended."""

    code: str
    verification: str
    not_recorded: tuple[str, ...]
    """What it asked for and the recording does not have."""


def replay_run(folder: Path, inputs: Mapping[str, str], *, digest: str, limits: Mapping[str, float]) -> Replayed:
    """Run the program with a recording's answers, and return how it ended.

    Raises:
        ValueError: when the recording cannot be read.
    """
    exchanges = folder / "exchanges.jsonl"
    subscriptions = (_SUBSCRIPTION.search(one.url) for one in read(exchanges))
    subscription = next((found[1] for found in subscriptions if found), "00000000-0000-4000-8000-000000000001")
    with tempfile.TemporaryDirectory(prefix="replay-") as temporary:
        work = Path(temporary)
        checkout(work / "s")
        how = {"replays": str(exchanges.absolute()), "digest": digest, "limits": dict(limits)}
        (work / "child.json").write_text(json.dumps(how), encoding="utf-8")
        machine = {"PATH": f"{Path(shutil.which('node') or '').parent}:/usr/bin:/bin", "HOME": temporary}
        with Agent(folder=work / "agent", task=TASK, environment=machine, sources=work / "s") as agent:
            connection = arm_connection_with_managed_identity(tenant_id=subscription, subscription_id=subscription)
            given = {"azureSubscription": connection.id, **inputs}
            raw = run_child(work, agent.environment(given, [connection], agent.job.variables()))
            outputs = dict(read_log(raw).variables)
        missing = work / "not-recorded"
        left = missing.read_text(encoding="utf-8").splitlines() if missing.exists() else []
    return Replayed(
        code=code_of(raw),
        verification=outputs.get("verification", ""),
        not_recorded=tuple(dict.fromkeys(left)),
    )
