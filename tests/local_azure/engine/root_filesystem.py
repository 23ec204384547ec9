"""The files of the local Azure's base image: Debian's or Ubuntu's Python, pip, azure-functions, our functions host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

PACKAGES = ("base-files", "python3-minimal", "libpython3-stdlib", "busybox-static")
WITHOUT = (
    *("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/perl5/*", "/usr/lib/*/gconv/*"),
    *("/usr/bin/dpkg*", "/usr/bin/openssl", "/usr/lib/python3*/lib2to3/*", "/usr/lib/python3*/pydoc_data/*"),
)
USERS = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
GROUPS = "root:x:0:\nnogroup:x:65534:\n"
PIP_SETTINGS = "[global]\ndisable-pip-version-check = true\nroot-user-action = ignore\n"
"""A container has no way to the internet: pip would wait 10 s for the number of its newest version."""


class ImageFailed(Exception):  # noqa: N818 (the name says what happened)
    """The files could not be had; the message holds what the program that failed wrote."""


def make_root_filesystem(root: Path) -> None:
    """Fill the folder ``root``, which must not exist. Needs root and takes some 15 s; raises ImageFailed."""
    _unpack_packages(root)
    _make_commands(root)
    (root / "etc/passwd").write_text(USERS)
    (root / "etc/group").write_text(GROUPS)
    (root / "etc/pip.conf").write_text(PIP_SETTINGS)
    for folder in ("root", "home/site/wwwroot", "proc", "sys", "run"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    _install_python_packages(root)
    _compile(root)


def _unpack_packages(root: Path) -> None:
    # The variant "extract" runs no maintainer scripts: https://manpages.debian.org/mmdebstrap
    # Private mounts: none of mmdebstrap's may be met by who removes ``root``.
    command = ["sh", str(HERE / "private_mounts.sh"), "mmdebstrap", "--quiet", "--mode=root"]
    command += ["--variant=extract", "--keyring=/usr/share/keyrings"]
    command += ["--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in WITHOUT]
    _run(*command, "", root, *_archives())


def _archives() -> list[str]:
    # What apt on this machine uses, without third parties: https://manpages.debian.org/apt-get, "indextargets"
    line = "$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    command = ["apt-get", "indextargets", "--format", line, "Created-By: Packages"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    archives = [line.partition(" ")[2] for line in listed if line.startswith(("Debian ", "Ubuntu "))]
    if not archives:
        raise ImageFailed("apt knows no archive of Debian or Ubuntu: run apt-get update")
    return list(dict.fromkeys(archives))


def _make_commands(root: Path) -> None:
    busybox = root / "bin/busybox"
    commands = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    for command in commands:
        if not (root / "bin" / command).exists():
            (root / "bin" / command).symlink_to("busybox")
    (root / "usr/bin/python").symlink_to("python3")
    for name in ("pip", "pip3"):
        script = root / "usr/bin" / name
        script.write_text('#!/bin/sh\nexec python3 -m pip "$@"\n')
        script.chmod(0o755)


def _python(root: Path) -> str:
    """Name of the Python in ``root`` with its version, ``python3.11``."""
    return (root / "usr/bin/python3").readlink().name


def _install_python_packages(root: Path) -> None:
    packages = root / "usr/local/lib" / _python(root) / "dist-packages"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        packages,
        "--no-compile",
    ]
    command += ["--only-binary=:all:", f"--python-version={_python(root).removeprefix('python')}"]
    _run(*command, "pip", "azure-functions")
    shutil.copytree(HERE / "functions_host", packages / "functions_host", ignore=shutil.ignore_patterns("__pycache__"))
    # Microsoft's image lets pip install for all, Debian's Python alone does not: https://peps.python.org/pep-0668/
    (root / "usr/lib" / _python(root) / "EXTERNALLY-MANAGED").unlink(missing_ok=True)


def _compile(root: Path) -> None:
    # By content, not by time: the layer has no times.
    libraries = [f"/usr/lib/{_python(root)}", f"/usr/local/lib/{_python(root)}"]
    command: list[str | Path] = [
        "chroot",
        root,
        "/usr/bin/python3",
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode=unchecked-hash",
    ]
    _run(*command, *libraries)


def _run(*command: str | Path) -> None:
    # The rest of the caller's environment may be what leads to a package index.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        raise ImageFailed(f"{command[0]} ended with {done.returncode}:\n{done.stdout}")
