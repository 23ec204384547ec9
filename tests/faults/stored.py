"""A registry's storage from behind: images written into it, and what its tags stand for.

Where a registry keeps them: https://pkg.go.dev/github.com/docker/distribution/registry/storage (paths.go).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_DOCKER = "application/vnd.docker"
MANIFEST = f"{_DOCKER}.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Store:
    """The storage of one registry, a folder that others read at the same time."""

    folder: Path

    def put(self, repository: str, tags: tuple[str, ...], file: bytes, *, cache: str = "") -> str:
        """Write an image of one file under its tags, with a build cache in it, and return its digest."""
        layer = _tar(file)
        packed = gzip.compress(layer, compresslevel=1, mtime=0)
        blobs = {
            f"{_DOCKER}.container.image.v1+json": configuration(layer, cache),
            f"{_DOCKER}.image.rootfs.diff.tar.gzip": packed,
        }
        config, one = (self._described(repository, kind, blob) for kind, blob in blobs.items())
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [one]}
        digest = self._blob(json.dumps(manifest).encode())
        manifests = self._repository(repository) / "_manifests"
        _link(manifests / "revisions", digest)
        for tag in tags:
            _link(manifests / "tags" / tag / "index", digest)
            _written(manifests / "tags" / tag / "current" / "link", digest.encode())
        return digest

    def tags(self, repository: str) -> dict[str, str]:
        """Return what each tag stands for."""
        links = (self._repository(repository) / "_manifests" / "tags").glob("*/current/link")
        return {link.parents[1].name: link.read_text() for link in links}

    def forget_tag(self, repository: str, tag: str) -> None:
        """Take a tag away."""
        shutil.rmtree(self._repository(repository) / "_manifests" / "tags" / tag, ignore_errors=True)

    def _described(self, repository: str, media_type: str, blob: bytes) -> dict[str, object]:
        digest = self._blob(blob)
        _link(self._repository(repository) / "_layers", digest)
        return {"mediaType": media_type, "size": len(blob), "digest": digest}

    def _blob(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        _written(self.folder / "docker/registry/v2/blobs/sha256" / name[:2] / name / "data", content)
        return f"sha256:{name}"

    def _repository(self, name: str) -> Path:
        return self.folder / "docker/registry/v2/repositories" / name


def _link(folder: Path, digest: str) -> None:
    _written(folder / "sha256" / digest.removeprefix("sha256:") / "link", digest.encode())


def _written(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def configuration(layer: bytes, cache: str = "") -> bytes:
    """Return the configuration of an image of one layer, with BuildKit's inline cache in it where there is one."""
    layers = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}
    inline = {"moby.buildkit.cache.v0": cache} if cache else {}
    return json.dumps({"os": "linux", "architecture": "amd64", "config": {}, "rootfs": layers, **inline}).encode()


def _tar(file: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        entry = tarfile.TarInfo("file")
        entry.size = len(file)
        archive.addfile(entry, io.BytesIO(file))
    return written.getvalue()


def archive_of(names: tuple[str, ...], file: bytes) -> bytes:
    """Return an image as `docker save` writes it."""
    layer = _tar(file)
    manifest = [{"Config": "config.json", "RepoTags": list(names), "Layers": ["layer.tar"]}]
    written = io.BytesIO()
    files = {"manifest.json": json.dumps(manifest).encode(), "config.json": configuration(layer), "layer.tar": layer}
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()
