"""The proxy that the docker command gets: it knows the agent's password and bypass list, and serves nobody else."""

from __future__ import annotations

import base64
import re
import socket
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from pytask.clock import Clock, Deadline, Timeouts
from pytask.errors.network import HostUnknown, ProxyAuthenticationNeeded, ProxyRefused, ProxyUnreachable, Unreachable
from pytask.model import Network, Proxy
from pytask.network.relay import along
from tests.contract.company import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.network.relay import Along
    from tests.contract.company import Company


def through(way: Along, url: str, company: Company) -> str:
    """Ask as a program does that knows its environment only; give the status, or what the relay answered."""
    with requests.Session() as session:
        session.trust_env = False
        proxies = {"https": way.environment["HTTPS_PROXY"]}
        try:
            return str(session.get(url, proxies=proxies, verify=str(company.authorities), timeout=5).status_code)
        except requests.exceptions.ProxyError as error:
            return str(error).partition("Tunnel connection failed: ")[2].rstrip("')")


def answer(way: Along, request: bytes) -> bytes:
    """Say something to the relay as it is."""
    at = urlsplit(way.environment["HTTPS_PROXY"])
    with socket.create_connection((at.hostname, at.port or 0), 5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").readline().strip()


def word_of(way: Along) -> bytes:
    user, _, rest = way.environment["HTTPS_PROXY"].removeprefix("http://").partition("@")
    assert rest
    return b"Proxy-Authorization: Basic " + base64.b64encode(user.encode()) + b"\r\n"


def test_a_program_gets_through_the_agents_proxy_without_its_password(company: Company) -> None:
    with along(company.network(), {"PATH": "/bin"}) as way:
        assert through(way, f"https://{HOST}/", company) == "200"
    told = " ".join(way.environment.values())
    assert not re.search("build-agent|p@ss|p%40ss", told)
    assert company.proxy.led == [HOST]
    assert way.environment["https_proxy"] == way.environment["HTTPS_PROXY"]
    assert way.failures == {}


def test_who_does_not_name_the_word_of_this_run_is_not_led(company: Company) -> None:
    asked = f"CONNECT {HOST}:443 HTTP/1.1\r\n".encode()
    with along(company.network(), {}) as way:
        assert answer(way, asked + b"\r\n") == b"HTTP/1.1 407 Proxy Authentication Required"
        assert answer(way, asked + b"Proxy-Authorization: Basic dGFzazp4\r\n\r\n").startswith(b"HTTP/1.1 407")
        assert answer(way, b"GET http://x/ HTTP/1.1\r\n" + word_of(way) + b"\r\n").startswith(b"HTTP/1.1 405")
        assert answer(way, b"nonsense\r\n\r\n") == b""
        assert answer(way, b"x" * 70_000) == b""
    assert company.proxy.led == []


def test_the_relay_ends_with_its_block(company: Company) -> None:
    with along(company.network(), {}) as way:
        pass
    with pytest.raises(OSError, match="refused"):
        answer(way, b"")


def test_the_bypass_list_holds_for_the_program_too(company: Company) -> None:
    network = Network(proxy=company.network().proxy, bypass=(re.compile("https://elsewhere"),))
    with along(network, {}) as way:
        assert through(way, "https://elsewhere.contoso.test/", company) == "502 Name or service not known"
        assert through(way, f"https://127.0.0.1:{company.server.port}/", company) == "200"
    assert isinstance(way.failures["elsewhere.contoso.test"], HostUnknown)
    assert company.proxy.led == []


def test_what_the_proxy_answers_reaches_the_program_and_is_kept(company: Company) -> None:
    company.proxy.forbidden.add(HOST)
    with along(company.network(), {}) as way:
        assert through(way, f"https://{HOST}/", company) == "403 Forbidden"
    assert isinstance(way.failures[HOST], ProxyRefused)
    with along(company.network("build-agent:wrong"), {}) as way:
        assert through(way, f"https://{HOST}/", company) == "407 Proxy Authentication Required"
    assert isinstance(way.failures[HOST], ProxyAuthenticationNeeded)


def test_what_cannot_be_reached_is_told_apart(company: Company) -> None:
    with along(Network(proxy=Proxy(address="http://127.0.0.1:9")), {}) as way:
        assert through(way, f"https://{HOST}/", company) == "502 Connection refused"
        assert through(way, "https://localhost:9/", company) == "502 Connection refused"
    assert isinstance(way.failures[HOST], ProxyUnreachable)
    assert isinstance(way.failures["localhost"], Unreachable)


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({}, {"SSL_CERT_FILE": "/the/agents.pem"}),
        ({"SSL_CERT_FILE": "/the/machines.pem"}, {"SSL_CERT_FILE": "/the/machines.pem"}),
    ],
)
def test_the_agents_authorities_count_unless_the_machine_names_its_own(
    machine: Mapping[str, str], expected: Mapping[str, str]
) -> None:
    with along(Network(authorities=Path("/the/agents.pem")), machine) as way:
        assert way.environment == expected


def test_a_remote_engine_is_asked_directly() -> None:
    with along(Network(proxy=Proxy(address="http://p")), {"DOCKER_HOST": "tcp://engine.contoso.test:2376"}) as way:
        assert way.environment["NO_PROXY"] == "localhost,127.0.0.1,::1,engine.contoso.test"
    with along(Network(proxy=Proxy(address="http://p")), {"DOCKER_HOST": "unix:///run/docker.sock"}) as way:
        assert way.environment["NO_PROXY"] == "localhost,127.0.0.1,::1"


def held(way: Along, stack: ExitStack, said: bytes = b"") -> socket.socket:
    """Open a connection to the relay that says something, or nothing, and stays."""
    at = urlsplit(way.environment["HTTPS_PROXY"])
    connection = stack.enter_context(socket.create_connection((at.hostname, at.port or 0), 10))
    connection.sendall(said)
    return connection


def is_closed(connection: socket.socket) -> bool:
    with suppress(ConnectionError):
        return connection.recv(1 << 16) == b""
    return True


def of_the_relay() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def test_three_hundred_idle_callers_keep_nobody_out(company: Company) -> None:
    with along(company.network(), {}) as way, ExitStack() as stack:
        idle = [held(way, stack) for _ in range(300)]
        assert through(way, f"https://{HOST}/", company) == "200"
        assert is_closed(idle[0]), "who came first"
        deadline = Deadline.after(Clock(), 10)
        while of_the_relay() > 40 and not deadline.passed():
            time.sleep(0.01)
        assert of_the_relay() <= 40
    assert company.proxy.led == [HOST]


def test_a_caller_that_does_not_say_what_it_is_after_is_closed(company: Company) -> None:
    quick = Timeouts(relay_asking=0.3)
    with along(company.network(), {}, quick) as way, ExitStack() as stack:
        silent = held(way, stack)
        slow = held(way, stack, b"CONNECT x:443 HTTP/1.1\r\n")
        threading.Thread(target=_drip, args=(slow,), daemon=True).start()
        assert is_closed(silent)
        assert is_closed(slow)


def _drip(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)


@pytest.mark.parametrize("proxied", [False, True])
def test_a_connection_that_nobody_uses_is_closed(company: Company, *, proxied: bool) -> None:
    network = company.network()
    if not proxied:
        network = replace(network, bypass=(re.compile("https://localhost"),))
    place = f"{HOST}:443" if proxied else f"localhost:{company.server.port}"
    with along(network, {}, Timeouts(relay_idle=0.3)) as way, ExitStack() as stack:
        asked = f"CONNECT {place} HTTP/1.1\r\n".encode() + word_of(way) + b"\r\n"
        connection = held(way, stack, asked)
        assert b"200 Connection established" in connection.recv(1 << 16)
        assert is_closed(connection)


def test_a_connection_in_use_stays_open_in_either_direction() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:
        port = listening.getsockname()[1]
        with along(Network(proxy=Proxy(address="http://127.0.0.1:9")), {}, Timeouts(relay_idle=1.0)) as way:
            asked = f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n".encode() + word_of(way) + b"\r\n"
            connection = held(way, stack, asked)
            there, _ = listening.accept()
            with there:
                assert b"200" in connection.recv(1 << 16)
                for _ in range(10):  # 2 s in all, of which one direction is idle
                    there.sendall(b"more")
                    assert connection.recv(1 << 16) == b"more"
                    time.sleep(0.2)
                connection.sendall(b"thanks")
                assert there.recv(1 << 16) == b"thanks"


def test_too_many_callers_with_the_password_are_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening, ExitStack() as stack:
        port = listening.getsockname()[1]
        with along(Network(proxy=Proxy(address="http://127.0.0.1:9")), {}) as way:
            asked = f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n".encode() + word_of(way) + b"\r\n"
            told = [held(way, stack, asked).recv(1 << 16) for _ in range(130)]
    assert [b" 200 " in line for line in told] == [True] * 128 + [False] * 2
    assert told[-1].startswith(b"HTTP/1.1 503")
