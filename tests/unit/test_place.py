"""Which hosts are addresses of this machine or the network around it, and which are names or others' addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.network.place import is_inner_address


@pytest.mark.parametrize(
    "host",
    [
        *(
            "contoso.azurecr.io",
            "localhost",
            "10.contoso.test",
            "127.0.0.1.contoso.test",
            "dead.beef",
            "0xcafe.test",
            "",
        ),
        *("93.184.215.14", "1.1.1.1", "0x01010101", "16843009", "[2606:4700:4700::1111]", "2606:4700:4700::1111"),
        *("[::ffff:1.1.1.1]", "[64:ff9b::1.1.1.1]", "[2002:101:101::]"),
    ],
)
def test_names_and_public_addresses_are_not_of_this_network(host: str) -> None:
    assert not is_inner_address(host)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_every_notation_of_a_private_address_is_one(address: object) -> None:
    number = int(address)  # type: ignore[call-overload] # of both kinds of addresses
    last = f"{number >> 24}.{number & 0xFFFFFF}"
    for written in (str(address), str(number), hex(number), f"0{number:o}", last, f"[::ffff:{address}]", f"{address}."):
        assert is_inner_address(written), written


@given(st.text())
def test_no_host_is_too_odd(host: str) -> None:
    assert is_inner_address(host) in {True, False}
