"""Build secrets become typed records, masked at once; their mistakes are told without telling them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.arguments import looks_secret
from pytask.errors import ManyFailures, render
from pytask.inputs import read_plan
from pytask.inputs.secrets import parse_secret
from pytask.model import BuildSecret, Secret
from tests.plans import building
from tests.unit.inputs.environments import an_environment

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.model import Plan

VALUES = st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=30)


class Masks:
    """Keeps what is masked."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, text: str) -> Secret:
        """Mask a text."""
        self.seen.append(text)
        return Secret(text)


def secrets_of(environment: dict[str, str], mask: Masks | None = None) -> dict[str, str | Path]:
    recipe = building(read_plan(environment, mask or Masks())).recipe
    return {one.id: one.content.reveal() if isinstance(one.content, Secret) else one.content for one in recipe.secrets}


def plan_of(sources: Path, dockerfile: str = "FROM scratch\n", **inputs: str) -> Plan:
    environment = an_environment(sources, **inputs)
    (sources / "Dockerfile").write_text(dockerfile)
    return read_plan(environment, Secret)


def mistakes(environment: dict[str, str]) -> list[str]:
    """Return the codes of the mistakes; none of them shows what is secret."""
    with pytest.raises(ManyFailures) as caught:
        read_plan(environment, Secret)
    assert not [failure for failure in caught.value.failures if "s3cret" in render(failure)]
    return [failure.code for failure in caught.value.failures]


@given(VALUES)
def test_a_value_is_taken_as_it_stands_behind_the_first_equals_sign(value: str) -> None:
    if value.strip().startswith("$("):
        return
    masks = Masks()
    found = parse_secret(f" feed={value}", 1, environment={}, sources=None, mask=masks)  # type: ignore[arg-type] # no file
    assert found == BuildSecret(id="feed", content=Secret(value))
    assert masks.seen == [value]


def test_a_secret_comes_from_its_line_a_file_or_a_variable(tmp_path: Path) -> None:
    (tmp_path / "npm rc").write_text("//feed/:_authToken=file-s3cret\n}\n")
    text = "feed=a=b, c \nnpmrc,src=npm rc\r\n\nnuget , env=VSS_NUGET_EXTERNAL_FEED_ENDPOINTS\ndb.pass,env=Db.Password"
    environment = {
        **an_environment(tmp_path, buildSecrets=text),
        "VSS_NUGET_EXTERNAL_FEED_ENDPOINTS": '{"endpointCredentials": []}',
        "SECRET_DB_PASSWORD": "from a secret variable",
    }
    masks = Masks()
    assert secrets_of({**environment, "INPUT_BUILDSECRETS": text.replace("nuget ,", "nuget,")}, masks) == {
        "feed": "a=b, c ",
        "npmrc": tmp_path / "npm rc",
        "nuget": '{"endpointCredentials": []}',
        "db.pass": "from a secret variable",
    }
    assert {"a=b, c ", "//feed/:_authToken=file-s3cret", '{"endpointCredentials": []}'} <= set(masks.seen)
    assert "}" not in masks.seen


def test_a_variable_of_the_environment_goes_before_the_pipelines_secret_one(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, buildSecrets="a,env=Npm.Token\nb,env=NPM_TOKEN\nc,env=only")
    known = {"Npm.Token": "as written", "NPM_TOKEN": "by env:", "SECRET_NPM_TOKEN": "secret", "SECRET_ONLY": "lower"}
    assert secrets_of({**environment, **known}) == {"a": "as written", "b": "by env:", "c": "lower"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("s3cret", "build-secret-invalid"),
        ("MIIEs3cret+/abc", "build-secret-invalid"),
        ("id=npmrc,src=.npmrc", "build-secret-invalid"),
        ("type=file,id=x,src=y", "build-secret-invalid"),
        ("feed,file=s3cret", "build-secret-invalid"),
        ("=s3cret", "build-secret-invalid"),
        ("feed=", "build-secret-empty"),
        ("feed=$(Npm.Token)", "variable-not-expanded"),
        ("feed,src=$(npmrc.secureFilePath)", "variable-not-expanded"),
        ("feed,src=none/such", "build-secret-file-missing"),
        ("feed,src=.", "build-secret-file-missing"),
        ("feed,env=NO_SUCH", "build-secret-variable-missing"),
        ("feed,env=EMPTY", "build-secret-variable-missing"),
        ("feed,env=UNFILLED", "variable-not-expanded"),
        ("feed,env=LARGE", "build-secret-too-large"),
        ("feed,src=large", "build-secret-too-large"),
        ("feed=s3cret\nfeed=s3cret again", "build-secret-twice"),
    ],
)
def test_a_mistake_is_told_without_the_secret(tmp_path: Path, line: str, code: str) -> None:
    (tmp_path / "large").write_bytes(bytes(500 * 1024 + 1))
    known = {"EMPTY": "", "UNFILLED": "$(NuGet.Token)", "LARGE": "s3cret" * 100_000}
    assert mistakes({**an_environment(tmp_path, buildSecrets=line), **known}) == [code]


def test_the_largest_secret_that_buildkit_takes_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(500 * 1024))
    assert secrets_of(an_environment(tmp_path, buildSecrets="feed,src=large")) == {"feed": tmp_path / "large"}


def test_all_mistakes_are_told_at_once_and_by_their_lines(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, buildSecrets="ok=1\ns3cret\n\nb,env=NONE\nalso s3cret", platform="all")
    with pytest.raises(ManyFailures) as caught:
        read_plan(environment, Secret)
    assert [str(failure) for failure in caught.value.failures] == [
        "build-secret-invalid: line 2 of buildSecrets is not a build secret",
        "build-secret-variable-missing: there is no variable NONE for the build secret b",
        "build-secret-invalid: line 5 of buildSecrets is not a build secret",
        "platform-invalid: 'all' is not a single platform",
    ]


def test_secrets_that_are_mounted_and_not_given_are_noted_and_the_other_way_round(tmp_path: Path) -> None:
    dockerfile = "FROM scratch\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\n"
    notes = plan_of(tmp_path, dockerfile, imageName="x", buildSecrets="feed=1").notes
    assert notes == (
        "the Dockerfile mounts the secret npmrc, but buildSecrets does not define it",
        "no instruction mounts the secret feed (RUN --mount=type=secret,id=feed …)",
    )
    assert plan_of(tmp_path, dockerfile, imageName="x", buildSecrets="npmrc=1").notes == ()


def test_a_secret_file_that_copy_would_take_into_the_image_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("//feed/:_authToken=s3cret")
    (warning,) = plan_of(tmp_path, buildSecrets="npmrc,src=.npmrc").warnings
    assert warning.endswith("so COPY . copies it into the image: add .npmrc to .dockerignore")
    (tmp_path / ".dockerignore").write_text("*.md\n.npmrc\n")
    assert plan_of(tmp_path, buildSecrets="npmrc,src=.npmrc\nfeed=1").warnings == ()


@pytest.mark.parametrize(
    "name",
    ["TOKEN", "NPM_TOKEN", "npmToken", "PASSWORD", "DB_PASSWD", "clientSecret", "API_KEY", "apikey", "SSH_PRIVATE_KEY",
     "PAT", "AZURE_PAT", "CONNECTION_STRING", "AzureWebJobsConnectionString", "CREDENTIALS", "PASSWORD2", "SAS"],
)  # fmt: skip
def test_a_build_argument_with_the_name_of_a_secret_is_warned_of(tmp_path: Path, name: str) -> None:
    assert looks_secret(name)
    (warning,) = plan_of(tmp_path, buildArgs=f"{name}=abc").warnings
    assert f"the build argument {name} is named like a secret" in warning
    assert f"--mount=type=secret,id={name.lower()}" in warning
    assert "abc" not in warning


@pytest.mark.parametrize("name", ["VERSION", "PATH_PREFIX", "CACHE_KEY", "PUBLIC_KEY", "MONKEY", "TOKEN_URL", "COMPAT"])
def test_other_names_are_not(tmp_path: Path, name: str) -> None:
    assert not looks_secret(name)
    assert plan_of(tmp_path, buildArgs=f"{name}=abc", arguments="--no-cache").warnings == ()


def test_a_number_or_a_switch_is_no_secret_whatever_its_name(tmp_path: Path) -> None:
    assert plan_of(tmp_path, buildArgs="MAX_TOKENS=4096\nUSE_TOKEN=true\nDB_PASSWORD=").warnings == ()


def test_a_build_argument_with_the_value_of_a_secret_variable_is_warned_of(tmp_path: Path) -> None:
    known = {"SECRET_X": "correct horse", "SECRET_SHORT": "true", "INDEX": "https://u:correct horse@feed/"}
    inputs = {"buildArgs": "URL=https://u:correct horse@feed/\nFLAG=true", "arguments": "--build-arg INDEX"}
    warnings = read_plan({**an_environment(tmp_path, **inputs), **known}, Secret).warnings
    assert [warning.partition(":")[0] for warning in warnings] == [
        "the build argument URL contains the value of a secret variable",
        "the build argument INDEX contains the value of a secret variable",
    ]


def test_the_jobs_own_token_is_one_of_its_secrets(tmp_path: Path) -> None:
    token = {"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "eyJ0eXAi"}
    environment = {**an_environment(tmp_path, arguments="--label a=eyJ0eXAi", buildArgs="X=eyJ0eXAi"), **token}
    build_argument, flag = read_plan(environment, Secret).warnings
    assert "X contains the value of a secret variable" in build_argument
    assert "arguments contains the value of a secret variable" in flag
