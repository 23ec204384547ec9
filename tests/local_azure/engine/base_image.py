"""A stand-in for ``mcr.microsoft.com/azure-functions/python:4-python3.11``, made from Debian or Ubuntu packages.

``python -m tests.local_azure.engine.base_image CACHE`` makes it beforehand.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = "azure-functions/python"
TAG = "4-python3.11"


def base_image_storage(cache: Path) -> Path:
    """Return the storage folder of a docker-registry that holds the image, as REPOSITORY and TAG.

    It is made on the first call (some 15 s, as root, from this machine's apt sources), kept in ``cache``, and made
    again when what it is made from changes. Raises ImageFailed.
    """
    storage = cache / f"base-image-{_sources_digest()}"
    if not storage.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "base-image.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not storage.exists():
                _replace(cache, storage)
    return storage


def _sources_digest() -> str:
    modules = ("root_filesystem.py", "image_push.py")
    sources = [*(HERE / module for module in modules), *sorted((HERE / "functions_host").glob("*.py"))]
    digest = hashlib.sha256(Path("/etc/os-release").read_bytes())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _replace(cache: Path, storage: Path) -> None:
    sys.stderr.write("local Azure: making its base image from the package archive of this machine\n")
    for outdated in cache.glob("base-image-*"):
        shutil.rmtree(outdated)
    for abandoned in cache.glob("making-base-image-*"):
        # Programs that a killed owner had started may still be at it: then the next time will do.
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="making-base-image-", dir=cache) as folder:
        _make(Path(folder)).rename(storage)


def _make(folder: Path) -> Path:
    # Imported late: dev/setup asks often whether there is an image, and seldom for one.
    from tests.local_azure.engine.image_push import push_image  # noqa: PLC0415
    from tests.local_azure.engine.root_filesystem import make_root_filesystem  # noqa: PLC0415
    from tests.local_azure.registries.registry import Registry  # noqa: PLC0415

    make_root_filesystem(folder / "root")
    layer = folder / "layer.tar"
    # No times, no names of users: the same files give the same layer.
    same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    subprocess.run(["tar", *same, "--directory", folder / "root", "--create", "--file", layer, "."], check=True)
    registry = Registry(name="base image", folder=folder / "registry", storage=folder / "storage")
    registry.start()
    try:
        push_image(f"{registry.url}/v2/{REPOSITORY}", TAG, layer.read_bytes())
    finally:
        registry.stop()
    return folder / "storage"


if __name__ == "__main__":
    base_image_storage(Path(sys.argv[1]))
