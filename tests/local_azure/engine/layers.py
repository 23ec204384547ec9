"""Layers of images, made by hand."""

from __future__ import annotations

import io
import tarfile


def one_file(*, owner: int) -> bytes:
    """Return a tar archive with one file that belongs to user and group ``owner``."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as layer:
        file = tarfile.TarInfo("file")
        file.uid = file.gid = owner
        layer.addfile(file)
    return archive.getvalue()
