"""What a Dockerfile asks for from outside: registries, secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.image.instructions import mounted_secrets, registries_named

ACR = "contoso.azurecr.io"


@pytest.mark.parametrize(
    ("dockerfile", "arguments"),
    [
        (f"FROM {ACR}/base:1", {}),
        (f"FROM --platform=linux/amd64 {ACR}/team/base@sha256:{'0' * 64} AS build", {}),
        ("from CONTOSO.azurecr.io/base\n", {}),
        (f"FROM scratch\nCOPY --from={ACR}/tools:1 /a /b", {}),
        (f"FROM scratch\nRUN --mount=type=bind,from={ACR}/tools,target=/x true", {}),
        (f"# syntax={ACR}/dockerfile:1\nFROM scratch", {}),
        ("ARG REGISTRY=contoso.azurecr.io\nFROM ${REGISTRY}/base", {}),
        ('ARG TAG=1 BASE="contoso.azurecr.io/base"\nFROM $BASE:$TAG', {}),
        ("ARG REGISTRY\nFROM $REGISTRY/base", {"REGISTRY": ACR}),
        ("ARG NAME=other\nFROM ${NAME}.azurecr.io/base", {"NAME": "contoso"}),
        ("FROM ${BASE:-contoso.azurecr.io/base}", {}),
        ("ARG NAME=contoso\nARG HOST=$NAME.azurecr.io\nFROM $HOST/base", {}),
    ],
)
def test_a_registry_is_found_wherever_an_image_is_named(dockerfile: str, arguments: dict[str, str]) -> None:
    assert ACR in registries_named(dockerfile, arguments, ())


def test_flags_name_registries_too() -> None:
    flags = ("--build-context", "base=docker-image://a.azurecr.io/base:1", "--cache-from=type=registry,ref=b.io/c")
    assert registries_named("FROM scratch", {}, flags) == {"a.azurecr.io", "b.io"}


def test_a_registry_may_have_a_port() -> None:
    assert registries_named("FROM localhost:5000/a\nCOPY --from=localhost/b . .", {}, ()) == {
        "localhost:5000",
        "localhost",
    }


@pytest.mark.parametrize(
    "dockerfile",
    ["FROM python:3.12", "FROM library/python", "FROM scratch\nCOPY src/app.py dist/", "RUN curl https://a.b/c",
     "FROM $NOTHING/base", "ADD git@host.com:a/b.git /x", "COPY ./a.b/c ../d.e/f /g.h/i ./", "RUN cat a@b.c/d"],
)  # fmt: skip
def test_what_is_no_image_with_a_host_names_no_registry(dockerfile: str) -> None:
    assert registries_named(dockerfile, {}, ()) == frozenset()


@given(st.text(max_size=300), st.dictionaries(st.from_regex(r"\w{1,3}", fullmatch=True), st.text(max_size=20)))
def test_any_text_can_be_looked_through(dockerfile: str, arguments: dict[str, str]) -> None:
    named = registries_named(f"{dockerfile}\nFROM {ACR}/base", arguments, ())
    assert ACR in named
    assert all(host == host.lower() and "/" not in host for host in named)
    mounted_secrets(dockerfile)


def test_variables_that_name_each_other_come_to_an_end() -> None:
    assert registries_named("ARG A=$B\nARG B=$A$A\nFROM $A/x", {}, ()) == frozenset()


@pytest.mark.parametrize(
    ("instruction", "ids"),
    [
        ("RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci", ("npmrc",)),
        ("RUN --mount=id=a,type=secret --mount=type=secret,id=b,env=B true", ("a", "b")),
        ("RUN --mount=type=secret,target=/etc/pip.conf true", ("pip.conf",)),
        ('RUN --mount=type=secret,"id=x" true', ("x",)),
        ("RUN --mount=type=cache,id=c,target=/c true", ()),
        ("RUN --mount=type=secret,id=$ID true", ()),
        ("# RUN --mount=type=secret,id=old true", ()),
        ("RUN --mount=type=secret,id=a \\\n    --mount=type=secret,id=a true", ("a",)),
    ],
)
def test_the_secrets_that_are_mounted_are_known_by_their_ids(instruction: str, ids: tuple[str, ...]) -> None:
    assert mounted_secrets(f"FROM scratch\n{instruction}\n") == ids
