"""What a registry's challenge offers, whatever its form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.registry.challenge import Challenge, parse_challenges

SERVICE = "https://auth.docker.io/token"


@pytest.mark.parametrize(
    ("header", "offered"),
    [
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
            [("bearer", SERVICE, "registry.docker.io")],
        ),
        ('bearer  realm = "https://auth.docker.io/token" , scope="repository:a:pull,push"', [("bearer", SERVICE, "")]),
        ("Bearer realm=https://auth.docker.io/token,service=x", [("bearer", SERVICE, "x")]),
        ('Basic realm="Registry Realm"', [("basic", "Registry Realm", "")]),
        ("Basic", [("basic", "", "")]),
        (
            'Basic realm="a, Bearer realm=\\"b\\"", Bearer realm="https://auth.docker.io/token"',
            [("basic", 'a, Bearer realm="b"', ""), ("bearer", SERVICE, "")],
        ),
        ("", []),
        (
            'Negotiate YII==, Bearer realm="https://auth.docker.io/token"',
            [("negotiate", "", ""), ("bearer", SERVICE, "")],
        ),
        ('Bearer realm="https://auth.docker.io/token', [("bearer", SERVICE, "")]),
        ('Bearer realm="a", realm="b"', [("bearer", "b", "")]),
        ('realm="a", Bearer', [("bearer", "", "")]),
    ],
)
def test_schemes_and_their_parameters_are_told_apart(header: str, offered: list[tuple[str, str, str]]) -> None:
    assert parse_challenges(header) == [
        Challenge(scheme=scheme, realm=realm, service=service) for scheme, realm, service in offered
    ]


@given(st.text())
def test_no_header_is_too_strange(header: str) -> None:
    assert all(one.scheme for one in parse_challenges(header))


@pytest.mark.parametrize("piece", ["a ", 'a="', "a=,", '\\"', "a=a ", '"', '"\\', "=", "Bearer ", ","])
def test_a_header_of_a_megabyte_takes_no_longer_than_its_length(piece: str) -> None:
    began = time.process_time()
    parse_challenges(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 5


@given(realm=st.text(), service=st.text())
def test_whatever_is_quoted_comes_back(realm: str, service: str) -> None:
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in (realm, service)]
    header = 'Bearer realm="{}", service="{}"'.format(*quoted)
    assert parse_challenges(header) == [Challenge(scheme="bearer", realm=realm, service=service)]
