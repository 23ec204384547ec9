"""A second kind of builder, in some 60 lines: it writes an image of one file, and files it in a registry in memory."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytask.builders.builder import PushResult
from pytask.errors.docker_command import ImageNotLoaded
from pytask.errors.push import PushDenied
from pytask.model import BuiltImage

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from pytask.background import Background
    from pytask.builders.builder import Logins
    from pytask.errors import TaskFailure
    from pytask.model import Recipe, RegistryLogin

_OCI = "application/vnd.oci.image"


@dataclass
class Cabinet:
    """The registry: content by digest, and what each tag stands for."""

    content: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    closed: bool = False

    def file(self, media_type: str, content: bytes) -> dict[str, Any]:
        """Keep something, and return its descriptor."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.content[digest] = (media_type, content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}


@dataclass(frozen=True)
class PaperBuilder:
    """A `Builder`."""

    cabinet: Cabinet
    title: str = "Paper 1.0"

    def preflight(self) -> None:
        """Find a pen."""

    def build(
        self, recipe: Recipe, references: Sequence[str], *, logins: Logins, preflight: Background[Any]
    ) -> PaperImage:
        """Write down the Dockerfile itself, which is an image of one file."""
        del logins, preflight
        text = recipe.dockerfile.read_bytes()
        if b"FROM" not in text:
            raise ImageNotLoaded(reference=references[0], detail="nothing to write")
        return PaperImage(cabinet=self.cabinet, names=tuple(references), layer=_tar({"Dockerfile": text}))


@dataclass(frozen=True, kw_only=True)
class PaperImage:
    """A `LocalImage`."""

    cabinet: Cabinet
    names: tuple[str, ...]
    layer: bytes
    cache_work: None = None

    def facts(self) -> BuiltImage:
        """Return what it is."""
        return BuiltImage(references=self.names, id="paper", platform="linux/amd64", size_bytes=len(self.layer))

    def archive(self) -> Generator[bytes, None, None]:
        """Yield it in one piece."""
        manifest = [{"Config": "config.json", "RepoTags": list(self.names), "Layers": ["layer.tar"]}]
        files = {
            "manifest.json": json.dumps(manifest).encode(),
            "config.json": _config(self.layer),
            "layer.tar": self.layer,
        }
        yield _tar(files)

    def push(
        self,
        references: Sequence[str],
        *,
        login: Callable[[bool], RegistryLogin | None],
        blocked: Callable[[], TaskFailure | None],
    ) -> PushResult:
        """File it under its tags."""
        login(False)  # noqa: FBT003 - not for new ones
        if self.cabinet.closed:
            raise blocked() or PushDenied(reference=references[0], registry="paper", detail="closed")
        config = self.cabinet.file(f"{_OCI}.config.v1+json", _config(self.layer))
        layers = [self.cabinet.file(f"{_OCI}.layer.v1.tar", self.layer)]
        manifest = {"schemaVersion": 2, "mediaType": f"{_OCI}.manifest.v1+json", "config": config, "layers": layers}
        filed = self.cabinet.file(f"{_OCI}.manifest.v1+json", json.dumps(manifest).encode())
        self.cabinet.tags.update({reference.rpartition(":")[2]: filed["digest"] for reference in references})
        return PushResult(digest=filed["digest"], layers=1, new_layers=1, bytes_sent=len(self.layer))


def _config(layer: bytes) -> bytes:
    layers = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}
    return json.dumps({"os": "linux", "architecture": "amd64", "rootfs": layers}).encode()


def _tar(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()
