"""A store of shelves: one image for `appName` and for the other apps beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytask import edge
from pytask.errors import Cancelled, ManyFailures, TaskFailure
from pytask.errors.agent import RunCancelled
from pytask.errors.app import AppNotFound
from tests.contract.builders.paper import PaperBuilder
from tests.contract.foreign import REGISTRY
from tests.contract.targets.shelf import Shelf
from tests.contract.test_whole_run import Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytask.journal import Journal
    from pytask.model import AppAddress
    from pytask.targets.target import Target

OURS = f"{REGISTRY}/shop:7"


@dataclass
class Store(Scene):
    """Many shelves; the first one is `appName`."""

    shelves: dict[str, Shelf] = field(default_factory=dict)
    """By label."""
    failures: tuple[TaskFailure, ...] = ()

    def open(self, names: Sequence[str], *, workers: str = "") -> None:
        """Put up further shelves, each on workers of its own unless they are given."""
        for label in names:
            name, _, slot = label.partition("/")
            self.shelves[label] = Shelf(
                name=name, slot=slot, workers=workers or label, clock=self.shelf.clock, timeouts=self.shelf.timeouts
            )

    def find(self, address: AppAddress) -> Target[Any]:
        """Return the shelf with a name."""
        label = f"{address.name}/{address.slot}" if address.slot else address.name
        if address.name == "my-app":
            return self.shelf.find()
        if label not in self.shelves:
            raise AppNotFound(app=label, where="the store")
        return self.shelves[label].find()

    def deploy(self, names: Sequence[str], **inputs: str) -> Journal:
        """Run the task for `appName` and these."""
        return self.run(PaperBuilder(self.cabinet), moreApps="\n".join(names), **inputs)

    def holding(self, reference: str) -> list[str]:
        """Return the labels of the further shelves that hold an image."""
        return [label for label, shelf in self.shelves.items() if shelf.holds == reference]

    def writes(self) -> list[str]:
        """Return what was done to the further shelves."""
        return [one for shelf in self.shelves.values() for one in shelf.done]

    def end(self, raised: pytest.ExceptionInfo[Any] | None = None) -> str:
        """Report as the process does at its end, and return the log of that."""
        error = raised.value if raised else None
        failures = error.failures if isinstance(error, ManyFailures) else (error,) if error else ()
        if isinstance(error, Cancelled):
            failures = (RunCancelled(stage="Deploy"),)
        assert self.job
        before = len(self.log.getvalue())
        edge._tell(self.job, failures)
        return self.log.getvalue()[before:]


def numbered(count: int) -> list[str]:
    return [f"shop-{number:03}" for number in range(count)]
