"""Where the build cache lies, which branches' caches are read, and who may write one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.inputs.cache import cache_tag
from pytask.model import BuildCache, RegistryHost
from pytask.model.reference import is_tag
from pytask.report.plan import render_plan
from tests.plans import building
from tests.unit.inputs.environments import an_environment, codes, read
from tests.unit.test_plan import a_recipe

if TYPE_CHECKING:
    from pathlib import Path

OF_MAIN = {"BUILD_SOURCEBRANCH": "refs/heads/main"}
OF_BRANCH = {"BUILD_SOURCEBRANCH": "refs/heads/feature/x"}
OF_PULL_REQUEST = {
    "BUILD_SOURCEBRANCH": "refs/pull/12/merge",
    "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/release/1",
    "SYSTEM_PULLREQUEST_ISFORK": "False",
    "SYSTEM_PULLREQUEST_SOURCEREPOSITORYURI": "https://github.com/Contoso/shop",
    "BUILD_REPOSITORY_URI": "https://user@github.com/contoso/shop.git",
}


def cache_of(sources: Path, variables: dict[str, str], **inputs: str) -> BuildCache:
    given = {"cache": "registry", "imageName": "shop", **inputs}
    cache = building(read({**an_environment(sources, **given), **variables})).recipe.cache
    assert cache
    return cache


def branches(cache: BuildCache) -> list[str]:
    """Return what is readable of the tags that are read."""
    return [tag.rpartition("-")[0] for tag in cache.tags]


def test_there_is_no_cache_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert building(read(an_environment(tmp_path))).recipe.cache is None
    assert building(read(an_environment(tmp_path, cache="none"))).recipe.cache is None


def test_it_lies_beside_the_image(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, OF_MAIN)
    assert (cache.place, cache.writes) == ("contoso.azurecr.io/shop-cache", True)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("caches/shop", "contoso.azurecr.io/caches/shop"),
        ("other.azurecr.io/shop", "other.azurecr.io/shop"),
        ("Caches/Shop", "contoso.azurecr.io/caches/shop"),
    ],
)
def test_it_lies_where_the_step_says(tmp_path: Path, given: str, place: str) -> None:
    assert cache_of(tmp_path, OF_MAIN, cacheImage=given).place == place


def test_its_registry_may_be_known_to_azure_only(tmp_path: Path) -> None:
    assert cache_of(tmp_path, OF_MAIN, azureContainerRegistry="contoso").host is None
    plan = read({**an_environment(tmp_path, cache="registry", azureContainerRegistry="contoso"), **OF_MAIN})
    assert "(the registry's login server, from Azure)/myrepo-cache:main-" in render_plan(plan)


def test_a_build_without_a_push_needs_a_registry_for_it(tmp_path: Path) -> None:
    given = {"command": "build", "cache": "registry", "imageName": "shop"}
    assert codes(an_environment(tmp_path, **given, azureContainerRegistry="contoso")) == ["cache-registry-unknown"]
    for named in ({"azureContainerRegistry": "contoso.azurecr.io"}, {"cacheImage": "contoso.azurecr.io/shop-cache"}):
        plan = building(read(an_environment(tmp_path, **{**given, **named})))
        assert plan.recipe.cache
        assert plan.recipe.cache.host == RegistryHost("contoso.azurecr.io")


def test_it_is_never_among_the_images_own_tags(tmp_path: Path) -> None:
    given = {"cache": "registry", "imageName": "shop"}
    assert codes(an_environment(tmp_path, **given, cacheImage="shop")) == ["cache-is-the-image"]
    assert codes(an_environment(tmp_path, **given, cacheImage="contoso.azurecr.io/shop")) == ["cache-is-the-image"]
    assert cache_of(tmp_path, OF_MAIN, cacheImage="other.azurecr.io/shop").place == "other.azurecr.io/shop"


@pytest.mark.parametrize(
    ("variables", "read_from"),
    [
        (OF_MAIN, ["main"]),
        ({"BUILD_SOURCEBRANCH": "refs/heads/master"}, ["master"]),
        (OF_BRANCH, ["feature-x", "main", "master"]),
        (OF_PULL_REQUEST, ["pull-12", "release-1", "main", "master"]),
        ({"BUILD_SOURCEBRANCH": "refs/tags/v1.2"}, ["refs-tags-v1.2", "main", "master"]),
    ],
)
def test_a_branch_reads_its_own_cache_and_then_those_of_the_branches_it_came_from(
    tmp_path: Path, variables: dict[str, str], read_from: list[str]
) -> None:
    assert branches(cache_of(tmp_path, variables)) == read_from


def test_the_default_branch_is_what_git_or_the_step_says(tmp_path: Path) -> None:
    head = tmp_path / ".git" / "refs" / "remotes" / "origin" / "HEAD"
    head.parent.mkdir(parents=True)
    head.write_text("ref: refs/remotes/origin/develop\n")
    assert branches(cache_of(tmp_path, OF_BRANCH)) == ["feature-x", "develop"]
    assert branches(cache_of(tmp_path, OF_BRANCH, cacheImage="shop-cache:trunk")) == ["feature-x", "trunk"]
    for unreadable in ("", "ref: refs/heads/develop\n", "0123456789abcdef\n", "ref: refs/remotes/origin/a b\n"):
        head.write_text(unreadable)
        assert branches(cache_of(tmp_path, OF_BRANCH)) == ["feature-x", "main", "master"]


def test_a_branch_reads_what_the_default_branch_wrote(tmp_path: Path) -> None:
    assert cache_of(tmp_path, OF_MAIN).tag in cache_of(tmp_path, OF_BRANCH).others


@pytest.mark.parametrize(
    "variables",
    [
        {**OF_PULL_REQUEST, "SYSTEM_PULLREQUEST_ISFORK": "True"},
        {**OF_PULL_REQUEST, "SYSTEM_PULLREQUEST_ISFORK": "true"},
        {**OF_PULL_REQUEST, "SYSTEM_PULLREQUEST_SOURCEREPOSITORYURI": "https://github.com/stranger/shop"},
        {"BUILD_SOURCEBRANCH": "refs/pull/12/merge"},
        {"BUILD_SOURCEBRANCH": "refs/pull/12/head"},
        {},
    ],
    ids=["fork", "fork in lower case", "another repository", "by hand", "head by hand", "no branch"],
)
def test_a_run_that_may_be_of_a_fork_never_writes(tmp_path: Path, variables: dict[str, str]) -> None:
    cache = cache_of(tmp_path, variables)
    assert not cache.writes
    assert cache.why_not
    plan = read({**an_environment(tmp_path, cache="registry"), **variables})
    assert f"only read: {cache.why_not}" in render_plan(plan)


def test_a_pull_request_of_the_repository_itself_writes_its_own_tag_only(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, OF_PULL_REQUEST)
    assert (cache.writes, cache.tag.startswith("pull-12-")) == (True, True)


def test_a_step_may_ask_to_read_only(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, OF_MAIN, cache="registryReadOnly")
    assert (cache.writes, cache.why_not) == (False, "")


@given(st.text(), st.text())
def test_any_two_branches_have_different_tags_that_a_registry_accepts(one: str, other: str) -> None:
    tags = [cache_tag(branch, a_recipe()) for branch in (one, other)]
    assert all(map(is_tag, tags))
    # The longest suffix, of a stage, must fit as well: a period, 40 characters of its name, a dash and 8 digits.
    assert all(len(tag) + 50 <= 128 for tag in tags)
    assert (tags[0] == tags[1]) is (one == other)


@pytest.mark.parametrize(
    "branch", ["feature/x", "feature-x", "Feature/x", "użytkownik/żółw", "-x", ".x", "x" * 300, "/"]
)
def test_odd_branches_have_tags(branch: str) -> None:
    assert is_tag(cache_tag(branch, a_recipe()))


def test_builds_of_other_dockerfiles_stages_and_platforms_do_not_replace_each_other() -> None:
    recipe = a_recipe()
    others = [
        a_recipe(dockerfile=recipe.dockerfile.with_name("Other")),
        a_recipe(target="test"),
        a_recipe(platform="linux/arm64"),
    ]
    assert len({cache_tag("main", one) for one in (recipe, *others)}) == 4
