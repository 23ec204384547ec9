"""The build cache in the registry: what a build on an empty agent takes from it, and what never gets into it."""

from __future__ import annotations

import hashlib
import re
from contextlib import closing, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest

from tests.end_to_end.test_two_at_once import second_on
from tests.images import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.agent.running_task import RunningTask, TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

DOCKERFILE = f"""FROM {BASE} AS packages
WORKDIR /src
COPY host.json ./
RUN echo "fetch""ed packages" && head -c 100000 /dev/urandom > /packages
FROM {BASE} AS compile
COPY HttpTriggerSample /source
RUN cp -r /source /compiled
FROM {BASE}
COPY --from=packages /packages /packages
COPY --from=compile /compiled /home/site/wwwroot
"""
FETCHED = re.compile(r"^#\d+ [\d.]+ fetched packages", re.MULTILINE)
FIRST_TO_READ = 25
"""The first version of the engine that reads a cache of this form: https://github.com/moby/buildkit/releases/tag/v0.12.0"""
PULL_REQUEST = {
    "Build.Reason": "PullRequest",
    "Build.SourceBranch": "refs/pull/12/merge",
    "System.PullRequest.TargetBranch": "refs/heads/main",
    "System.PullRequest.IsFork": "False",
}


@pytest.fixture
def building(pipeline: Pipeline) -> Iterator[Pipeline]:
    """Return a pipeline whose Dockerfile has a slow step, on an agent that has built nothing."""
    (pipeline.sources / "Dockerfile").write_text(DOCKERFILE)
    (pipeline.sources / ".dockerignore").unlink(missing_ok=True)
    empty(pipeline.azure)
    yield pipeline
    empty(pipeline.azure)


def empty(azure: LocalAzure) -> None:
    """Have the agent's engine forget all images and what it has built."""
    with closing(docker.APIClient(base_url=azure.agent_engine.url)) as engine:
        while images := engine.images(all=True):
            removed = [remove(engine, image["Id"]) for image in images]
            assert any(removed), "each of them is needed by another"
        engine.prune_builds(all=True)


def remove(engine: docker.APIClient, image: str) -> bool:
    """Return whether the image could be removed: one that others were made from goes after those, or with them."""
    try:
        engine.remove_image(image, force=True)
    except docker.errors.NotFound:
        return True
    except docker.errors.APIError as refused:
        if refused.status_code != HTTPStatus.CONFLICT:
            raise
        return False
    return True


def forget(pipeline: Pipeline, these: set[str]) -> None:
    """Delete tags of the cache, as a retention policy does."""
    for tag in these:
        pipeline.azure.delete_image(f"{pipeline.registry.login_server}/{cache_of(pipeline)}:{tag}")


def can_read(azure: LocalAzure) -> bool:
    with closing(docker.APIClient(base_url=azure.agent_engine.url)) as engine:
        return int(engine.version()["Version"].partition(".")[0]) >= FIRST_TO_READ


def cache_of(pipeline: Pipeline) -> str:
    """Return the repository of a test's own cache: the registry keeps what earlier tests wrote."""
    return f"cache-{hashlib.sha256(str(pipeline.sources).encode()).hexdigest()[:8]}"


def inputs_of(pipeline: Pipeline) -> dict[str, str]:
    return {"command": "buildAndPush", "cache": "registry", "cacheImage": cache_of(pipeline), "appName": ""}


def build(pipeline: Pipeline, variables: dict[str, str] | None = None, **inputs: str) -> TaskRun:
    run = pipeline.run({**inputs_of(pipeline), **inputs}, variables=variables or {})
    assert run.result.startswith("Succeeded"), run.log
    return run


def confirm_hit(pipeline: Pipeline, run: TaskRun) -> None:
    """Confirm that the slow step was not run, by an engine that can read the cache."""
    assert not (FETCHED.search(run.log) and can_read(pipeline.azure)), run.log


def tags(pipeline: Pipeline, repository: str = "") -> set[str]:
    """Return the tags that were written in a repository, or else in the cache's."""
    repository = repository or cache_of(pipeline)
    pushes = [one for one in pipeline.registry.pushes if one.repository == repository and one.kind == "manifests"]
    return {one.reference for one in pushes if not one.reference.startswith("sha256:")}


def test_an_empty_agent_runs_only_what_has_changed(building: Pipeline) -> None:
    first = build(building)
    assert FETCHED.search(first.log)
    assert f"ritten to contoso.azurecr.io/{cache_of(building)}:main-" in first.log
    empty(building.azure)
    building.edit("Hello", "Bonjour")
    again = build(building)
    confirm_hit(building, again)
    assert again.issues == ()
    assert re.search(r"Build cache: \d+ of \d+ steps were cached; \d+ ran in", again.log)


def test_the_image_is_the_same_as_without_a_cache_and_has_no_cache_in_it(building: Pipeline) -> None:
    run = build(building)
    _, configuration = building.in_the_registry(run.variables["imageDigest"])
    assert not [name for name in configuration if "cache" in name]
    assert build(building, cache="none").variables["imageDigest"] == run.variables["imageDigest"]
    assert all(tag.startswith("main-") for tag in tags(building))
    assert tags(building, "hello-function") == {"1"}


def test_a_run_leaves_no_image_of_the_cache_in_the_engine(building: Pipeline) -> None:
    build(building)
    with closing(docker.APIClient(base_url=building.azure.agent_engine.url)) as engine:
        named = [tag for image in engine.images() for tag in image["RepoTags"] or ()]
    assert [tag for tag in named if cache_of(building) in tag] == []


def test_a_pull_request_uses_the_cache_of_its_target_and_writes_its_own(building: Pipeline) -> None:
    """What a build writes that ran nothing serves by itself, with another source, when the target's cache is gone."""
    build(building)
    before = tags(building)
    empty(building.azure)
    run = build(building, PULL_REQUEST)
    confirm_hit(building, run)
    assert {tag.partition(".")[0].rpartition("-")[0] for tag in tags(building) - before} == {"pull-12"}
    forget(building, before)
    empty(building.azure)
    building.edit("Hello", "Salut")
    confirm_hit(building, build(building, PULL_REQUEST))


def test_the_pull_request_of_a_fork_uses_the_cache_and_writes_nothing(building: Pipeline) -> None:
    build(building)
    pushed = [push for push in building.registry.pushes if push.repository == cache_of(building)]
    empty(building.azure)
    run = build(building, {**PULL_REQUEST, "System.PullRequest.IsFork": "True"})
    confirm_hit(building, run)
    assert [push for push in building.registry.pushes if push.repository == cache_of(building)] == pushed
    assert "read-only: this is a run for a pull request from a fork" in run.log


def test_a_branch_that_is_gone_and_a_tag_that_was_purged_cost_one_build(building: Pipeline) -> None:
    build(building)
    forget(building, tags(building))
    empty(building.azure)
    without = build(building)
    assert FETCHED.search(without.log)
    assert without.issues == ()
    empty(building.azure)
    confirm_hit(building, build(building))


def test_two_dockerfiles_have_a_cache_each(building: Pipeline) -> None:
    other = building.sources / "Other"
    other.write_text(DOCKERFILE.replace("WORKDIR /src", "WORKDIR /elsewhere"))
    build(building)
    build(building, dockerFile="Other", tags="other")
    for dockerfile in ("Dockerfile", "Other"):
        empty(building.azure)
        confirm_hit(building, build(building, dockerFile=dockerfile))


def test_two_runs_at_once_both_leave_a_cache_that_can_be_used(building: Pipeline, tmp_path: Path) -> None:
    other = second_on(building, tmp_path)
    (other.sources / "Dockerfile").write_text(DOCKERFILE)
    given = inputs_of(building)
    runs = [task.wait(180) for task in (building.start(given, build_id="1"), other.start(given, build_id="2"))]
    assert [run.result for run in runs] == ["Succeeded"] * 2, "\n".join(run.log for run in runs)
    empty(building.azure)
    confirm_hit(building, build(building))


def test_a_cache_that_may_not_be_written_is_a_warning(building: Pipeline) -> None:
    other = building.azure.add_registry("elsewhere")
    building.azure.grant(building.principal, "AcrPull", other.id)
    run = build(building, cacheImage="elsewhere.azurecr.io/team/cache")
    ((kind, text),) = [(issue.type, issue.message) for issue in run.issues]
    assert (kind, "build cache" in text) == ("warning", True)
    assert not other.pushes


def test_a_run_that_is_canceled_meanwhile_leaves_no_docker_command_and_no_image_of_the_cache(
    building: Pipeline,
) -> None:
    (building.sources / "Dockerfile").write_text(DOCKERFILE.replace("100000", "80000000"))
    started: list[RunningTask] = []

    def cancel(line: str) -> None:
        if "##[group]Build cache" in line and started:
            started[0].cancel()

    started.append(building.start(inputs_of(building), on_line=cancel))
    run = started[0].wait(120)
    assert run.result == "Canceled", run.log
    assert running_with(cache_of(building)) == []
    with closing(docker.APIClient(base_url=building.azure.agent_engine.url)) as engine:
        assert not [tag for image in engine.images() for tag in image["RepoTags"] or () if cache_of(building) in tag]


def running_with(word: str) -> list[str]:
    """Return the command lines on this machine that contain a word."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if word in line and "docker" in line]
