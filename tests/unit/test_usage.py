"""What docker does not understand of its command line is a mistake in `arguments`, told in docker's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytask.builders.docker.diagnosis import failure
from pytask.errors import render
from pytask.model import Recipe

# What 20.10.24, 28.2.2 and buildx 0.29 print; the last is buildx's own refusal.
OLD = "unknown flag: --provenance\nSee 'docker build --help'."
OLD_COUNT = """"docker build" requires exactly 1 argument.
See 'docker build --help'.

Usage:  docker build [OPTIONS] PATH | URL | -

Build an image from a Dockerfile"""
NEW = """DEPRECATED: The legacy builder is deprecated and will be removed in a future release.
            Install the buildx component to build images with BuildKit:
            https://docs.docker.com/go/buildx/

unknown flag: --foo

Usage:  docker build [OPTIONS] PATH | URL | -

Run 'docker build --help' for more information"""
NEW_COUNT = """ERROR: docker: 'docker buildx build' requires 1 argument

Usage:  docker buildx build [OPTIONS] PATH | URL | -

Run 'docker buildx build --help' for more information"""
SHORT = "unknown shorthand flag: 'b' in -build-arg\nSee 'docker build --help'."
VALUE = """invalid argument "abc" for "--shm-size" flag: invalid size: 'abc'\nSee 'docker buildx build --help'."""
DRIVER = """#0 building with "default" instance using docker driver

ERROR: failed to build: Cache export is not supported for the docker driver.
Switch to a different driver, or turn on the containerd image store, and try again."""
# https://github.com/docker/compose/issues/9832, the agent's Docker 20.10 of 2022
OLD_DRIVER = (
    "ERROR: cache export feature is currently not supported for docker driver. "
    'Please switch to a different driver (eg. "docker buildx create --use")'
)
ATTESTATION = """ERROR: failed to build: Attestation is not supported for the docker driver.
Switch to a different driver, or turn on the containerd image store, and try again.
Learn more at https://docs.docker.com/go/attestations/"""
IN_A_STEP = (
    "#1 [internal] load\n#7 0.2 unknown flag: --foo\n#7 ERROR: exit code: 1\nERROR: failed to solve: exit code: 1"
)


def a_recipe(*flags: str) -> Recipe:
    here = Path("/s")
    return Recipe(
        dockerfile=here / "Dockerfile",
        context=here,
        sources=here,
        platform="linux/amd64",
        target="",
        arguments=(),
        secrets=(),
        labels=(),
        flags=flags,
    )


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        (OLD, "unknown flag: --provenance"),
        (OLD_COUNT, '"docker build" requires exactly 1 argument.'),
        (NEW, "unknown flag: --foo"),
        (NEW_COUNT, "'docker buildx build' requires 1 argument"),
        (SHORT, "unknown shorthand flag: 'b' in -build-arg"),
        (VALUE, 'invalid argument "abc" for "--shm-size" flag: invalid size: \'abc\''),
    ],
)
def test_docker_s_own_line_is_the_cause(output: str, cause: str) -> None:
    found = failure(a_recipe("--foo=s3cret", "--provenance=false"), 125, output.splitlines())
    assert found.code == "arguments-not-understood"
    assert f"cause     {cause}" in render(found)
    assert "--foo, --provenance" in render(found)
    assert "s3cret" not in render(found)


@pytest.mark.parametrize("output", [DRIVER, OLD_DRIVER, ATTESTATION])
def test_what_only_the_containerd_store_can_do_is_told_as_such(output: str) -> None:
    found = failure(a_recipe("--cache-to=type=registry,ref=s3cret"), 1, output.splitlines())
    assert found.code == "arguments-need-containerd"
    assert "(it contains --cache-to)" in render(found)
    assert "set containerd-snapshotter to true" in render(found)
    assert "s3cret" not in render(found)


@pytest.mark.parametrize(("output", "flags"), [(IN_A_STEP, ("--pull",)), (OLD, ())])
def test_what_a_step_prints_or_nobody_gave_is_no_such_mistake(output: str, flags: tuple[str, ...]) -> None:
    assert failure(a_recipe(*flags), 1, output.splitlines()).code != "arguments-not-understood"
