"""A build context that has not changed is not sent again, with the user's configuration and with ours over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.images import BASE, private_base
from tests.measure.context import docker_commands, measured, sent, with_command
from tests.measure.sample import Sample

if TYPE_CHECKING:
    from tests.pipeline import Pipeline

COMMANDS = docker_commands()


@pytest.mark.parametrize("version", COMMANDS)
@pytest.mark.parametrize("configuration", ["the user's", "laid over the user's"])
def test_an_unchanged_context_of_65_megabytes_is_not_sent_again(
    pipeline: Pipeline, version: str, configuration: str
) -> None:
    with_command(pipeline, COMMANDS[version])
    base = BASE if configuration == "the user's" else private_base(pipeline.azure, pipeline.registry)
    bytes_sent = measured(pipeline, Sample(pipeline.sources), base)
    assert bytes_sent.first > 65_000_000  # what is measured was sent once
    assert bytes_sent.unchanged < 1_000_000
    assert bytes_sent.one_file < 1_000_000


def test_one_kind_of_run_lends_its_memory_to_the_other(pipeline: Pipeline) -> None:
    """The first build leaves the id where the docker command looks for it, whichever configuration it was given."""
    with_command(pipeline, next(iter(COMMANDS.values())))
    sample, private = Sample(pipeline.sources), private_base(pipeline.azure, pipeline.registry)
    assert measured(pipeline, sample, private).spared
    dockerfile = pipeline.sources / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace(private, BASE))
    run = pipeline.run(command="build")
    assert run.result == "Succeeded", run.log
    assert sent(run.log) < 1_000_000
