"""Finding the Dockerfile and the context, as the agent hands both over: rooted at the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.builders.docker.dockerfile import find_context, find_dockerfile
from pytask.errors.build_inputs import ContextNotFound, DockerfileAmbiguous, DockerfileNotFound

if TYPE_CHECKING:
    from pathlib import Path


def found(sources: Path, value: str) -> str:
    return find_dockerfile(value, sources=sources, input_name="dockerFile").relative_to(sources).as_posix()


def put(sources: Path, *names: str) -> None:
    for name in names:
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text("FROM scratch\n")


@pytest.mark.parametrize(
    "value", ["", "{root}", "{root}/**/Dockerfile", "**/Dockerfile", "{root}/app/Dockerfile", "app/Docker?ile"]
)
def test_the_one_dockerfile_is_found_however_it_is_named(tmp_path: Path, value: str) -> None:
    put(tmp_path, "app/Dockerfile", "app/Dockerfile.dev")
    assert found(tmp_path, value.format(root=tmp_path)) == "app/Dockerfile"


def test_the_walk_passes_over_what_is_not_the_users(tmp_path: Path) -> None:
    put(tmp_path, "Dockerfile", "node_modules/x/Dockerfile", ".git/Dockerfile")
    assert found(tmp_path, "**/Dockerfile") == "Dockerfile"


def test_links_are_not_followed_so_that_a_loop_does_no_harm(tmp_path: Path) -> None:
    put(tmp_path, "a/Dockerfile")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert found(tmp_path, "**/Dockerfile") == "a/Dockerfile"


def test_brackets_in_a_path_are_just_brackets(tmp_path: Path) -> None:
    sources = tmp_path / "s[1]"
    put(sources, "x/Dockerfile")
    assert found(sources, f"{sources}/**/Dockerfile") == "x/Dockerfile"


def test_a_star_stays_within_one_name(tmp_path: Path) -> None:
    put(tmp_path, "a/b/Dockerfile", "a/Dockerfile")
    assert found(tmp_path, "*/Dockerfile") == "a/Dockerfile"
    assert found(tmp_path, "a/*/Docker*") == "a/b/Dockerfile"


def test_two_matches_are_an_error_that_lists_them(tmp_path: Path) -> None:
    put(tmp_path, "a/Dockerfile", "b/Dockerfile")
    with pytest.raises(DockerfileAmbiguous) as caught:
        found(tmp_path, "**/Dockerfile")
    assert caught.value.matches == "a/Dockerfile\nb/Dockerfile"


@pytest.mark.parametrize("value", ["x/Dockerfile", "x/*", "**/Dockerfile.none"])
def test_no_match_is_an_error_that_names_the_dockerfiles_there_are(tmp_path: Path, value: str) -> None:
    put(tmp_path, "app/dockerfile.linux")
    with pytest.raises(DockerfileNotFound) as caught:
        found(tmp_path, value)
    assert "app/dockerfile.linux" in caught.value.seen


def context(sources: Path, value: str, dockerfile: Path, *shared: Path) -> Path:
    written = value.format(root=sources)
    return find_context(written, dockerfile=dockerfile, sources=sources, input_name="buildContext", shared=shared)


@pytest.mark.parametrize("value", ["**", "{root}/**", "{root}/lib/**", ""])
def test_two_stars_are_the_dockerfiles_folder(tmp_path: Path, value: str) -> None:
    put(tmp_path, "app/Dockerfile", "lib/x")
    assert context(tmp_path, value, tmp_path / "app/Dockerfile") == tmp_path / "app"


@pytest.mark.parametrize(
    "value", ["{root}", "{root}/", ".", "./", "{root}/.", "{root}/app/..", "{root}/app/../", "app/.."]
)
def test_the_checkout_is_the_checkout_wherever_the_dockerfile_is(tmp_path: Path, value: str) -> None:
    """What $(Build.SourcesDirectory) says: MicrosoftDocs/azure-devops-docs#4878, #13543."""
    put(tmp_path, "s/app/Dockerfile", "temp/Dockerfile")
    for dockerfile in ("s/app/Dockerfile", "temp/Dockerfile"):
        assert context(tmp_path / "s", value, tmp_path / dockerfile, tmp_path / "temp") == tmp_path / "s"


def test_a_folder_is_that_folder(tmp_path: Path) -> None:
    put(tmp_path, "app/Dockerfile", "lib/x")
    assert context(tmp_path, "{root}/lib", tmp_path / "app/Dockerfile") == tmp_path / "lib"


@pytest.mark.parametrize("name", ["temp/Dockerfile", "Dockerfile"])
def test_a_folder_that_other_steps_write_to_is_not_sent_unasked(tmp_path: Path, name: str) -> None:
    put(tmp_path, "s/x", "temp/secure-npmrc", name)
    assert context(tmp_path / "s", "**", tmp_path / name, tmp_path / "temp") == tmp_path / "s"
    asked_for = str((tmp_path / name).parent)
    assert context(tmp_path / "s", asked_for, tmp_path / name, tmp_path / "temp") == (tmp_path / name).parent


def test_a_folder_made_for_the_build_beside_the_checkout_is_sent(tmp_path: Path) -> None:
    put(tmp_path, "s/x", "temp/made/Dockerfile", "drop/Dockerfile")
    for folder in ("temp/made", "drop"):
        assert context(tmp_path / "s", "**", tmp_path / folder / "Dockerfile", tmp_path / "temp") == tmp_path / folder


@pytest.mark.parametrize("value", ["{root}", "{root}/", ".", ""])
def test_a_dockerfile_that_is_the_checkout_was_not_given(tmp_path: Path, value: str) -> None:
    put(tmp_path, "app/Dockerfile")
    assert found(tmp_path, value.format(root=tmp_path)) == "app/Dockerfile"


def test_a_context_that_is_no_folder_is_told(tmp_path: Path) -> None:
    put(tmp_path, "Dockerfile")
    with pytest.raises(ContextNotFound):
        find_context("Dockerfile", dockerfile=tmp_path / "Dockerfile", sources=tmp_path, input_name="buildContext")
