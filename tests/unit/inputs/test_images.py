"""Image names, tags, labels and records: which image a step is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytask.errors import ManyFailures
from pytask.inputs.image import source_labels
from pytask.model import Digest, ExistingImage, ImageReference, RegistryAddress, RegistryHost
from tests.plans import building, deploying, pushing
from tests.unit.inputs.environments import an_environment, built, codes, read

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tag_that_is_deployed_comes_first(tmp_path: Path) -> None:
    _, destination = built(an_environment(tmp_path, imageName="team/api:v1", tags="latest\nv1, extra"))
    assert destination.tags == ("v1", "latest", "extra")
    assert built(an_environment(tmp_path, tags="a,b"))[1].tags == ("a", "b")


def test_the_registry_may_stand_in_the_image_name(tmp_path: Path) -> None:
    _, destination = built(an_environment(tmp_path, imageName="fabrikam.azurecr.io/x", azureContainerRegistry=""))
    assert destination.registry == RegistryAddress(name="fabrikam", login_server=RegistryHost("fabrikam.azurecr.io"))


def test_a_registry_by_name_agrees_with_its_own_host(tmp_path: Path) -> None:
    _, destination = built(an_environment(tmp_path, imageName="contoso.azurecr.io/x", azureContainerRegistry="Contoso"))
    assert destination.registry == RegistryAddress(name="contoso")


def test_without_a_build_there_is_no_tag_to_fall_back_to(tmp_path: Path) -> None:
    environment = an_environment(tmp_path)
    del environment["BUILD_BUILDID"]
    assert codes(environment) == ["tag-missing"]


def test_labels_name_the_source_without_anybodys_credentials() -> None:
    labels = source_labels(
        {"BUILD_REPOSITORY_URI": "https://me:pw@dev.azure.com/c/p/_git/r", "BUILD_SOURCEVERSION": "abc"}
    )
    assert dict(labels) == {
        "org.opencontainers.image.source": "https://dev.azure.com/c/p/_git/r",
        "org.opencontainers.image.revision": "abc",
    }


def test_labels_can_be_left_out(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, addSourceLabels="False") | {"BUILD_SOURCEVERSION": "abc"}
    assert built(environment)[0].labels == ()


def test_a_scheme_before_an_image_is_taken_off_and_said(tmp_path: Path) -> None:
    for command in ("buildPushDeploy", "deploy"):
        plan = read(an_environment(tmp_path, command=command, imageName="https://contoso.azurecr.io/app:7"))
        assert "imageName: https:// was removed, because an image name has no scheme" in plan.notes
    assert building(read(an_environment(tmp_path, imageName="https://contoso.azurecr.io/app"))).names.references == (
        "contoso.azurecr.io/app:77",
    )


def test_a_branch_in_a_tag_is_told_as_a_tag(tmp_path: Path) -> None:
    with pytest.raises(ManyFailures) as caught:
        read(an_environment(tmp_path, imageName="app:refs/heads/main"))
    assert [str(failure) for failure in caught.value.failures] == ["tag-invalid: 'refs/heads/main' is not a tag"]


def test_a_registry_by_name_beside_another_login_server_is_left_to_resource_manager(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, azureContainerRegistry="contoso", imageName="contoso-h4sh.azurecr.io/app")
    destination = pushing(read(environment)).names
    assert (destination.host, destination.image_host) == (None, RegistryHost("contoso-h4sh.azurecr.io"))


@pytest.mark.parametrize(
    ("name", "tags", "reference"),
    [
        ("docker.io/team/app:v1", "", "docker.io/team/app:v1"),
        ("https://contoso.azurecr.io/app:v1", "", "contoso.azurecr.io/app:v1"),
        ("app@sha256:" + "a" * 64, "", "contoso.azurecr.io/app@sha256:" + "a" * 64),
        ("app:v1@sha256:" + "a" * 64, "", "contoso.azurecr.io/app:v1@sha256:" + "a" * 64),
        ("app", "v2", "contoso.azurecr.io/app:v2"),
        ("app", "", "contoso.azurecr.io/app:77"),
    ],
)
def test_an_image_that_exists_is_named_in_any_form(tmp_path: Path, name: str, tags: str, reference: str) -> None:
    plan = read(an_environment(tmp_path, command="deploy", imageName=name, tags=tags))
    assert deploying(plan).image == ExistingImage(reference=ImageReference.parse(reference))


def test_a_record_names_the_image_unless_the_input_does(tmp_path: Path) -> None:
    digest = "sha256:" + "b" * 64
    record = {"imageReference": "contoso.azurecr.io/app:9", "imageDigest": digest}
    (tmp_path / "out.json").write_text(json.dumps(record))
    environment = an_environment(tmp_path, command="deploy", recordFile=str(tmp_path / "out.json"))
    recorded = ImageReference(host=RegistryHost("contoso.azurecr.io"), repository="app", tag="9", digest=Digest(digest))
    assert deploying(read(environment)).image == ExistingImage(reference=recorded)
    named = deploying(read(environment | {"INPUT_IMAGENAME": "other:1"})).image
    assert named.reference.repository == "other"
    (tmp_path / "out.json").write_text(json.dumps({**record, "imageDigest": ""}))
    assert codes(environment) == ["record-without-image"]


def test_a_record_file_that_is_the_checkout_itself_reads_as_not_given(tmp_path: Path) -> None:
    assert read(an_environment(tmp_path, recordFile=str(tmp_path))).record_file is None
