"""Image names, tags, registries and apps in the forms people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.reference import ImageName, parse_image_name, parse_reference, parse_tag, parse_tags
from pytask.errors.inputs import (
    AppNameInvalid,
    DigestNotBuildable,
    ImageNameInvalid,
    InputMistake,
    RegistryHostInvalid,
    RegistryInvalid,
    TagInvalid,
)
from pytask.model import AppAddress, RegistryAddress, RegistryHost
from pytask.model.reference import is_repository
from pytask.registry.address import parse_registry
from pytask.targets.site.address import parse_app

WORDS = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,2}", fullmatch=True)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
HOSTS = st.from_regex(r"[a-z][a-z0-9]{2,10}\.azurecr\.(io|cn|us)", fullmatch=True)
CONTOSO = RegistryHost("contoso.azurecr.io")
ACR = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/Contoso"
APP = "/subscriptions/S1/resourceGroups/rg-a/providers/Microsoft.Web/sites/my-app"


@given(
    host=st.one_of(st.just(""), HOSTS), words=st.lists(WORDS, min_size=1, max_size=3), tag=st.one_of(st.just(""), TAGS)
)
def test_a_name_comes_apart_into_what_it_was_put_together_from(host: str, words: list[str], tag: str) -> None:
    if not host and len(words) > 1 and "." in words[0]:
        return
    repository = "/".join(words)
    text = (f"{host}/" if host else "") + repository + (f":{tag}" if tag else "")
    expected = ImageName(host=RegistryHost(host) if host else None, repository=repository, tag=tag)
    assert parse_image_name(text, input_name="imageName") == expected


@pytest.mark.parametrize(
    ("written", "repository", "tag"),
    [
        ("My Project", "myproject", ""),
        ("Team/API:V1", "team/api", "V1"),
        (" spaced / name ", "spaced/name", ""),
        ("localhost:5000/app:1", "app", "1"),
    ],
)
def test_capitals_and_spaces_are_corrected_in_the_repository_only(written: str, repository: str, tag: str) -> None:
    parsed = parse_image_name(written, input_name="imageName")
    assert (parsed.repository, parsed.tag) == (repository, tag)


@pytest.mark.parametrize("text", ["a//b", "-a", "a_-b", "a/", "ä", "a" * 256, "DOCKER|a"])
def test_a_name_no_registry_accepts_is_refused(text: str) -> None:
    with pytest.raises(ImageNameInvalid):
        parse_image_name(text, input_name="imageName")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("app:refs/heads/main", "refs/heads/main"),
        ("team/app:feature/x", "feature/x"),
        ("my.app:refs/pull/7/merge", "refs/pull/7/merge"),
        ("contoso.azurecr.io/app:refs/heads/main", "refs/heads/main"),
        ("registry:5000/app:a/b", "a/b"),
        ("app:1:2", "1:2"),
        ("app:", ""),
    ],
)
def test_a_tag_with_a_slash_is_told_as_a_tag_and_not_as_a_host(text: str, tag: str) -> None:
    with pytest.raises(TagInvalid) as caught:
        parse_image_name(text, input_name="imageName")
    assert caught.value.value == tag


@pytest.mark.parametrize(
    "text",
    ["evil.com\\.azurecr.io/app:1", "contoso.azurecr.io./app", "me:pw.x@h/app", "https://con_toso.azurecr.io/app"],
)
def test_what_stands_for_a_host_and_is_none_is_told_as_such(text: str) -> None:
    with pytest.raises((RegistryHostInvalid, DigestNotBuildable)):
        parse_image_name(text, input_name="imageName")


@pytest.mark.parametrize("scheme", ["https://", "HTTPS://", "http://", "docker://", "oci://"])
def test_a_scheme_is_taken_off(scheme: str) -> None:
    expected = ImageName(host=CONTOSO, repository="team/app", tag="1")
    assert parse_image_name(f"{scheme}contoso.azurecr.io/Team/app:1", input_name="imageName") == expected


@given(st.one_of(st.text(), st.text("aA1.-_:@/\\ \n%", max_size=30)))
def test_no_name_of_an_image_is_too_strange(text: str) -> None:
    for parse in (parse_image_name, parse_reference):
        try:
            parsed = parse(text, input_name="imageName")
        except InputMistake:
            continue
        assert is_repository(parsed.repository)


def test_an_image_to_be_built_cannot_be_named_by_digest() -> None:
    with pytest.raises(DigestNotBuildable):
        parse_image_name("app@sha256:" + "0" * 64, input_name="imageName")


@pytest.mark.parametrize("text", ["feature/x", ".a", "-a", "a b", "a:b", "x" * 129, "", "ü"])
def test_a_tag_no_registry_accepts_is_refused(text: str) -> None:
    with pytest.raises(TagInvalid):
        parse_tag(text, input_name="tags")


def test_tags_come_by_line_or_comma_trimmed_and_each_once() -> None:
    assert parse_tags("tag1,\n tag2,,tag3\r\ntag1", input_name="tags") == ("tag1", "tag2", "tag3")
    assert parse_tags("", input_name="tags") == ()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Contoso.azurecr.io", RegistryAddress(name="contoso", login_server=CONTOSO)),
        (
            "https://contoso.azurecr.io/",
            RegistryAddress(name="contoso", login_server=CONTOSO),
        ),
        ("localhost:5000", RegistryAddress(name="localhost", login_server=RegistryHost.parse("localhost:5000"))),
        ("Contoso", RegistryAddress(name="contoso")),
        (ACR, RegistryAddress(name="contoso", resource_id=ACR)),
        (
            '{"loginServer":"Contoso.azurecr.io", "id" : "' + ACR + '"}',
            RegistryAddress(name="contoso", login_server=CONTOSO, resource_id=ACR),
        ),
    ],
)
def test_a_registry_is_understood_in_every_form(text: str, address: RegistryAddress) -> None:
    assert parse_registry(text, input_name="azureContainerRegistry") == address


@pytest.mark.parametrize(
    "text",
    [
        *("a b", "{", "{}", "[]", "x", "/subscriptions/x", "contoso.azurecr.io/repo", "{1}"),
        *("evil.com\\.azurecr.io", "https://contoso.azurecr.io@evil.com", "contoso.azurecr.io.", "ftp://a.azurecr.io"),
        '{"loginServer": "evil.com\\\\.azurecr.io"}',
        '{"loginServer": "contoso.azurecr.io", "id": "https://evil.com/x"}',
        '{"loginServer": ' + "[" * 10_000,
        ACR.replace("rg", "..").replace("/g/", "/g?x=/"),
    ],
)
def test_what_is_no_registry_is_refused(text: str) -> None:
    with pytest.raises(RegistryInvalid):
        parse_registry(text, input_name="azureContainerRegistry")


def test_an_app_is_understood_by_name_and_by_id() -> None:
    assert parse_app("my-app", input_name="appName") == AppAddress(name="my-app")
    assert parse_app(APP, input_name="appName") == AppAddress(
        name="my-app", resource_group="rg-a", subscription_id="s1"
    )


@pytest.mark.parametrize("text", ["https://my-app.azurewebsites.net", "my_app", "-a", "a", "my app", "a" * 61])
def test_what_is_no_app_name_is_refused(text: str) -> None:
    with pytest.raises(AppNameInvalid):
        parse_app(text, input_name="appName")
