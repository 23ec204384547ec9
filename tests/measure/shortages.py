"""What `memory` measures, in a process of its own, as the task is one: a single case, whose most memory is printed.

The arguments are the case, and the address where the parent answers for Azure or for the engine.
"""

from __future__ import annotations

import os
import sys
import tarfile
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytask import edge, stages
from pytask.builders.docker.engine import open_engine
from pytask.clock import Timeouts
from pytask.cloud.arm import Arm
from pytask.cloud.http import request
from pytask.cloud.poll import Seen
from pytask.inspection.host import foreign_owners
from pytask.journal import Journal
from pytask.model import Verification
from pytask.report.outputs import outputs
from pytask.report.summary import summary
from pytask.targets.site.functions import list_functions
from pytask.targets.site.observation import container_log
from pytask.targets.site.settings import read_settings
from tests.contract.http_clients import an_http_client
from tests.measure.memory import ENTRIES, FUNCTIONS, SETTINGS
from tests.measure.reading import most_memory
from tests.scripted import PATH, REFERENCE, found_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.core.rest import HttpRequest, HttpResponse


def read_log(url: str) -> None:
    """Read the platform's log as a verification does, twice."""
    arm, since = _arm(url), datetime(2020, 1, 1, tzinfo=timezone.utc)
    for _ in range(2):
        found = container_log(arm, found_site(), reference=REFERENCE, since=since)
        assert isinstance(found, Seen), found


def read_functions(url: str) -> None:
    """List the functions, and report them."""
    found = list_functions(_arm(url), PATH)
    assert isinstance(found, Seen), found
    assert len(found.value) == FUNCTIONS
    journal = Journal(lambda _: None)
    journal.add(Verification(passed=(("functions", "many"),), functions=found.value))
    outputs(journal)
    summary(journal, ("x" * 1_000_000,))


def list_settings(url: str) -> None:
    """Read the app settings."""
    assert len(read_settings(_arm(url), PATH) or {}) == SETTINGS


def read_layer(_: str) -> None:
    """Look at the owners of a layer's files."""
    assert foreign_owners(_layer()) is None


def push(url: str) -> None:
    """Push an image, of which the engine tells a lot."""
    engine = open_engine({"DOCKER_HOST": url})
    engine.push(REFERENCE, login=None, progress=lambda _: None)
    engine.api.close()


def build(url: str) -> None:
    """Run the whole task, whose engine and docker command the parent has set up."""
    os.environ["DOCKER_HOST"] = url
    edge.main()


def _arm(url: str) -> Arm:
    http = an_http_client(Timeouts())

    def sender(asked: HttpRequest, **options: object) -> HttpResponse:
        return http.sender(request(asked.method, url + asked.url), **options)

    return Arm(http=replace(http, sender=sender), url=url, subscription="s")


def _layer() -> Iterator[bytes]:
    for number in range(ENTRIES):
        entry = tarfile.TarInfo(f"home/site/wwwroot/node_modules/package-{number}/index.js")
        entry.size = 700
        yield entry.tobuf(tarfile.PAX_FORMAT) + bytes(1024)
    yield bytes(1024)


CASES: dict[str, Callable[[str], object]] = {
    "idle": _arm,
    "log": read_log,
    "functions": read_functions,
    "settings": list_settings,
    "layer": read_layer,
    "push": push,
    "build": build,
}


if __name__ == "__main__":
    stages.load()  # for its size: a run of the task has all of its libraries in memory
    CASES[sys.argv[1]](sys.argv[2])
    sys.stderr.write(f"{most_memory()}")
