"""Inspecting images in a real registry: what is refused here is what the host's engine refuses, and nothing else."""

from __future__ import annotations

import gzip
import io
import re
import subprocess
import tarfile
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

from pytask.errors import ManyFailures, render
from pytask.errors.image import ImageUnreadable, Maker, OwnerOutOfRange, UserOutOfRange, WrongPlatform
from pytask.errors.registry import ManifestMissing
from pytask.inspection.contents import read_image
from pytask.inspection.layers import inspect
from pytask.inspection.tar_owners import owners
from tests.image_bench import INDEX, LAYER, MANIFEST, Bench, a_file, archive, some_layer
from tests.images import EngineError
from tests.measure.connection import repository_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure

SECRET = "inspected"


@pytest.fixture
def bench(azure: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name, value in azure.environment.items():
        monkeypatch.setenv(name, value)
    registry = azure.add_registry()
    principal = azure.add_principal("inspector", secret=SECRET, roles={registry.id: "AcrPush"})
    name = f"inspected/{uuid.uuid4().hex}"
    repository = repository_for(principal.client_id, SECRET, login_server=registry.login_server, name=name)
    with requests.Session() as session:
        session.headers["Authorization"] = repository.session.authorization(name, "pull,push")
        yield Bench(azure=azure, registry=registry, principal=principal, repository=repository, session=session)


def test_a_file_of_a_foreign_owner_is_found_under_the_chown_that_hides_it(bench: Bench) -> None:
    tag = bench.built(
        "RUN mkdir /app && touch /app/fine",
        "RUN touch /app/first /app/second && chown 1000000000 /app/first && chown 0:70000 /app/second",
        "RUN chown -R 0:0 /app",
    )
    with pytest.raises(OwnerOutOfRange) as caught:
        bench.inspected(tag)
    (layer,) = caught.value.layers
    assert (layer.number, layer.of, layer.entries) == (3, 4, 2)
    assert (layer.entry, layer.user, layer.group) == ("/app/first", 1_000_000_000, 0)
    assert layer.instruction.startswith("RUN touch /app/first /app/second && chown 1000000000")
    assert layer.makers == (Maker.CHOWN,)
    assert f"{bench.repository.name}:{tag}" in render(caught.value)
    with pytest.raises(EngineError, match="1000000000 cannot be mapped to a host ID"):
        bench.pulled_by_the_host(tag)


def test_in_the_engine_is_found_what_is_found_in_the_registry(bench: Bench) -> None:
    tag = bench.built(
        "RUN mkdir /app && touch /app/fine",
        "WORKDIR /app",
        "RUN touch first second && chown 1000000000 first && chown 0:70000 second",
        "RUN chown -R 0:0 /app",
        "USER 70000",
    )
    with pytest.raises(ManyFailures) as pushed:
        bench.inspected(tag)
    with pytest.raises(ManyFailures) as saved:
        bench.inspected_in_the_engine(tag)
    for one, other in zip(pushed.value.failures, saved.value.failures, strict=True):
        # A layer's digest is that of its archive, which the registry has packed.
        assert re.sub(r"\([0-9a-f]{12}\)", "()", render(one)) == re.sub(r"\([0-9a-f]{12}\)", "()", render(other))


def test_a_layer_that_the_engine_has_twice_is_read_once(bench: Bench) -> None:
    mark = f"RUN touch -d @0 /{uuid.uuid4().hex}"
    seen = bench.inspected_in_the_engine(bench.built(mark, "RUN touch -d @1 /again", mark, "RUN touch -d @1 /again"))
    assert seen.skipped > 0


@pytest.mark.parametrize(("user", "group"), [(65535, 65535), (0, 65536), (65536, 0)])
def test_the_range_is_the_hosts_own(bench: Bench, user: int, group: int) -> None:
    bench.put_image([some_layer(a_file("file", user=user, group=group))], "edge")
    if max(user, group) == 65535:
        assert bench.inspected("edge").read == 1
        bench.pulled_by_the_host("edge")
        return
    with pytest.raises(OwnerOutOfRange):
        bench.inspected("edge")
    with pytest.raises(EngineError, match="65536 cannot be mapped to a host ID"):
        bench.pulled_by_the_host("edge")


def test_every_layer_with_foreign_owners_is_named(bench: Bench) -> None:
    many = some_layer(*(a_file(f"many{number}", user=100_000) for number in range(3)))
    bench.put_image([some_layer(), many, some_layer(), some_layer(a_file("one", user=200_000, group=300_000))], "two")
    with pytest.raises(OwnerOutOfRange) as caught:
        bench.inspected("two")
    assert [
        (layer.number, layer.of, layer.instruction, layer.entry, layer.entries) for layer in caught.value.layers
    ] == [
        (2, 4, "RUN make 1", "/many0", 3),
        (4, 4, "RUN make 3", "/one", 1),
    ]


def test_links_folders_and_deletions_have_owners_too(bench: Bench) -> None:
    link, folder, deletion = a_file("link", user=70000), a_file("folder", user=70000), a_file(".wh.gone", user=70000)
    link.type, link.linkname = tarfile.LNKTYPE, "file"
    folder.type = tarfile.DIRTYPE
    bench.put_image([some_layer(link, folder, deletion)], "linked")
    with pytest.raises(OwnerOutOfRange) as caught:
        bench.inspected("linked")
    assert caught.value.layers[0].entries == 3


def test_a_name_that_cannot_be_printed_is_told_on_one_line(bench: Bench) -> None:
    bench.put_image([some_layer(a_file("a\n##vso[x]\udcff", user=70000))], "odd")
    with pytest.raises(OwnerOutOfRange) as caught:
        bench.inspected("odd")
    assert caught.value.layers[0].entry == "/a\\n##vso[x]\\udcff"


def test_each_unknown_layer_is_read_once_and_a_known_one_never(bench: Bench) -> None:
    shared, *new = [some_layer() for _ in range(3)]
    bench.put_image([shared], "before")
    bench.put_image([shared, *new], "after")
    known = frozenset(layer.digest for layer in read_image(bench.repository, "before").layers)
    after = read_image(bench.repository, "after")
    seen = inspect(bench.repository, after, known)
    assert (seen.read, seen.skipped, seen.unread) == (2, 1, ())
    assert seen.bytes_read == sum(map(len, new))
    assert [bench.reads(layer.digest) for layer in after.layers] == [0, 1, 1]


def test_a_layer_that_an_image_has_twice_is_read_once(bench: Bench) -> None:
    layer = bench.put_blob(some_layer(), LAYER)
    bench.put_image([layer, layer], "twice")
    seen = bench.inspected("twice")
    assert (seen.read, seen.skipped) == (1, 1)
    assert bench.reads(layer["digest"]) == 1


@pytest.mark.parametrize("user", ["1000000000", "0:65536", "app:70000"])
def test_an_image_that_runs_as_a_foreign_user_is_refused(bench: Bench, user: str) -> None:
    bench.put_image([some_layer()], "users", user=user)
    with pytest.raises(UserOutOfRange) as caught:
        bench.inspected("users")
    assert caught.value.user == user


@pytest.mark.parametrize("user", ["", "65535:65535", "app", "app:staff"])
def test_another_user_is_not(bench: Bench, user: str) -> None:
    bench.put_image([some_layer()], "users", user=user)
    assert bench.inspected("users").read == 1


def test_owner_and_user_are_told_together(bench: Bench) -> None:
    bench.put_image([some_layer(a_file("file", user=70000))], "both", user="70000")
    with pytest.raises(ManyFailures) as caught:
        bench.inspected("both")
    assert [type(failure) for failure in caught.value.failures] == [OwnerOutOfRange, UserOutOfRange]


def test_an_image_for_another_processor_is_refused_unread(bench: Bench) -> None:
    layer = bench.put_blob(some_layer(), LAYER)
    bench.put_image([layer], "arm", architecture="arm64")
    with pytest.raises(WrongPlatform) as caught:
        bench.inspected("arm")
    assert caught.value.found == "linux/arm64"
    assert bench.reads(layer["digest"]) == 0


def test_of_an_index_the_hosts_platform_is_inspected(bench: Bench) -> None:
    fine, foreign = some_layer(), some_layer(a_file("file", user=70000))
    entries = [
        {**bench.put_image([some_layer()]), "platform": {"os": "unknown", "architecture": "x"}},
        {
            **bench.put_image([foreign], architecture="arm64"),
            "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
        },
    ]
    wanted = bench.put_image([fine])
    bench.put_manifest({"mediaType": INDEX, "manifests": entries}, "without")
    amd64 = {**wanted, "platform": {"os": "linux", "architecture": "amd64"}}
    bench.put_manifest({"mediaType": INDEX, "manifests": [*entries, amd64]}, "with")

    image = read_image(bench.repository, "with")
    assert (image.digest, image.platform) == (wanted["digest"], "linux/amd64")
    assert inspect(bench.repository, image, frozenset()).read == 1
    with pytest.raises(WrongPlatform) as caught:
        read_image(bench.repository, "without")
    assert caught.value.found == "linux/arm64/v8"


def test_what_cannot_be_unpacked_here_is_told_and_the_rest_is_read(bench: Bench) -> None:
    packed_otherwise = bench.put_blob(b"(\xb5/\xfd" + uuid.uuid4().bytes, f"{LAYER.removesuffix('gzip')}zstd")
    elsewhere = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": f"sha256:{'0' * 64}",
        "size": 12,
        "urls": ["https://example.com/layer"],
    }
    bench.put_image([packed_otherwise, elsewhere, some_layer()], "mixed")
    seen = bench.inspected("mixed")
    assert seen.read == 1
    assert dict(seen.unread) == {
        packed_otherwise["digest"]: "it is compressed with zstd",
        elsewhere["digest"]: "it is not stored in the registry",
    }


def test_a_layer_that_is_not_packed_is_read_too(bench: Bench) -> None:
    layer = bench.put_blob(archive(a_file(uuid.uuid4().hex, user=70000)), LAYER.removesuffix("+gzip"))
    bench.put_image([layer], "plain")
    with pytest.raises(OwnerOutOfRange):
        bench.inspected("plain")


@pytest.mark.parametrize(
    ("damage", "detail"),
    [
        (lambda blob: blob[: len(blob) // 2], "its compressed data ends too early"),
        (lambda blob: gzip.compress(gzip.decompress(blob)[:700]), "it ends within"),
        (lambda blob: blob[:20] + bytes(30) + blob[50:], "it cannot be decompressed"),
        (lambda _: gzip.compress(b"no archive".ljust(2000)), "a wrong checksum"),
    ],
)
def test_a_layer_that_was_damaged_before_the_push_is_told(bench: Bench, damage: Any, detail: str) -> None:  # noqa: ANN401
    layer = bench.put_blob(damage(some_layer(a_file("x" * 300))), LAYER)
    bench.put_image([some_layer(), layer], "damaged")
    with pytest.raises(ImageUnreadable) as caught:
        bench.inspected("damaged")
    assert caught.value.part == layer["digest"]
    assert detail in caught.value.detail


def test_an_image_that_is_not_there_is_told(bench: Bench) -> None:
    with pytest.raises(ManifestMissing):
        read_image(bench.repository, "nowhere")


def test_what_is_no_container_image_is_told(bench: Bench) -> None:
    chart = bench.put_blob(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    config = bench.put_blob(b'["name: chart"]', "application/vnd.cncf.helm.config.v1+json")
    bench.put_manifest({"mediaType": MANIFEST, "config": config, "layers": [chart]}, "chart")
    bench.put_manifest({"mediaType": INDEX, "manifests": [config]}, "no-platforms")
    with pytest.raises(ImageUnreadable, match="cannot be read from the registry as a container image"):
        read_image(bench.repository, "chart")
    with pytest.raises(WrongPlatform, match="no platform"):
        read_image(bench.repository, "no-platforms")


@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax", "pax --sparse-version=0.0", "pax --sparse-version=0.1"])
def test_archives_of_gnu_tar_are_read_sparse_files_long_names_and_all(tmp_path: Path, form: str) -> None:
    holes = tmp_path / "holes"
    with holes.open("wb") as file:
        for number in range(40):  # more pieces than a header has room for
            file.seek(number * 100_000)
            file.write(b"x")
    long = tmp_path / ("long" * 30) / ("name" * 25)
    long.mkdir(parents=True)
    (tmp_path / "hard").hardlink_to(holes)
    (tmp_path / "soft").symlink_to("holes")
    flags = ["--sparse", *f"--format={form}".split(), "--owner=them:4000000000", "--group=them:70000", "--sort=name"]
    done = subprocess.run(["tar", *flags, "-C", tmp_path, "-c", "."], capture_output=True, check=True)
    found = list(owners([done.stdout]))
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as opened:
        assert [entry.name for entry in found] == [member.name for member in opened]
    assert {(entry.user, entry.group) for entry in found} == {(4_000_000_000, 70_000)}
