"""Which failure is behind a base image that could not be pulled, as different BuildKits tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.builders.docker.base_image import image_of
from pytask.builders.docker.diagnosis import failure
from pytask.errors.base_image import BaseImageDenied, BaseImageUnauthorized, PullLimited
from pytask.errors.registry import RegistrySignInRefused
from tests.unit.test_plan import a_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.errors import TaskFailure

IMAGE = "shared.azurecr.io/base:1"
STEP = f"[internal] load metadata for {IMAGE}"
OURS: dict[str, TaskFailure | None] = {"shared.azurecr.io": None}


def output(error: str, step: str = STEP, image: str = IMAGE) -> list[str]:
    return [
        f"#3 {step}",
        f"#3 ERROR: {error}",
        "------",
        f" > {step}:",
        "------",
        "Dockerfile:1",
        "--------------------",
        f"   1 | >>> FROM {image}",
        "--------------------",
        f"ERROR: failed to solve: {image}: {error}",
    ]


def failed(lines: list[str], answers: dict[str, TaskFailure | None] | None = None) -> TaskFailure:
    return failure(a_recipe(), 1, lines, answers=answers)


REFUSALS = {
    "no right": (
        "pull access denied, repository does not exist or may require authorization: server message: "
        "insufficient_scope: authorization failed"
    ),
    "20.10, old credentials": (
        "failed to authorize: rpc error: code = Unknown desc = failed to fetch oauth token: unexpected status: "
        "401 Unauthorized"
    ),
    "buildx, no credentials": (
        "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
        "https://shared.azurecr.io/oauth2/token?scope=repository%3Abase%3Apull: 401 Unauthorized"
    ),
    "firewall": "pulling from host shared.azurecr.io failed with status code [manifests 1]: 403 Forbidden",
    "Docker Hub": "failed to authorize: failed to fetch oauth token: denied: requested access to it is denied",
}


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_told_by_whose_credentials_were_refused(error: str) -> None:
    denied = failed(output(error), OURS)
    assert isinstance(denied, BaseImageDenied)
    assert (denied.image, denied.registry) == (IMAGE, "shared.azurecr.io")
    assert error in denied.detail
    assert isinstance(failed(output(error), {}), BaseImageUnauthorized)
    assert isinstance(failed(output(error), {"other.azurecr.io": None}), BaseImageUnauthorized)


def test_why_there_were_no_credentials_goes_before_what_came_of_it() -> None:
    refusal = RegistrySignInRefused(registry="shared.azurecr.io", detail="401")
    lines = output("error getting credentials - err: exit status 1, out: `x`")
    assert failed(lines, {"shared.azurecr.io": refusal}) is refusal


def test_the_frontend_of_the_dockerfile_is_an_image_too() -> None:
    step = "resolve image config for docker-image://shared.azurecr.io/dockerfile:1"
    refused = failed(output("pull access denied", step))
    assert isinstance(refused, BaseImageUnauthorized)
    assert refused.image == "shared.azurecr.io/dockerfile:1"


@pytest.mark.parametrize(
    ("image", "advice"),
    [
        ("docker.io/library/builder:latest", "the name of the stage in FROM or COPY --from"),
        ("docker.io/contoso/base:1", "sign in to Docker Hub"),
        ("shared.azurecr.io/base:1", "AcrPull on shared.azurecr.io"),
        ("ghcr.io/contoso/base:1", "sign in to ghcr.io"),
    ],
)
def test_the_advice_is_that_for_this_registry(image: str, advice: str) -> None:
    refused = failed(output("pull access denied", f"[internal] load metadata for {image}", image))
    told = refused.tell(refused.fix)
    assert advice in told
    assert ("azureSubscription" in told) is ("azurecr" in image)


@pytest.mark.parametrize(
    ("registry", "error", "advice"),
    [
        (
            "docker.io",
            "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
            "sign in to Docker Hub in an earlier step (docker login",
        ),
        (
            "docker.io",
            "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
            "set buildArgs to HUB=REGISTRY.azurecr.io/",
        ),
        (
            "docker.io",
            "429 Too Many Requests\ntoomanyrequests: You have reached your pull rate limit as 'contoso': dckr_jti.",
            "upgrade the account",
        ),
        ("shared.azurecr.io", "429 Too Many Requests", "az acr update --sku"),
        ("public.ecr.aws", "toomanyrequests: Rate exceeded", "sign in to public.ecr.aws"),
    ],
)
def test_a_limit_of_pulls_is_told_with_whose_it_is(registry: str, error: str, advice: str) -> None:
    image = f"{registry}/library/alpine:3"
    limited = failed(output(error, f"[internal] load metadata for {image}", image))
    assert isinstance(limited, PullLimited)
    assert advice in limited.tell(limited.fix)
    assert error.splitlines()[-1] in limited.detail


@pytest.mark.parametrize(
    ("step", "said", "image"),
    [
        ("[internal] load metadata for docker.io/library/python:3.9", "", "docker.io/library/python:3.9"),
        ("[web internal] load metadata for mcr.microsoft.com/x:1@sha256:00", "", "mcr.microsoft.com/x:1"),
        ("[1/5] FROM docker.io/library/python:3.9@sha256:00", "", "docker.io/library/python:3.9"),
        ("[build 1/5] FROM --platform=linux/amd64 docker.io/a/b:1", "", "docker.io/a/b:1"),
        ("", "failed to resolve source metadata for docker.io/a/b:1: not found", "docker.io/a/b:1"),
        ("", "pull access denied for base, repository does not exist", "base"),
        ("", "ERROR: failed to solve: base: pull access denied (did you mean bases?)", "base"),
        ("", "failed to solve: docker.io/library/nosuch:1: not found", "docker.io/library/nosuch:1"),
        ("", 'failed to compute cache key: "/a:1": not found', ""),
        ("", "failed to solve: secret npmrc: not found", ""),
        ("FROM --platform=$BUILDPLATFORM golang:alpine AS build", "", "golang:alpine"),
        ("FROM contoso.azurecr.io/base:1 AS x", "Get https://x: unauthorized", "contoso.azurecr.io/base:1"),
        ("[2/5] COPY . .", "", ""),
        ("", "", ""),
        ("[1/5] FROM ", "", ""),
    ],
)
def test_an_image_is_read_from_the_step_or_from_dockers_words(step: str, said: str, image: str) -> None:
    assert image_of(step, said) == image


def test_an_image_that_is_not_there_was_not_refused() -> None:
    assert failed(output(f"{IMAGE}: not found"), OURS).code == "build-failed"
    step = "[internal] load metadata for docker.io/contoso/denied:1"
    assert failed(output("contoso/denied:1: not found", step, "contoso/denied:1")).code == "build-failed"


def test_what_an_instruction_was_refused_is_no_base_image() -> None:
    lines = output(
        'process "/bin/sh -c curl -f https://a.b" did not complete successfully: exit code: 22', "[2/3] RUN curl"
    )
    assert failed(["#7 0.5 curl: 401 Unauthorized", *lines]).code == "build-failed"


def test_a_cache_that_is_not_there_ends_no_build(tmp_path: Path) -> None:
    importing = "importing cache manifest from shared.azurecr.io/base-cache:1"
    lines = [
        f"#4 {importing}",
        "#4 ERROR: shared.azurecr.io/base-cache:1: not found",
        "#9 [2/2] RUN false",
        '#9 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1',
        "------",
        f" > {importing}:",
        "------",
        "------",
        " > [2/2] RUN false:",
        "------",
        'ERROR: failed to solve: process "/bin/sh -c false" did not complete successfully: exit code: 1',
    ]
    told = failure(a_recipe(context=tmp_path, dockerfile=tmp_path / "Dockerfile", sources=tmp_path), 1, lines)
    assert told.code == "build-failed"
    assert "[2/2] RUN false" in told.tell(told.happened)
    assert "base-cache" not in told.tell(told.happened)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["Step 1/2 : FROM nosuch/image", "pull access denied for nosuch/image, repository does not exist"], "HUB"),
        (["Step 1/2 : FROM a.azurecr.io/b:1", "Get https://a.azurecr.io/v2/b/manifests/1: unauthorized: x"], "AZURE"),
        (["#5 [1/5] FROM docker.io/library/python:3", "#5 ERROR: server message: invalid_token: x denied: x"], "HUB"),
        (["failed to solve: unexpected status code [manifests latest]: 401 Unauthorized"], "OTHER"),
        (["Dockerfile:1", "-" * 20, "  1 | >>> FROM builder", "-" * 20, "failed to solve: denied: x"], "STAGE"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_without_buildkits_block_too(lines: list[str], code: str) -> None:
    refused = failed(lines)
    assert isinstance(refused, BaseImageUnauthorized)
    assert refused.known.name == code


def test_docker_hubs_limit_is_known_by_its_page_where_no_image_is_named() -> None:
    limited = failed(
        ["toomanyrequests: You have reached your pull rate limit. https://www.docker.com/increase-rate-limit"]
    )
    assert isinstance(limited, PullLimited)
    assert limited.registry == "docker.io"
