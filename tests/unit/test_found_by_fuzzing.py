"""What `npm run fuzz` has found, each as it was found."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pytask.access.roles import allows
from pytask.agent.pem import CertificateField
from pytask.builders.docker.configuration import current_context, known_hosts
from pytask.builders.docker.setup import no_engine
from pytask.builders.ignore import is_ignored
from pytask.errors.acr_context import IgnorePatternInvalid
from pytask.errors.connection import CertificateBroken
from pytask.model import AgentKind, Secret
from tests.unit.growth import grows_linearly

if TYPE_CHECKING:
    from pathlib import Path


def test_a_socket_with_a_name_that_is_too_long_is_not_there() -> None:
    agent = AgentKind(system="Linux", container_job=False)
    said = f"Cannot connect to the Docker daemon at unix:///{'x' * 5000}. Is the docker daemon running?"
    assert no_engine(said, "/usr/bin/docker", agent).code == "docker-engine-missing"


@pytest.mark.parametrize("auths", [True, 5, "x", ["r.io"], None, {"r.io": 1}])
def test_a_docker_configuration_of_another_shape_knows_no_registry(auths: object) -> None:
    known = {"r.io"} if isinstance(auths, dict) else set()
    assert known_hosts({"auths": auths}, json.dumps({"auths": auths})) == known
    assert known_hosts({"credHelpers": auths}, "[" * 5000) == known


def test_a_docker_configuration_that_is_nested_too_deep_names_no_context(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"currentContext":' * 5000)
    assert current_context({"DOCKER_CONFIG": str(tmp_path)}) == "default"


def test_a_certificate_of_other_signs_than_base64_is_broken() -> None:
    pem = "-----BEGIN CERTIFICATE-----\u200b-----END CERTIFICATE-----"
    with pytest.raises(CertificateBroken):
        CertificateField(text=pem, input="azureSubscription", name="n").read(Secret)


@pytest.mark.parametrize("piece", ["[a-", "*a", "**/", "[a", "*"])
def test_an_ignore_file_takes_time_by_its_length_and_no_more(piece: str) -> None:
    def read(size: int) -> None:
        with suppress(IgnorePatternInvalid):
            is_ignored("a" * 60, piece * (size // 50))

    assert grows_linearly(read)


@pytest.mark.parametrize("piece", ["*a", "*", "a*"])
def test_a_role_takes_time_by_its_length_and_no_more(piece: str) -> None:
    permission = "Microsoft.ContainerRegistry/registries/pull/read"
    assert grows_linearly(lambda size: allows([{"actions": [piece * size]}], "actions", permission))


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("*", True),
        ("*/read", True),
        ("Microsoft.ContainerRegistry/*", True),
        ("microsoft.containerregistry/*/pull/*", True),
        ("Microsoft.ContainerRegistry/registries/pull/read", True),
        ("*pull*read*", True),
        ("*read*pull*", False),
        ("Microsoft.ContainerRegistry/registries/pull/read*read", False),
        ("*write", False),
        ("", False),
    ],
)
def test_an_action_with_asterisks_fits_as_in_azure(pattern: str, *, fits: bool) -> None:
    permission = "Microsoft.ContainerRegistry/registries/pull/read"
    assert allows([{"actions": [pattern]}], "actions", permission) is fits
