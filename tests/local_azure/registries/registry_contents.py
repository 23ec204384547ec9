"""Taking images out of a real registry from behind, as a retention policy or a person would."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.local_azure.logs.platform_log import split_reference

if TYPE_CHECKING:
    from pathlib import Path


def delete_image(storage: Path, reference: str) -> None:
    """Remove what a reference names: a tag, of which the manifest stays, or by its digest the manifest.

    Where the registry keeps them: https://pkg.go.dev/github.com/docker/distribution/registry/storage (paths.go).
    Raises FileNotFoundError for what is not there.
    """
    repository, name = split_reference(reference.partition("/")[2])
    manifests = storage / "docker/registry/v2/repositories" / repository / "_manifests"
    if name.startswith("sha256:"):
        shutil.rmtree(manifests / "revisions/sha256" / name.removeprefix("sha256:"))
    else:
        shutil.rmtree(manifests / "tags" / name)
