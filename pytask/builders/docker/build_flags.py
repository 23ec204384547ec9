"""The flags of `docker build`, both of the command's own builder (20.10) and of buildx.

Sources: https://docs.docker.com/reference/cli/docker/buildx/build/,
https://docs.docker.com/reference/cli/docker/image/build/ and, for hidden flags,
https://github.com/docker/buildx/blob/master/commands/build.go
"""

from __future__ import annotations

WITH_VALUE = frozenset({
    "--add-host", "--allow", "--annotation", "--attest", "--build-arg", "--build-context", "--builder",
    "--cache-from", "--cache-to", "--call", "--cgroup-parent", "--cpu-period", "--cpu-quota", "--cpu-shares",
    "--cpuset-cpus", "--cpuset-mems", "--file", "--iidfile", "--invoke", "--isolation", "--label", "--memory",
    "--memory-swap", "--metadata-file", "--network", "--no-cache-filter", "--output", "--platform", "--policy",
    "--print", "--progress", "--provenance", "--resource", "--root", "--sbom", "--secret", "--security-opt",
    "--server-config", "--shm-size", "--ssh", "--tag", "--target", "--ulimit",
})  # fmt: skip
SWITCHES = frozenset({
    "--check", "--compress", "--debug", "--detach", "--disable-content-trust", "--force-rm", "--load", "--no-cache",
    "--pull", "--push", "--quiet", "--rm", "--squash", "--stream",
})  # fmt: skip
SHORT = {
    "c": "--cpu-shares",
    "D": "--debug",
    "f": "--file",
    "m": "--memory",
    "o": "--output",
    "q": "--quiet",
    "t": "--tag",
}
_NO_IMAGE = "it only checks or prints, and builds no image; run it in a separate script step"
INSTEAD = {
    "--tag": "name the image with imageName and tags",
    "--file": "set dockerFile",
    "--output": "the image is pushed to the registry and nowhere else",
    "--push": "the task pushes the image",
    "--secret": "use buildSecrets: id=value, id,src=path or id,env=NAME",
    "--platform": "set platform",
    "--progress": "the log needs Docker's plain output",
    "--iidfile": "the output imageDigest names the image",
    "--metadata-file": "the output imageDigest names the image",
    "--builder": (
        "the image is built by the engine that pushes it; to use another engine, set DOCKER_HOST or DOCKER_CONTEXT"
    ),
    "--check": _NO_IMAGE,
    "--call": _NO_IMAGE,
    "--print": _NO_IMAGE,
}
"""The flags that the task sets itself, and the input to use instead."""
DROPPED = {
    "--load": "the image is always loaded into the engine",
    "--quiet": "the log shows Docker's plain output",
}
"""The flags that have no effect here, and why."""
