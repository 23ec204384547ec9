"""What a Dockerfile asks for from outside: registries, secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker import instructions
from pytask.builders.docker.syntax import parse_dockerfile

ACR = "contoso.azurecr.io"


def registries_named(text: str, arguments: dict[str, str], flags: tuple[str, ...]) -> frozenset[str]:
    return instructions.registries_named(parse_dockerfile(text), arguments, flags)


def mounted_secrets(text: str) -> tuple[str, ...]:
    return instructions.mounted_secrets(parse_dockerfile(text))


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
        (f"\ufeffARG REGISTRY={ACR}\nFROM ${{REGISTRY}}/base:1", {}),
        (f"\ufeffARG REGISTRY={ACR}\r\nFROM ${{REGISTRY}}/base:1\r\n", {}),
        (f"\ufeff# escape=`\nARG REGISTRY=`\n{ACR}\nFROM $REGISTRY/base", {}),
        (f"ARG TAG=1 \\\n  # which\n\n  REGISTRY={ACR}\nFROM $REGISTRY/base:$TAG", {}),
        (f"ARG REGISTRY=\\  \r\n{ACR}\r\nFROM $REGISTRY/base", {}),
        ("FROM contoso.\\\nazurecr.io/base", {}),
        ("arg A='contoso'\nfrom \\\n --platform=$BUILDPLATFORM ${A}.azurecr.io/base as build", {}),
        ("ARG P\nFROM --platform=${P:-linux/amd64} ${R:-${S:-contoso.azurecr.io}}/base", {}),
        (f"ARG R={ACR}\nFROM scratch\nARG R\nRUN --mount=from=$R/tools,target=/x true", {}),
        (f"ARG R={ACR}\nFROM scratch\nARG R=other.io\nFROM $R/base", {}),
        (f"FROM scratch\nRUN <<EOF\nFROM $R/x\nEOF\nCOPY --from={ACR}/x . .", {}),
        ("ARG REGISTRY=public.io\nFROM ${REGISTRY}/base", {"REGISTRY": ACR}),
        (f"FROM scratch\nENV R={ACR}\nCOPY --from=$R/x / /", {}),
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
     "FROM $NOTHING/base", "# FROM old.azurecr.io/x", "RUN <<EOF\ndocker pull a.io/b\nEOF", "RUN a \\\n  # b.io/c\n  d",
     "FROM scratch\nARG R=a.io\nFROM ${R}x/b",
     "ADD git@host.com:a/b.git /x", "COPY ./a.b/c ../d.e/f /g.h/i ./", "RUN cat a@b.c/d"],
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
    doubling = "\n".join(f"ARG A{number + 1}=$A{number}$A{number}" for number in range(400))
    assert registries_named(f"ARG A0=x\n{doubling}\nFROM $A400/x", {}, ()) == frozenset()
    assert registries_named("FROM " + "${A:-" * 50_000, {}, ()) == frozenset()


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
        ("RUN \\\r\n --mount=type=secret,id=a \\\r\n # why\r\n --mount=type=secret,id=b true", ("a", "b")),
        ("run --mount=type=secret,id=a <<EOF\necho --mount=type=secret,id=no\nEOF", ("a",)),
        ("RUN echo --mount=type=secret,id=no", ()),
        (f"RUN --mount=type=secret,id={'a' * 200_000} true", ()),
    ],
)
def test_the_secrets_that_are_mounted_are_known_by_their_ids(instruction: str, ids: tuple[str, ...]) -> None:
    assert mounted_secrets(f"FROM scratch\n{instruction}\n") == ids
