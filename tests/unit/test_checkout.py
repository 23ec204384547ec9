"""A job without a Dockerfile is told what its kind of job has to do for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors.inputs import InputMistake
from pytask.inputs.checkout import dockerfile_of_job

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = {"SYSTEM_HOSTTYPE": "release"}
DEPLOYMENT_GROUP = {"SYSTEM_HOSTTYPE": "deployment"}
DEPLOYMENT_JOB = {"SYSTEM_HOSTTYPE": "build", "STRATEGY_NAME": "runOnce", "ENVIRONMENT_NAME": "production"}
BUILD = {"SYSTEM_HOSTTYPE": "build"}


def mistake(sources: Path, environment: dict[str, str], value: str = "") -> InputMistake:
    with pytest.raises(InputMistake) as caught:
        dockerfile_of_job(value, sources=sources, environment=environment, input_name="dockerFile")
    return caught.value


@pytest.mark.parametrize(
    ("job", "code", "words"),
    [
        (BUILD, "checkout-missing", "checkout: none"),
        (DEPLOYMENT_JOB, "checkout-missing-in-deployment", "- checkout: self"),
        (RELEASE, "artifacts-missing", "artifact"),
        (DEPLOYMENT_GROUP, "artifacts-missing", "artifact"),
    ],
)
def test_an_empty_folder_is_told_by_the_kind_of_job(tmp_path: Path, job: dict[str, str], code: str, words: str) -> None:
    failure = mistake(tmp_path, job)
    assert failure.code == code
    assert words in failure.tell(failure.fix)
    assert f"{tmp_path}, which is empty" in failure.tell(failure.happened)


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (BUILD, "dockerfile-not-found"),
        (DEPLOYMENT_JOB, "dockerfile-not-found"),
        (RELEASE, "dockerfile-not-in-artifacts"),
    ],
)
def test_a_folder_that_holds_other_things_is_searched(tmp_path: Path, job: dict[str, str], code: str) -> None:
    (tmp_path / "_sources" / "drop").mkdir(parents=True)
    (tmp_path / "_sources" / "drop" / "dockerfile.dev").touch()
    failure = mistake(tmp_path, job, str(tmp_path / "Dockerfile"))
    assert failure.code == code
    assert "_sources/drop/dockerfile.dev" in failure.tell(failure.happened)


def test_a_path_beside_the_sources_is_not_explained_by_them(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    assert mistake(tmp_path / "s", DEPLOYMENT_JOB, str(tmp_path / "drop" / "Dockerfile")).code == "dockerfile-not-found"


def test_a_dockerfile_in_an_artifact_is_found(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "Dockerfile").touch()
    value = str(tmp_path / "drop" / "Dockerfile")
    found = dockerfile_of_job(value, sources=tmp_path / "s", environment=DEPLOYMENT_JOB, input_name="dockerFile")
    assert found == tmp_path / "drop" / "Dockerfile"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_dockerfile_of_windows_powershell_is_told_as_such(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "Dockerfile").write_bytes("\ufeffFROM scratch\r\n".encode(encoding))
    failure = mistake(tmp_path, BUILD, "Dockerfile")
    assert (failure.code, "Out-File" in failure.tell(failure.fix)) == ("dockerfile-not-utf8", True)
