"""Docker engines of our own: real ones, which leave the machine's own Docker and its firewall alone."""

from __future__ import annotations

import ipaddress
import json
import os
import random
import secrets
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import STORE

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
NETWORKS = list(ipaddress.IPv4Network("198.18.0.0/16").subnets(new_prefix=24))
"""Where a bridge's addresses are taken from: set aside for tests of networks, https://www.rfc-editor.org/rfc/rfc2544.

The other half of what is set aside, 198.19.0.0/16, is for tests of the engine itself.
"""

START_LIMIT = 30.0
STOP_LIMIT = 20.0
"""Seconds to wait before an engine that does not answer, or does not end, is called failed."""


class EngineFailed(Exception):  # noqa: N818 (the name says what happened)
    """The engine did not start or did not end; the message ends with the last lines of its log."""


class Engine:
    """A Docker engine of our own: real dockerd, own data, own bridge, no iptables.

    It runs in process and mount namespaces of its own, below a guardian that ends it when this process is
    gone, however that came about. Containers reach the machine but nothing beyond it.

    ``folder`` holds everything of the engine (image data too) and is not removed; its path must be short enough
    for a socket, and folders bound into containers of remapped users must be open to all. ``environment`` is all
    that dockerd gets besides ``PATH``. With ``remapped_users`` containers have 65536 user ids as on App Service
    (https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/), and an image with a greater
    one is refused.
    """

    def __init__(
        self, *, name: str, folder: Path, environment: Mapping[str, str], remapped_users: bool = False
    ) -> None:
        self.name = name
        self.socket = folder / "docker.sock"
        self.bridge = f"azure{secrets.token_hex(4)}"  # at most 15 characters, IFNAMSIZ
        self._folder = folder
        self._environment = environment
        self._remapped_users = remapped_users
        self._guardian: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What DOCKER_HOST has to be for clients of this engine."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start the engine and return when it answers; raises EngineFailed."""
        self.spawn()
        self.wait_ready()

    def spawn(self) -> None:
        """Start the engine without waiting for it, so that several can start side by side."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        (self._folder / "daemon.json").write_text(json.dumps(self._configuration(), indent=2))
        if self._remapped_users:
            (self._folder / "subordinates").write_text("nobody:2000000:65536\n")
        scripts = ["sh", str(HERE / "private_mounts.sh"), "sh", str(HERE / "engine_outside.sh")]
        with self._log.open("wb") as log:
            self._guardian = subprocess.Popen(
                [*scripts, self._folder, self.bridge, *free_networks()],
                env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", **self._environment},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the owner, whose end is told by the pipe
            )

    def wait_ready(self) -> None:
        """Return when the engine answers; raises EngineFailed when it ended or takes longer than START_LIMIT."""
        deadline = time.monotonic() + START_LIMIT
        while not self._answers():
            if self._guardian is None or self._guardian.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EngineFailed(f"engine {self.name} did not start: {self._log_tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the engine with all its containers, mounts and its bridge; does nothing when it does not run.

        Everything is killed at once: an end is what is asked for, and the image data outlives it.
        """
        guardian, self._guardian = self._guardian, None
        if guardian is None or guardian.stdin is None:
            return
        guardian.stdin.close()
        try:
            guardian.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            guardian.kill()
            raise EngineFailed(f"engine {self.name} did not end: {self._log_tail()}") from None

    @property
    def data(self) -> Path:
        """Where it keeps images, layers and its build cache."""
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "engine.log"

    def _configuration(self) -> dict[str, object]:
        # https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
        # /run/docker is private to the engine: engine_inside.sh mounts it.
        return {
            "hosts": [self.url],
            "data-root": "/run/docker/data",
            "exec-root": "/run/docker",
            "pidfile": "/run/docker/engine.pid",
            # Never docker0 and never "none": a dockerd without a bridge deletes the machine's docker0.
            "bridge": self.bridge,
            "iptables": False,
            "ip6tables": False,
            "ip-masq": False,
            "ip-forward": False,
            # systemd would look for our processes by numbers that only our namespace knows.
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "cgroup-parent": f"/{self.bridge}",
            **({"userns-remap": "nobody:nogroup"} if self._remapped_users else {}),
            **({"features": {"containerd-snapshotter": self._keeps_in_containerd}} if STORE else {}),
        }

    @property
    def _keeps_in_containerd(self) -> bool:
        # There is none for remapped users: https://docs.docker.com/engine/storage/containerd/
        return STORE == "containerd" and not self._remapped_users

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(64)
            except OSError:
                return False

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])


def free_networks() -> list[str]:
    """Return some networks that nothing on this machine uses."""
    listed = subprocess.run(["ip", "-json", "-4", "address"], check=True, capture_output=True).stdout
    taken = [
        ipaddress.IPv4Interface(f"{address['local']}/{address['prefixlen']}").network
        for link in json.loads(listed)
        for address in link.get("addr_info", [])
    ]
    free = [str(network) for network in NETWORKS if not any(network.overlaps(other) for other in taken)]
    # Several, and by chance: another engine that starts at this moment finds the same ones free.
    return random.sample(free, 10)
