"""Signs in Docker's messages that the engine's storage is full, broken or without the image; all in lower case."""

from __future__ import annotations

_FULL = ("no space left on device", "disk quota exceeded")
"""ENOSPC and EDQUOT: https://pkg.go.dev/syscall#Errno"""
_BROKEN = (": read-only file system", ": input/output error", ": structure needs cleaning", ": too many open files")
_MISSING = ("does not exist locally with the tag", "tag does not exist", "no such image", "content digest ")
"""https://github.com/moby/moby/blob/master/daemon/containerd/image_push.go and, for the classic store,
https://github.com/moby/moby/blob/v24.0.0/distribution/push.go"""
_OF_A_REGISTRY = (
    "error from registry",
    "unknown: ",
    "denied: ",
    "filesystem: ",
    "unexpected status",
    "unexpected http status",
    "response body",
    "/registry/",
    "/v2/",
)
"""What comes with a registry's own words: an error code such as `unknown`, or the name of its storage driver.
https://github.com/distribution/distribution/issues/4896,
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes and
https://github.com/distribution/distribution/blob/main/registry/storage/driver/storagedriver.go"""


def is_full(told: str) -> bool:
    """Tell whether a text reports a full disk, the engine's or the registry's."""
    return any(sign in told for sign in _FULL)


def is_broken(told: str) -> bool:
    """Tell whether a text reports a disk that fails or cannot be written, the engine's or the registry's."""
    return any(sign in told for sign in _BROKEN)


def is_of_a_registry(told: str) -> bool:
    """Tell whether a push error is in a registry's words.

    The engine's own errors name a file of its data, which may be anywhere: `write
    /mnt/sda1/var/lib/docker/tmp/GetImageBlob1: no space left on device`
    (https://github.com/docker-archive-public/docker.kitematic/issues/3759).
    """
    return any(sign in told for sign in _OF_A_REGISTRY)


def lacks_image(told: str) -> bool:
    """Tell whether a push error says that the engine does not have the image."""
    return any(sign in told for sign in _MISSING)
