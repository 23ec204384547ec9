"""Which reference a rollback writes into the app: the one that means the previous image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.model import Digest, ImageReference, IndexDigest, ManifestDigest, PreviousImage
from pytask.registry.images import Gone
from pytask.rollback import find_previous_reference
from pytask.targets.target import CannotRollBack

INDEX, INSIDE = IndexDigest(f"sha256:{'1' * 64}"), ManifestDigest(f"sha256:{'2' * 64}")
SINGLE, OTHER = ManifestDigest(f"sha256:{'3' * 64}"), f"sha256:{'9' * 64}"
TAGGED = "contoso.azurecr.io/team/shop:6"
BY_INDEX, BY_MANIFEST = f"contoso.azurecr.io/team/shop@{INDEX}", f"contoso.azurecr.io/team/shop@{SINGLE}"


def went(
    reference: str, digest: Digest | None, manifest: ManifestDigest | None, registry: dict[str, Digest | Gone]
) -> tuple[str, list[str]]:
    """Return the reference and what was said; `registry` holds what references point at now, and what is gone."""
    said: list[str] = []
    previous = PreviousImage(reference=reference, digest=digest, manifest=manifest)
    return find_previous_reference(previous, lambda one: registry.get(str(one)), said.append), said


@pytest.mark.parametrize(
    ("reference", "digest", "manifest", "now"),
    [
        (TAGGED, INDEX, INSIDE, INDEX),
        (TAGGED, SINGLE, SINGLE, SINGLE),
        (TAGGED, INDEX, INSIDE, INSIDE),
        (TAGGED, INDEX, INSIDE, Digest(INDEX.text)),
        (BY_INDEX, INDEX, INSIDE, INDEX),
        (BY_INDEX, None, None, INDEX),
        (BY_INDEX, Digest(INDEX.text), None, IndexDigest(INDEX.text)),
        (BY_MANIFEST, SINGLE, SINGLE, SINGLE),
        (f"{TAGGED}@{INDEX}", INDEX, INSIDE, INDEX),
    ],
)
def test_what_still_means_the_same_is_put_back_as_it_was(
    reference: str, digest: Digest | None, manifest: ManifestDigest | None, now: Digest
) -> None:
    assert went(reference, digest, manifest, {reference: now}) == (reference, [])


@pytest.mark.parametrize(("digest", "manifest"), [(INDEX, INSIDE), (SINGLE, SINGLE), (Digest(OTHER), None)])
@pytest.mark.parametrize("now", [IndexDigest(f"sha256:{'8' * 64}"), ManifestDigest(f"sha256:{'8' * 64}"), Gone()])
def test_a_tag_that_moved_or_is_gone_is_put_back_by_what_it_pointed_at(
    digest: Digest, manifest: ManifestDigest | None, now: Digest | Gone
) -> None:
    reference, said = went(TAGGED, digest, manifest, {TAGGED: now})
    assert reference == f"contoso.azurecr.io/team/shop@{digest}"
    assert "retention may delete it" in said[0]
    assert said[1].strip() == (
        f"az acr import --name contoso --source contoso.azurecr.io/team/shop@{digest} --image team/shop:6 --force"
    )


def test_elsewhere_than_in_azure_another_command_tags_it_again() -> None:
    reference, said = went("ghcr.io/team/shop", SINGLE, SINGLE, {"ghcr.io/team/shop": ManifestDigest(OTHER)})
    assert reference == f"ghcr.io/team/shop@{SINGLE}"
    command = "docker buildx imagetools create --prefer-index=false --tag ghcr.io/team/shop:latest"
    assert said[1].strip() == f"{command} ghcr.io/team/shop@{SINGLE}"


def test_a_registry_is_named_in_the_command_without_the_hash_of_its_login_server() -> None:
    reference = "contoso-h4sh.azurecr.io/shop:6"
    _, said = went(reference, SINGLE, SINGLE, {reference: ManifestDigest(OTHER)})
    assert "az acr import --name contoso --source contoso-h4sh.azurecr.io/shop@" in said[1]


@pytest.mark.parametrize("digest", [INDEX, SINGLE, None])
@pytest.mark.parametrize("reference", [TAGGED, BY_INDEX, "appsvc/node:20", "Odd Reference"])
def test_where_nobody_may_ask_the_registry_it_is_put_back_as_it_was(reference: str, digest: Digest | None) -> None:
    assert went(reference, digest, None, {}) == (reference, [])


@pytest.mark.parametrize(
    ("reference", "digest", "registry"),
    [
        (BY_INDEX, INDEX, {BY_INDEX: Gone()}),
        (BY_MANIFEST, SINGLE, {BY_MANIFEST: Gone()}),
        (TAGGED, None, {TAGGED: Gone()}),
        (TAGGED, INDEX, {TAGGED: Gone(), BY_INDEX: Gone()}),
        (TAGGED, INDEX, {TAGGED: IndexDigest(OTHER), BY_INDEX: Gone()}),
        ("", None, {}),
    ],
)
def test_what_is_gone_is_not_put_back(
    reference: str, digest: Digest | None, registry: dict[str, Digest | Gone]
) -> None:
    with pytest.raises(CannotRollBack):
        went(reference, digest, None, registry)


def test_a_tag_of_which_nobody_knows_what_it_meant_is_put_back_as_it_was() -> None:
    assert went(TAGGED, None, None, {TAGGED: ManifestDigest(OTHER)})[0] == TAGGED


KINDS = st.sampled_from([Digest, IndexDigest, ManifestDigest])
DIGESTS = st.builds(lambda kind, digit: kind(f"sha256:{digit * 64}"), KINDS, st.sampled_from("123"))


@given(
    tag=st.sampled_from(["", ":6"]),
    pinned=st.none() | DIGESTS,
    before=st.none() | DIGESTS,
    inside=st.none() | st.builds(ManifestDigest, DIGESTS.map(str)),
    now=st.none() | DIGESTS | st.builds(Gone),
)
def test_what_is_written_into_the_app_is_always_a_reference(
    tag: str, pinned: Digest | None, before: Digest | None, inside: ManifestDigest | None, now: Digest | Gone | None
) -> None:
    reference = f"contoso.azurecr.io/shop{tag}{f'@{pinned}' if pinned else ''}"
    previous = PreviousImage(reference=reference, digest=before, manifest=inside)
    try:
        written = find_previous_reference(previous, lambda _: now, lambda _: None)
    except CannotRollBack:
        return
    parsed = ImageReference.parse(written)
    assert written == reference or (parsed.digest and before and parsed.digest.text == before.text)
