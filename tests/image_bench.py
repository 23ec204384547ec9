"""A bench for images: builds them, or puts them together by hand, blob by blob, in a real registry."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import uuid
import zlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from pytask.builders.docker.engine import Engine, open_engine
from pytask.inspection.contents import read_image
from pytask.inspection.layers import inspect
from pytask.inspection.saved import inspect_saved
from tests.images import BASE, build, pull, push

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from pytask.inspection.layers import Inspection
    from pytask.registry.contents import Repository
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
"""Media types of https://github.com/opencontainers/image-spec/blob/main/media-types.md."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A registry, a principal that may push to it, and a repository of it that is the test's own."""

    azure: LocalAzure
    registry: RegistryState
    principal: Principal
    repository: Repository
    session: requests.Session
    """For uploads: with a token that allows them."""

    def built(self, *instructions: str) -> str:
        """Build an image on the agent's engine and push it; give its tag."""
        tag = uuid.uuid4().hex
        reference = f"{self.registry.login_server}/{self.repository.name}:{tag}"
        build(self.azure.agent_engine, reference, {"Dockerfile": "\n".join((f"FROM {BASE}", *instructions))})
        push(self.azure.agent_engine, reference, self.principal)
        return tag

    def inspected(self, tag: str, known: frozenset[str] = frozenset()) -> Inspection:
        """Read an image and inspect it."""
        return inspect(self.repository, read_image(self.repository, tag), known)

    def inspected_in_the_engine(self, tag: str) -> Inspection:
        """Inspect an image where it was built."""
        reference = f"{self.registry.login_server}/{self.repository.name}:{tag}"
        with closing(open_engine({"DOCKER_HOST": self.azure.agent_engine.url}).api) as api:
            engine = Engine(api)
            return inspect_saved(engine.inspect((reference,)), engine.saved(reference))

    def pulled_by_the_host(self, tag: str) -> None:
        """Pull an image where apps run; raises EngineError."""
        pull(self.azure.host_engine, f"{self.registry.login_server}/{self.repository.name}:{tag}", self.principal)

    def put_blob(self, content: bytes, media_type: str, **more: object) -> dict[str, Any]:
        """Upload a blob; give what a manifest says of it."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        begun = self.session.post(f"{self._url}/blobs/uploads/")
        address = urljoin(begun.url, begun.headers["Location"])
        self.session.put(address, params={"digest": digest}, data=content).raise_for_status()
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}

    def put_manifest(self, body: dict[str, Any], tag: str = "") -> dict[str, Any]:
        """Upload a manifest or an index, by a tag or only by its digest; give what an index says of it."""
        content = json.dumps({"schemaVersion": 2, **body}).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        url, headers = f"{self._url}/manifests/{tag or digest}", {"Content-Type": body["mediaType"]}
        self.session.put(url, data=content, headers=headers).raise_for_status()
        return {"mediaType": body["mediaType"], "digest": digest, "size": len(content)}

    def put_image(
        self,
        layers: Sequence[bytes | dict[str, Any]],
        tag: str = "",
        *,
        architecture: str = "amd64",
        user: str = "",
    ) -> dict[str, Any]:
        """Upload an image of packed archives, or of what is there; give what an index says of it."""
        described = [layer if isinstance(layer, dict) else self.put_blob(layer, LAYER) for layer in layers]
        configuration = {
            "os": "linux",
            "architecture": architecture,
            "config": {"User": user},
            "rootfs": {"type": "layers", "diff_ids": [diff_id(layer) for layer in layers]},
            "history": [{"created_by": f"RUN /bin/sh -c make {number} # buildkit"} for number, _ in enumerate(layers)],
        }
        config = self.put_blob(json.dumps(configuration).encode(), CONFIGURATION)
        return self.put_manifest({"mediaType": MANIFEST, "config": config, "layers": described}, tag)

    def reads(self, digest: str) -> int:
        """Return how often a blob was read."""
        return self.registry.blob_reads[f"{self.repository.name}@{digest}"]

    @property
    def _url(self) -> str:
        return f"https://{self.registry.login_server}/v2/{self.repository.name}"


def archive(*members: tarfile.TarInfo) -> bytes:
    """Return a tar archive of these entries, all without content."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for member in members:
            opened.addfile(member)
    return written.getvalue()


def a_file(name: str, *, user: int = 0, group: int = 0) -> tarfile.TarInfo:
    """Return the header of an empty file."""
    member = tarfile.TarInfo(name)
    member.uid, member.gid = user, group
    return member


def diff_id(layer: bytes | dict[str, Any]) -> str:
    """Return what a configuration calls a layer by: the digest of its archive, unpacked.

    https://github.com/opencontainers/image-spec/blob/main/config.md#layer-diffid
    """
    with contextlib.suppress(TypeError, OSError, EOFError, zlib.error):
        return f"sha256:{hashlib.sha256(gzip.decompress(layer)).hexdigest()}"  # type: ignore[arg-type] # a dict is none
    return f"sha256:{'0' * 64}"


def some_layer(*members: tarfile.TarInfo) -> bytes:
    """Return a layer that no other test has."""
    return gzip.compress(archive(a_file(uuid.uuid4().hex), *members))
