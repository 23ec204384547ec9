"""An engine of ours is a real one, and leaves the machine as it was, however it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.local_azure.engine.engine import Engine, EngineFailed
from tests.local_azure.engine.image_push import push_image
from tests.local_azure.engine.layers import one_file

if TYPE_CHECKING:
    from tests.local_azure.registries.registry import Registry

OWNER = """
import sys, time
from pathlib import Path
from tests.local_azure.engine.engine import Engine
engine = Engine(name="owned", folder=Path(sys.argv[1]), environment={})
engine.start()
print(engine.bridge, flush=True)
time.sleep(600)
"""


def docker(engine: Engine, *arguments: str) -> str:
    command = ["/usr/bin/docker", "--host", engine.url, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def bridges() -> set[str]:
    listed = subprocess.run(["ip", "-json", "link"], check=True, capture_output=True).stdout
    return {link["ifname"] for link in json.loads(listed)}


def command_lines() -> dict[str, str]:
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found[process.name] = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:  # noqa: PERF203 (the process ended while we looked)
            continue
    return found


def traces(bridge: str, folder: Path) -> list[str]:
    """Return what an engine could have left on the machine: bridge, cgroups, mounts, processes."""
    own = f"{folder}/"
    return [
        *(bridges() & {bridge}),
        *control_groups(bridge),
        *(mount for mount in Path("/proc/self/mounts").read_text().splitlines() if own in mount),
        *(line for line in command_lines().values() if own in line or bridge in line),
    ]


def control_groups(name: str) -> list[str]:
    """Return the control groups of this name; those of other engines may go while they are looked through."""
    return [f"{folder}/{name}" for folder, below, _ in os.walk("/sys/fs/cgroup") if name in below]


def no_traces_within(seconds: float, bridge: str, folder: Path) -> bool:
    deadline = time.monotonic() + seconds
    while left := traces(bridge, folder):
        if time.monotonic() > deadline:
            pytest.fail(f"left on the machine: {left}")
        time.sleep(0.02)
    return True


def machine() -> dict[str, object]:
    """Return what a Docker engine changes by default."""
    firewall = subprocess.run(["iptables-save"], check=False, capture_output=True, text=True).stdout
    return {
        "docker0": "docker0" in bridges(),
        "firewall": [line for line in firewall.splitlines() if not line.startswith(("#", ":"))],
        "forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "key": Path("/etc/docker/key.json").exists(),
        "default data": Path("/var/lib/docker").exists(),
    }


@pytest.mark.parametrize("remapped_users", [False, True])
def test_an_engine_with_a_running_container_leaves_nothing_behind(
    folder: Path, base_images: Registry, remapped_users: bool
) -> None:
    before = machine()
    engine = Engine(name="one", folder=folder / "one", environment={}, remapped_users=remapped_users)
    engine.start()
    try:
        image = f"{base_images.url.removeprefix('http://')}/azure-functions/python:4-python3.11"
        docker(engine, "run", "--detach", image, "sh", "-c", "trap '' TERM; sleep 600")
        running = traces(engine.bridge, folder)
    finally:
        begun = time.monotonic()
        engine.stop()
    assert engine.bridge in running
    assert time.monotonic() - begun < 3
    assert traces(engine.bridge, folder) == []
    assert machine() == before
    engine.stop()


def test_a_killed_owner_takes_its_engine_down(folder: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(folder / "owned")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as owner:
        assert owner.stdout is not None
        bridge = owner.stdout.readline().strip()
        assert traces(bridge, folder)
        owner.kill()
    assert no_traces_within(5, bridge, folder)


def test_engines_that_start_at_the_same_moment_get_networks_of_their_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = ["198.19.254.0/24", "198.19.255.0/24"]
    monkeypatch.setattr("tests.local_azure.engine.engine.free_networks", lambda: free)
    engines = [Engine(name=name, folder=folder / name, environment={}) for name in ("left", "right")]
    try:
        for engine in engines:
            engine.spawn()
        for engine in engines:
            engine.wait_ready()
        subnets = {
            docker(engine, "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}")
            for engine in engines
        }
    finally:
        for engine in engines:
            engine.stop()
    assert subnets == set(free)


def test_an_engine_gets_the_environment_it_is_given_and_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://machine.example:1")
    engine = Engine(name="one", folder=folder / "one", environment={"HTTPS_PROXY": "http://127.0.0.1:9"})
    engine.start()
    try:
        proxies = docker(engine, "info", "--format", "{{.HTTPProxy}} {{.HTTPSProxy}}")
    finally:
        engine.stop()
    assert proxies == "http://127.0.0.1:9"


def test_an_engine_that_cannot_start_says_why(folder: Path) -> None:
    engine = Engine(name="one", folder=folder / ("x" * 110), environment={})
    with pytest.raises(EngineFailed, match="invalid argument"):
        engine.start()
    assert no_traces_within(5, engine.bridge, folder)


def test_an_engine_starts_again_over_its_data(folder: Path, base_images: Registry) -> None:
    push_image(f"{base_images.url}/v2/tiny", "1", one_file(owner=0))
    image = f"{base_images.url.removeprefix('http://')}/tiny:1"
    engine = Engine(name="one", folder=folder / "one", environment={})
    engine.start()
    try:
        docker(engine, "pull", image)
        engine.stop()
        engine.start()
        images = docker(engine, "images", "--quiet")
    finally:
        engine.stop()
    assert images
