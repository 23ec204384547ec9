"""Which failure is behind a base image that could not be pulled, as different BuildKits tell it."""

from __future__ import annotations

import pytest

from pytask.errors.docker import BaseImageDenied, BaseImageUnauthorized
from pytask.errors.registry import RegistrySignInRefused
from pytask.image.base_image import base_image_failure

IMAGE = "shared.azurecr.io/base:1"
STEP = f" > [internal] load metadata for {IMAGE}:"
OURS = {"shared.azurecr.io": None}


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
    output = [f"#3 [internal] load metadata for {IMAGE}", f"#3 ERROR: {error}", "------", STEP, "------", "ERROR: x"]
    denied = base_image_failure(output, OURS)
    assert isinstance(denied, BaseImageDenied)
    assert (denied.image, denied.registry, denied.detail) == (IMAGE, "shared.azurecr.io", error)
    assert isinstance(base_image_failure(output, {}), BaseImageUnauthorized)
    assert isinstance(base_image_failure(output, {"other.azurecr.io": None}), BaseImageUnauthorized)


def test_why_there_were_no_credentials_goes_before_what_came_of_it() -> None:
    refusal = RegistrySignInRefused(registry="shared.azurecr.io", detail="401")
    output = ["#3 ERROR: error getting credentials - err: exit status 1, out: `x`", STEP]
    assert base_image_failure(output, {"shared.azurecr.io": refusal}) is refusal


def test_the_frontend_of_the_dockerfile_is_an_image_too() -> None:
    step = " > resolve image config for docker-image://shared.azurecr.io/dockerfile:1:"
    output = ["#2 ERROR: pull access denied", step]
    failure = base_image_failure(output, {})
    assert isinstance(failure, BaseImageUnauthorized)
    assert failure.image == "shared.azurecr.io/dockerfile:1"


@pytest.mark.parametrize(
    "output",
    [
        [],
        [f"#3 ERROR: {IMAGE}: not found", STEP],
        ["#7 ERROR: process /bin/sh -c curl: 401 Unauthorized", " > [2/3] RUN curl https://a.b/c:"],
        [STEP],
    ],
)
def test_other_failures_are_none_of_a_base_image(output: list[str]) -> None:
    assert base_image_failure(output, OURS) is None
