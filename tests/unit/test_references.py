"""Registry hosts, digests and references: what they hold, and what can never become part of one."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.model.reference import (
    DOCKER_HUB,
    Digest,
    ImageReference,
    IndexDigest,
    ManifestDigest,
    NotAReference,
    RegistryHost,
    digest_of,
    is_repository,
    is_tag,
    split_host,
)

ONE, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
PORTS = st.one_of(st.none(), st.integers(1, 65535))
HOSTS = st.builds(RegistryHost, NAMES, PORTS).filter(lambda host: RegistryHost.parse(str(host)) == host)
WORDS = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
REPOSITORIES = st.lists(WORDS, min_size=1, max_size=3).map("/".join)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda digits: Digest(f"sha256:{digits}"))
REFERENCES = st.builds(
    ImageReference,
    host=HOSTS,
    repository=REPOSITORIES,
    tag=st.one_of(st.just(""), TAGS),
    digest=st.one_of(st.none(), DIGESTS),
)
CERTAINLY_A_HOST = set(string.ascii_lowercase + string.digits + ".-:")


@given(HOSTS)
def test_a_host_is_read_as_it_is_written(host: RegistryHost) -> None:
    assert RegistryHost.parse(str(host)) == host
    assert RegistryHost.parse(str(host).upper()) == host


@given(st.one_of(st.text(), st.text("aA1.-:@/\\?#%[] \t\n\r\x00\u212a\uff0e\u3002\u0661", max_size=20)))
def test_nothing_but_a_name_and_a_port_becomes_a_host(text: str) -> None:
    try:
        host = RegistryHost.parse(text)
    except NotAReference:
        return
    assert str(host) == text.lower() or host == DOCKER_HUB
    assert set(str(host)) <= CERTAINLY_A_HOST
    assert not host.name.startswith((".", "-"))
    assert not host.name.endswith((".", "-"))


@pytest.mark.parametrize(
    "text",
    [
        "evil.com\\.azurecr.io",
        "evil.com\\@contoso.azurecr.io",
        "contoso.azurecr.io@evil.com",
        "user:password@contoso.azurecr.io",
        "evil.com/.azurecr.io",
        "evil.com?.azurecr.io",
        "evil.com#.azurecr.io",
        "evil.com%2f.azurecr.io",
        "evil.com%00.azurecr.io",
        "contoso.azurecr.io.",
        "contoso..azurecr.io",
        ".azurecr.io",
        "contoso.azurecr.io:",
        "contoso.azurecr.io:0",
        "contoso.azurecr.io:0443",
        "contoso.azurecr.io:65536",
        "contoso.azurecr.io:+443",
        "contoso.azurecr.io:443:443",
        "contoso.azurecr.io:\u0664\u0664\u0663",
        "contoso.azurecr.io:443@evil.com",
        "https://contoso.azurecr.io",
        "contoso.azurecr.io ",
        " contoso.azurecr.io",
        "contoso.azurecr.io\n",
        "contoso.azurecr.io\r\nHost: evil.com",
        "contoso.azurecr.io\t",
        "contoso.azurecr.io\x00",
        "contoso\u3002azurecr.io",
        "contoso\uff0eazurecr.io",
        "contoso.a\u200dzurecr.io",
        "\u212aontoso.azurecr.io",
        "contoso.\u0430zurecr.io",
        "c\u0131toso.azurecr.io",
        "con_toso.azurecr.io",
        "-contoso.azurecr.io",
        "contoso-.azurecr.io",
        "[::1]",
        "[::1]:5000",
        "::1",
        "",
        "a" * 64 + ".azurecr.io",
        ".".join(["a" * 60] * 5),
        "a." * 500_000,
    ],
)
def test_what_could_lead_elsewhere_is_no_host(text: str) -> None:
    with pytest.raises(NotAReference):
        RegistryHost.parse(text)


def test_a_host_cannot_be_made_past_its_parser() -> None:
    with pytest.raises(NotAReference):
        RegistryHost("evil.com\\.azurecr.io")
    with pytest.raises(NotAReference):
        RegistryHost("contoso.azurecr.io", 0)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Contoso.AzureCR.io", "contoso.azurecr.io"),
        ("index.docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("registry.hub.docker.com", "docker.io"),
        ("hub.docker.com", "docker.io"),
        ("docker.io", "docker.io"),
        ("localhost:5000", "localhost:5000"),
        ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("registry", "registry"),
        ("contoso.westeurope.geo.azurecr.io", "contoso.westeurope.geo.azurecr.io"),
    ],
)
def test_a_host_has_one_form(text: str, host: str) -> None:
    assert str(RegistryHost.parse(text)) == host


def test_a_connection_goes_to_a_name_and_a_port() -> None:
    assert RegistryHost.parse("contoso.azurecr.io").dialed == ("contoso.azurecr.io", 443)
    assert RegistryHost.parse("contoso.azurecr.io:8443").dialed == ("contoso.azurecr.io", 8443)


@given(REFERENCES)
def test_a_reference_is_read_as_it_is_written(reference: ImageReference) -> None:
    assert ImageReference.parse(str(reference)) == reference


@given(st.one_of(st.text(), st.text("aA1.-_:@/\\?#% \n", max_size=30)))
def test_no_text_breaks_the_parser_of_references(text: str) -> None:
    try:
        reference = ImageReference.parse(text)
    except NotAReference:
        return
    assert ImageReference.parse(str(reference)) == reference
    assert str(reference).lower().endswith(text.lower().rpartition("/")[2])


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag"),
    [
        ("contoso.azurecr.io/team/app:1", "contoso.azurecr.io", "team/app", "1"),
        ("appsvc/node:20", "docker.io", "appsvc/node", "20"),
        ("nginx", "docker.io", "nginx", ""),
        ("localhost/app:1", "localhost", "app", "1"),
        ("registry:5000/app", "registry:5000", "app", ""),
    ],
)
def test_a_reference_comes_apart_as_docker_reads_it(text: str, host: str, repository: str, tag: str) -> None:
    parsed = ImageReference.parse(text)
    assert (str(parsed.host), parsed.repository, parsed.tag) == (host, repository, tag)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "app:",
        "app:refs/heads/main",
        "App",
        "evil.com\\.azurecr.io/app:1",
        "contoso.azurecr.io./app:1",
        f"app@{ONE}@{ONE}",
        f"app@sha256@{ONE}",
        "app@sha256:abc",
        "app@",
        "app@md5:" + "a" * 64,
        "contoso.azurecr.io/",
        "contoso.azurecr.io//app",
        "a/../b",
        "app:1 ",
        "a" * 256,
        "app:" + "a" * 129,
        f"app:1@{ONE.upper()}",
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(NotAReference):
        ImageReference.parse(text)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("app:refs/heads/main", ""),
        ("app:$(Build.SourceBranch)/x", ""),
        ("team/app", ""),
        ("contoso.azurecr.io/app", "contoso.azurecr.io"),
        ("registry:5000/app", "registry:5000"),
        ("LOCALHOST/app", "LOCALHOST"),
        ("contoso.azurecr.io", ""),
        ("app:1.0/x", ""),
    ],
)
def test_only_a_dot_a_port_or_localhost_make_a_host_of_the_first_part(name: str, host: str) -> None:
    assert split_host(name)[0] == host


@given(REPOSITORIES)
def test_a_repository_of_words_is_one(repository: str) -> None:
    assert is_repository(repository)


@pytest.mark.parametrize("text", ["", "a//b", "-a", "a-", "a_-b", "a..b", "a___b", "a/", "/a", "ä", "A", "a" * 256])
def test_a_repository_no_registry_takes_is_none(text: str) -> None:
    assert not is_repository(text)


@pytest.mark.parametrize("text", ["feature/x", ".a", "-a", "a b", "a:b", "x" * 129, "", "ü", "1\n", "\u0661"])
def test_a_tag_no_registry_takes_is_none(text: str) -> None:
    assert not is_tag(text)


def test_a_reference_is_pinned_in_place_of_its_tag_and_its_digest() -> None:
    for text in ("contoso.azurecr.io/app:1", f"contoso.azurecr.io/app@{ONE}", f"contoso.azurecr.io/app:1@{ONE}"):
        assert str(ImageReference.parse(text).pinned(IndexDigest(OTHER))) == f"contoso.azurecr.io/app@{OTHER}"


def test_what_is_asked_for_is_the_digest_then_the_tag_then_latest() -> None:
    assert ImageReference.parse(f"app:1@{ONE}").wanted == ONE
    assert ImageReference.parse("app:1").wanted == "1"
    assert ImageReference.parse("app").wanted == "latest"


@pytest.mark.parametrize("text", ["", "sha256:", "a" * 64, "sha256:" + "A" * 64, ONE + "\n", ONE[:-1], f"sha256{ONE}"])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(NotAReference):
        Digest(text)


def test_digests_of_an_index_and_of_a_manifest_are_never_compared_with_each_other() -> None:
    assert len({Digest(ONE), IndexDigest(ONE), ManifestDigest(ONE)}) == 3
    assert IndexDigest(ONE).agrees_with(ManifestDigest(OTHER)) is None
    assert Digest(ONE).agrees_with(ManifestDigest(OTHER)) is None
    assert Digest(ONE).agrees_with(Digest(OTHER)) is None
    assert IndexDigest(ONE).agrees_with(None) is None


@pytest.mark.parametrize("kind", [IndexDigest, ManifestDigest])
def test_digests_of_one_kind_are_the_same_image_or_another(kind: type[Digest]) -> None:
    assert kind(ONE).agrees_with(kind(ONE)) is True
    assert kind(ONE).agrees_with(kind(OTHER)) is False
    assert kind(ONE).agrees_with(Digest(ONE)) is True


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("application/vnd.oci.image.index.v1+json", IndexDigest),
        ("application/vnd.docker.distribution.manifest.list.v2+json; charset=utf-8", IndexDigest),
        ("application/vnd.docker.distribution.manifest.v2+json", ManifestDigest),
        ("Application/vnd.oci.image.manifest.v1+json", ManifestDigest),
        ("application/json", Digest),
        ("", Digest),
    ],
)
def test_a_digest_is_of_what_the_registry_says(media_type: str, kind: type[Digest]) -> None:
    assert type(digest_of(ONE, media_type)) is kind
