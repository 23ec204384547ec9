"""A proxy that is itself reached over TLS."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import trustme

from pytask.errors import render
from pytask.errors.network import CertificateUntrusted
from pytask.model import Network
from pytask.network.route import open_route
from tests.contract.company import server_context
from tests.contract.network.ways_out import ask, failure_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.company import Company


@contextmanager
def a_proxy_over_tls(company: Company, authority: trustme.CA) -> Iterator[tuple[str, bytearray]]:
    """Yield the address of the company's proxy behind TLS, and what comes to it within that.

    No connection to the company's proxy is left when it returns.
    """
    served: list[tuple[socket.socket, threading.Thread]] = []
    heard, context = bytearray(), server_context(authority, "localhost")
    listening = socket.create_server(("127.0.0.1", 0))

    def copy(source: socket.socket, target: socket.socket, into: bytearray) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                into += data
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve(raw: socket.socket) -> None:
        with suppress(OSError), raw:
            assert raw.recv(1, socket.MSG_PEEK) == b"\x16", "anything but TLS"
            with (
                context.wrap_socket(raw, server_side=True) as caller,
                socket.create_connection(("127.0.0.1", company.proxy.port)) as within,
            ):
                back = threading.Thread(target=copy, args=(within, caller, bytearray()), daemon=True)
                back.start()
                copy(caller, within, heard)
                back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                caller = listening.accept()[0]
                served.append((caller.dup(), threading.Thread(target=serve, args=(caller,), daemon=True)))
                served[-1][1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    yield f"https://localhost:{listening.getsockname()[1]}", heard
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    accepting.join()
    for caller, serving in served:
        with suppress(OSError), caller:
            caller.shutdown(socket.SHUT_RDWR)
        serving.join()


def behind(company: Company, address: str, authorities: Path) -> Network:
    """Return the company's network with its proxy at another address."""
    before = company.network().proxy
    assert before
    return Network(proxy=replace(before, address=address), authorities=authorities)


def test_a_proxy_over_tls_leads_out_with_its_password(company: Company) -> None:
    with a_proxy_over_tls(company, company.authority) as (address, heard):
        assert ask(behind(company, address, company.authorities)) == 200
    assert b"Proxy-Authorization: Basic" in heard


def test_a_proxy_over_tls_that_is_somebody_else_is_named_and_gets_no_password(company: Company) -> None:
    stranger = trustme.CA(organization_name="Stranger", organization_unit_name="Someone")
    with a_proxy_over_tls(company, stranger) as (address, heard):
        failure = failure_of(behind(company, address, company.authorities))
    assert isinstance(failure, CertificateUntrusted)
    assert "issued by Someone (Stranger)" in render(failure)
    assert heard == b""


def test_an_authority_nobody_told_of_is_named_behind_a_proxy_over_tls_too(company: Company, tmp_path: Path) -> None:
    of_the_proxy = trustme.CA()
    of_the_proxy.cert_pem.write_to_path(str(tmp_path / "proxy.pem"))
    with a_proxy_over_tls(company, of_the_proxy) as (address, heard):
        failure = failure_of(behind(company, address, tmp_path / "proxy.pem"))
    assert isinstance(failure, CertificateUntrusted)
    assert "issued by TLS inspection (Contoso)" in render(failure)
    assert heard.count(b"CONNECT ") == heard.count(b"Proxy-Authorization: ") == 2, "the call, and the look"


def test_looking_at_a_certificate_takes_seconds_whoever_is_there(company: Company) -> None:
    route = open_route(company.network(), print)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert route.issuer(f"https://127.0.0.1:{silent.getsockname()[1]}/") == ""
        assert 1 < time.monotonic() - began < 15
