"""Why a base image could not be pulled, from Docker's error message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.builders.docker.trouble import hosts_in
from pytask.errors.base_image import BaseImageDenied, BaseImageUnauthorized, PullLimited
from pytask.model.reference import split_host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.errors import TaskFailure

_BEFORE_AN_IMAGE = ("load metadata for ", "resolve image config for ")
_OF_AN_IMAGE = (
    "failed to resolve source metadata for ",
    "pull access denied for ",
    "manifest for ",
    'failed to resolve reference "',
)
_BEHIND_AN_IMAGE = (": pull access denied", ": failed to resolve source metadata", ": failed to authorize")
_NOT_FOUND = ": not found"
_UNNAMED, _UNNAMED_REGISTRY = "of the Dockerfile", "its registry"
_HUBS_PAGE = "docker.com/increase-rate-limit"
_DENIED = ("pull access denied", "insufficient_scope", "401 unauthorized", "403 forbidden", "unauthorized:", "denied:")
"""Messages of containerd's resolver and of registries.
https://github.com/containerd/containerd/blob/main/core/remotes/docker/resolver.go"""
_LIMITED = ("429 too many requests", "toomanyrequests", "pull rate limit", "too many requests", "rate exceeded")
"""https://docs.docker.com/docker-hub/usage/pulls/ and https://docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html"""


def image_of(step: str, said: str) -> str:
    """Return the image that a step pulls or that Docker's message names; empty when there is none."""
    for sign in _BEFORE_AN_IMAGE:
        if sign in step:
            return _reference(step.partition(sign)[2])
    before, found, named = step.partition("FROM ")
    if found and (not before or before.endswith("] ")):
        return _reference(next((word for word in named.split() if not word.startswith("--")), ""))
    before = next((_reference(said.partition(sign)[2]) for sign in _OF_AN_IMAGE if sign in said), "")
    behind = next((_last_word(said.partition(sign)[0]) for sign in _BEHIND_AN_IMAGE if sign in said), "")
    return before or behind or _not_found(said)


def base_image_failure(image: str, said: str, answers: Mapping[str, TaskFailure | None]) -> TaskFailure | None:
    """Return the failure behind a registry's refusal of an image; None when none refused.

    `said` is Docker's message. `answers` has the registries that Docker asked this run's credentials for, and why it
    got none.
    """
    registry = registry_of(image, said)
    if refusal := answers.get(registry):
        return refusal
    told = _without(image, said).lower()
    image, shown = image or _UNNAMED, registry or _UNNAMED_REGISTRY
    if any(sign in told for sign in _LIMITED):
        return PullLimited(image=image, registry=shown, detail=said)
    if not any(sign in told for sign in _DENIED):
        return None
    kind = BaseImageDenied if registry in answers else BaseImageUnauthorized
    return kind(image=image, registry=shown, detail=said)


def _without(image: str, said: str) -> str:
    """Return the message without the image's names, which may contain any of the signal words."""
    for name in (image, image.removeprefix("docker.io/"), image.removeprefix("docker.io/library/")):
        said = said.replace(name, "") if name else said
    return said


def registry_of(image: str, said: str) -> str:
    """Return the host of an image's registry or, when no image is known, of the first URL in the message."""
    if _HUBS_PAGE in said:
        return "docker.io"
    if image:
        return split_host(image)[0].lower() or "docker.io"
    return next(iter(hosts_in(said)), "")


def _not_found(said: str) -> str:
    """Return the image that Docker did not find; file names are in quotes, and a secret has no tag."""
    word = _last_word(said.partition(_NOT_FOUND)[0]) if _NOT_FOUND in said else ""
    is_image = ":" in word and '"' not in word and not word.startswith("/")
    return word if is_image else ""


def _last_word(text: str) -> str:
    words = text.rsplit(maxsplit=1)
    return words[-1] if words and not words[-1].endswith(":") else ""


def _reference(text: str) -> str:
    """Return the image at the start of a text, without its digest and trailing punctuation."""
    word = text.removeprefix("docker-image://").split(maxsplit=1)[0] if text.strip() else ""
    return word.partition("@")[0].rstrip(":,\"'")
