"""An image of one layer, written straight into a registry."""

from __future__ import annotations

import gzip
import hashlib
import json
import platform
from urllib.parse import urljoin

import requests

STAND_IN = "STAND-IN made from Debian or Ubuntu packages for a local Azure; this is not Microsoft's image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIGURATION = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
"""Media types of https://distribution.github.io/distribution/spec/manifest-v2-2/."""

TIME_LIMIT = 60
"""Seconds a registry on this machine may take for one request."""


def push_image(repository: str, tag: str, layer: bytes) -> None:
    """Push the functions host's image with ``layer``, a tar archive; ``repository`` is ``http://…/v2/NAME``.

    Raises HTTPError when the registry refuses.
    """
    blobs = {LAYER: gzip.compress(layer, compresslevel=1, mtime=0), CONFIGURATION: _configuration(layer)}
    with requests.Session() as session:
        session.trust_env = False  # neither a proxy nor a CA of this machine is meant
        entries = {media: _push_blob(session, repository, media, blob) for media, blob in blobs.items()}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": entries[CONFIGURATION],
            "layers": [entries[LAYER]],
        }
        url = f"{repository}/manifests/{tag}"
        headers = {"Content-Type": MANIFEST}
        session.put(url, json.dumps(manifest), headers=headers, timeout=TIME_LIMIT).raise_for_status()


def _push_blob(session: requests.Session, repository: str, media: str, blob: bytes) -> dict[str, object]:
    # https://distribution.github.io/distribution/spec/api/#pushing-a-layer
    digest = _digest(blob)
    begun = session.post(f"{repository}/blobs/uploads/", timeout=TIME_LIMIT)
    begun.raise_for_status()
    location = urljoin(begun.url, begun.headers["Location"])
    session.put(location, blob, params={"digest": digest}, timeout=TIME_LIMIT).raise_for_status()
    return {"mediaType": media, "size": len(blob), "digest": digest}


def _configuration(layer: bytes) -> bytes:
    # https://github.com/moby/docker-image-spec
    configuration = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "Cmd": ["python3", "-m", "functions_host"],
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "AzureWebJobsScriptRoot=/home/site/wwwroot",
                "FUNCTIONS_WORKER_RUNTIME=python",
                "PYTHONUNBUFFERED=1",
            ],
            "ExposedPorts": {"80/tcp": {}},
            "Labels": {
                "org.opencontainers.image.title": STAND_IN,
                "org.opencontainers.image.vendor": "a local Azure, not Microsoft",
            },
        },
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": STAND_IN}],
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    return json.dumps(configuration).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
