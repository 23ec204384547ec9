"""The pipeline of a small team on paper."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from tests import pipeline as with_docker
from tests.faults.paper_azure import QUICK
from tests.on_paper.agent import PaperAgent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.pipeline import Pipeline

REPOSITORY = "hello-function"
STABLE = b"FROM scratch\nLABEL is=stable\n"
"""The Dockerfile of the image `stable`: an image of paper is its Dockerfile."""
_PATIENT = {"http_connect": 10.0, "http_read": 60.0, "http_total": 120.0, "operation": 60.0}
"""Here a call that takes long is one on a busy machine; `tests/faults` has those that never end."""
FAILING = b"FROM scratch\nENTRYPOINT false\n"
"""The Dockerfile of an image whose container exits at once."""


@contextmanager
def a_pipeline(
    azure: PaperAzure,
    folder: Path,
    *,
    limits: Mapping[str, float] | None = None,
    **options: Any,  # noqa: ANN401 - those of a pipeline with Docker
) -> Iterator[Pipeline]:
    """Return a pipeline whose registry has the image `stable` and nothing else.

    `limits` are other limits of the program than the tests' usual ones, `options` those of a pipeline with Docker.
    """
    azure.use_weather(QUICK)
    make_agent = partial(PaperAgent, stores=azure.stores, limits={**_PATIENT, **(limits or {})})
    with with_docker.a_pipeline(azure, folder, make_agent=make_agent, **options) as pipeline:
        azure.forget_images()
        store(pipeline, "stable", STABLE)
        failing = azure.store(pipeline.registry.login_server).put(REPOSITORY, (), FAILING)
        azure.crash_where(lambda digest: digest == failing)
        yield pipeline


def store(pipeline: Pipeline, tag: str, dockerfile: bytes) -> str:
    """Have an image in the pipeline's registry, and return its digest."""
    azure: Any = pipeline.azure
    digest: str = azure.store(pipeline.registry.login_server).put(REPOSITORY, (tag,), dockerfile)
    return digest


def change(pipeline: Pipeline) -> None:
    """Make what the checkout is built to another image."""
    (pipeline.sources / "Dockerfile").write_text(f"FROM scratch\nLABEL is={uuid.uuid4()}\n", encoding="utf-8")


def tags(pipeline: Pipeline) -> set[str]:
    """Return the tags in the pipeline's registry."""
    azure: Any = pipeline.azure
    return set(azure.store(pipeline.registry.login_server).tags(REPOSITORY))


def assert_untouched(pipeline: Pipeline) -> None:
    """See that nothing was pushed, and the app not changed."""
    assert pipeline.site.config["linuxFxVersion"] == ""
    assert tags(pipeline) == {"stable"}
