"""docs/permissions.md as tests read it: its rows, its role, and a pipeline that has that role."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.local_azure.state.state import group_id

if TYPE_CHECKING:
    from tests.pipeline import Pipeline

DOCUMENT = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\|([^|]+)\| `(Microsoft\.\S+)` \|([^|]+)\|$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One permission, and what the document says of a run without it."""

    step: str
    permission: str
    without: str

    @property
    def code(self) -> str:
        """The code of the failure; empty when there is none."""
        found = re.search(r"fails with \[`[\w-]+`\]\(troubleshooting\.md#([\w-]+)\)", self.without)
        return found.group(1) if found else ""

    @property
    def gaps(self) -> set[str]:
        """The checks that cannot be made."""
        found = re.search(r"\*unverified\*: ([\w ,]+)", self.without)
        return {step.strip() for step in found.group(1).split(",")} if found else set()

    @property
    def note(self) -> str:
        """What the log says; empty when nothing is to be said."""
        found = re.search(r"note: `([^`]+)`", self.without)
        return found.group(1) if found else ""

    def on_a_slot(self) -> str:
        """Return the permission's name for a slot, which is the same for what is not of the app."""
        return re.sub(r"^Microsoft\.Web/sites/(?!slots/)", "Microsoft.Web/sites/slots/", self.permission)


def section(title: str) -> str:
    """Return the text below a heading, up to the next one."""
    _, found, text = DOCUMENT.partition(f"\n## {title}\n")
    assert found, title
    return text.partition("\n## ")[0]


def rows(title: str) -> list[Row]:
    found = ROW.findall(section(title))
    return [Row(step=step.strip(), permission=name, without=without.strip()) for step, name, without in found]


def custom_role() -> dict[str, Any]:
    (text,) = re.findall(r"^```json\n(.*?)^```$", section("A custom role"), re.MULTILINE | re.DOTALL)
    return dict(json.loads(text))


APP = rows("On the app")
REGISTRY = rows("On the registry")
SWAP = rows("To swap slots")


def used(pipeline: Pipeline) -> set[str]:
    """Return the permissions that the pipeline's calls took, in lower case, as Azure compares them."""
    return {action.lower() for action in pipeline.azure.actions_used(pipeline.principal)}


def narrow(pipeline: Pipeline, *, without: str = "") -> None:
    """Return the pipeline the document's role on the app's group, less one permission, instead of what it has there."""
    azure, role = pipeline.azure, custom_role()
    not_actions = [*role["NotActions"], *([without] if without else [])]
    azure.add_role(role["Name"], actions=role["Actions"], not_actions=not_actions)
    azure.revoke(pipeline.principal, "Website Contributor")
    azure.grant(pipeline.principal, role["Name"], group_id("rg-func"))
