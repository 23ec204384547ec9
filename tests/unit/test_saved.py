"""Inspecting what `docker save` gives, in both forms: the findings are those of the image, however it arrives."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import tracemalloc
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import APIError, DockerException, NotFound
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.engine import Engine
from pytask.errors import ManyFailures, TaskFailure
from pytask.errors.docker import AgentDiskFull, EngineFailing, EngineGone, ImageNotSaved, ImageRemoved
from pytask.errors.image import Maker, OwnerOutOfRange, UserOutOfRange, WrongPlatform
from pytask.inspection.saved import inspect_saved
from pytask.model import BuiltImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytask.inspection.layers import Inspection

IMAGE = BuiltImage(references=("hello:1",), id="sha256:0", platform="linux/amd64", size_bytes=0)
LARGEST = 65535


@dataclass(frozen=True, kw_only=True)
class Form:
    """How an engine packs an image."""

    pack: Callable[[bytes], bytes]
    """What it does to a layer's archive."""
    layout: bool
    """Whether it is an OCI layout; otherwise each layer is a folder, or a link where the image has it twice."""


FORMS = {
    "classic": Form(pack=bytes, layout=False),
    "layout": Form(pack=bytes, layout=True),
    "layout, packed": Form(pack=gzip.compress, layout=True),
}


def a_file(name: str, *, user: int = 0, group: int = 0, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.uid, member.gid, member.size = user, group, size
    return member


def archive(*members: tarfile.TarInfo) -> bytes:
    return packed({member: bytes(member.size) for member in members})


def packed(members: dict[tarfile.TarInfo, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for member, content in members.items():
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return written.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def saved(
    form: Form, layers: Sequence[bytes], *, user: str = "", history: Sequence[dict[str, Any]] | None = None
) -> bytes:
    """Return an image of these archives as an engine of this form saves it, its names in their order."""
    made = [{"created_by": f"RUN /bin/sh -c make {number} # buildkit"} for number, _ in enumerate(layers, start=1)]
    configuration = {
        "config": {"User": user},
        "history": made if history is None else history,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer)}" for layer in layers]},
    }
    text = json.dumps(configuration).encode()
    files: dict[str, bytes | str] = {}
    names = list(_layout(form, layers, files) if form.layout else _folders(layers, files))
    named = f"blobs/sha256/{sha256(text)}" if form.layout else f"{sha256(text)}.json"
    files[named] = text
    files["manifest.json"] = json.dumps([{"Config": named, "RepoTags": ["hello:1"], "Layers": names}]).encode()
    return of_files(files)


def _layout(form: Form, layers: Sequence[bytes], files: dict[str, bytes | str]) -> Iterator[str]:
    files |= {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": b'{"manifests": []}'}
    for layer in layers:
        name = f"blobs/sha256/{sha256(form.pack(layer))}"
        files[name] = form.pack(layer)
        yield name


def _folders(layers: Sequence[bytes], files: dict[str, bytes | str]) -> Iterator[str]:
    files["repositories"] = b'{"hello": {"1": "0"}}'
    for number, layer in enumerate(layers):
        folder, first = f"{number:064x}", layers.index(layer)
        files |= {f"{folder}/VERSION": b"1.0", f"{folder}/json": b'{"id": "0", "os": "linux"}'}
        files[f"{folder}/layer.tar"] = layer if first == number else f"../{first:064x}/layer.tar"
        yield f"{folder}/layer.tar"


def of_files(files: dict[str, bytes | str]) -> bytes:
    """Return an archive of files and, where there is text, of links to it."""
    members: dict[tarfile.TarInfo, bytes] = {}
    for name, content in sorted(files.items()):
        member = tarfile.TarInfo(name)
        members[member] = b"" if isinstance(content, str) else content
        if isinstance(content, str):
            member.type, member.linkname = tarfile.SYMTYPE, content
    return packed(members)


def inspected(content: bytes, step: int = 100_000) -> Inspection:
    return inspect_saved(IMAGE, (content[at : at + step] for at in range(0, len(content), step)))


@pytest.fixture(params=list(FORMS.values()), ids=list(FORMS))
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


def test_a_file_of_a_foreign_owner_is_found_under_the_chown_that_hides_it(form: Form) -> None:
    layers = [
        archive(a_file("bin/sh")),
        archive(a_file("app/first", user=1_000_000_000), a_file("app/second", group=70000, size=3000)),
        archive(a_file("app/first"), a_file("app/second")),
    ]
    history: list[dict[str, Any]] = [
        {"created_by": "ADD rootfs.tar / # buildkit"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN /bin/sh -c tar xf app.tar # buildkit"},
        {"created_by": "RUN /bin/sh -c chown -R 0:0 /app # buildkit"},
    ]
    with pytest.raises(OwnerOutOfRange) as caught:
        inspected(saved(form, layers, history=history))
    (layer,) = caught.value.layers
    assert (layer.number, layer.of, layer.entries) == (2, 3, 2)
    assert (layer.entry, layer.user, layer.group) == ("/app/first", 1_000_000_000, 0)
    assert (layer.instruction, layer.makers) == ("RUN tar xf app.tar", (Maker.TAR,))
    assert layer.digest == f"sha256:{sha256(layers[1])}"
    assert caught.value.reference == "hello:1"


IDS = st.one_of(st.integers(0, LARGEST), st.sampled_from([65536, 1_000_000_000, 2**33, -2]))
FILES = st.tuples(st.sampled_from(["a", "b/c", "{", "[1]", "x" * 200]), IDS, IDS, st.sampled_from([0, 1, 600]))
IMAGES = st.lists(st.lists(FILES, max_size=4, unique_by=lambda file: file[0]), min_size=1, max_size=5)


@given(files=IMAGES, form=st.sampled_from(list(FORMS.values())), step=st.integers(1, 5000))
def test_what_is_found_is_what_is_there(files: list[list[tuple[str, int, int, int]]], form: Form, step: int) -> None:
    layers = [archive(*(a_file(name, user=u, group=g, size=size) for name, u, g, size in layer)) for layer in files]
    foreign = [[file for file in layer if not {file[1], file[2]} <= set(range(65536))] for layer in files]
    # What an image has twice is told once, where it comes last.
    last = {layer: number for number, layer in enumerate(layers, start=1)}
    expected = [
        (number, f"/{found[0][0]}", found[0][1:3], len(found), f"RUN make {number}")
        for number, (layer, found) in enumerate(zip(layers, foreign, strict=True), start=1)
        if found and last[layer] == number
    ]
    assert findings(saved(form, layers), step) == expected


def findings(content: bytes, step: int) -> list[tuple[int, str, tuple[int, int], int, str]]:
    try:
        inspected(content, step)
    except OwnerOutOfRange as failure:
        return [
            (layer.number, layer.entry, (layer.user, layer.group), layer.entries, layer.instruction)
            for layer in failure.layers
        ]
    return []


def test_a_layer_that_an_image_has_twice_is_counted_once(form: Form) -> None:
    twice, once = archive(a_file("file", size=700)), archive(a_file("another"))
    seen = inspected(saved(form, [twice, once, twice]))
    assert (seen.read, seen.skipped, seen.unread) == (2, 1, ())
    assert seen.bytes_read == len(form.pack(twice)) + len(form.pack(once))


@pytest.mark.parametrize("user", ["1000000000", "0:65536"])
def test_an_image_that_runs_as_a_foreign_user_is_refused(form: Form, user: str) -> None:
    with pytest.raises(UserOutOfRange) as caught:
        inspected(saved(form, [archive()], user=user))
    assert caught.value.user == user


def test_owner_and_user_are_told_together(form: Form) -> None:
    with pytest.raises(ManyFailures) as caught:
        inspected(saved(form, [archive(a_file("file", user=70000))], user="70000"))
    assert [type(failure) for failure in caught.value.failures] == [OwnerOutOfRange, UserOutOfRange]


def test_an_image_for_another_processor_is_refused_unread() -> None:
    pieces = iter([b"unread"])
    with pytest.raises(WrongPlatform):
        inspect_saved(replace(IMAGE, platform="linux/arm64"), pieces)
    assert next(pieces) == b"unread"


def test_what_is_packed_with_zstd_is_told() -> None:
    fine = archive(a_file("file"))
    content = saved(Form(pack=lambda layer: b"\x28\xb5\x2f\xfd" + layer, layout=True), [fine])
    seen = inspected(content)
    assert (seen.read, seen.unread) == (0, ((f"sha256:{sha256(fine)}", "it is compressed with zstd"),))


LAYER = archive(a_file("file", size=3000))


def made(
    *,
    manifest: bytes = b"",
    configuration: bytes = b"",
    layer: bytes = LAYER,
    without: str = "",
    more: Mapping[str, bytes | str] = MappingProxyType({}),
) -> bytes:
    """Return an image, or what is none, of these files."""
    files: dict[str, bytes | str] = {
        "c.json": configuration or json.dumps({"rootfs": {"diff_ids": ["sha256:1"]}}).encode(),
        "layer.tar": layer,
        "manifest.json": manifest or json.dumps([{"Config": "c.json", "Layers": ["layer.tar"]}]).encode(),
    }
    return of_files({name: content for name, content in (files | dict(more)).items() if name != without})


def test_what_is_no_layer_may_be_anything() -> None:
    more: dict[str, bytes | str] = {"a": b"", "b": b"{", "d": b"[]", "e": LAYER[:700], "f": "nowhere", "g": bytes(2000)}
    assert inspected(made(more=more)).read == 1


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", ""),
        (b"no archive".ljust(2000), ""),
        (made()[:3000], "unexpected end of data"),
        (made(without="manifest.json"), "it has no manifest.json"),
        (made(manifest=b"[{"), "it has no manifest.json"),
        (made(manifest=b"[]"), "is not valid"),
        (made(manifest=b'{"rootfs": 1}'), "is not valid"),
        (made(without="c.json"), "it has no c.json"),
        (made(configuration=b'{"rootfs": {"diff_ids": []}}'), "is not valid"),
        (made(without="layer.tar"), "layer.tar: it is missing"),
        (made(layer=LAYER[:1024]), "layer.tar: it ends within a file"),
        (made(layer=gzip.compress(LAYER)[:-40]), "layer.tar: its compressed data ends too early"),
    ],
)
def test_an_archive_that_is_no_image_is_told(content: bytes, detail: str) -> None:
    with pytest.raises(ImageNotSaved) as caught:
        inspected(content)
    assert detail in caught.value.detail


def test_a_large_layer_is_never_held_in_memory() -> None:
    size, step = 200_000_000, 1_000_000
    layer = a_file("file", size=size).tobuf() + bytes(512)  # the end mark of an archive whose file has passed by
    whole = Form(pack=bytes, layout=False)
    head, _, tail = saved(whole, [layer]).partition(layer)
    header = a_file(f"{0:064x}/layer.tar", size=size + 1024)

    def pieces() -> Iterator[bytes]:
        yield head[: head.rindex(f"{0:064x}/layer.tar".encode())] + header.tobuf() + layer[:512]
        for _ in range(size // step):
            yield bytes(step)
        yield bytes(512) + tail

    tracemalloc.start()
    try:
        seen = inspect_saved(IMAGE, pieces())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen.bytes_read == size + 1024
    assert most < 20_000_000


class Api:
    """An engine's answer that breaks off."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_image(self, reference: str) -> Iterator[bytes]:
        """Begin with the image, and fail."""
        yield reference.encode()
        raise self.error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (APIError("500", explanation="write /var/lib/docker/tmp/x: no space left on device"), AgentDiskFull),
        (NotFound("404", explanation="reference does not exist"), ImageRemoved),
        (APIError("500", explanation="open /x: no such file or directory"), EngineFailing),
        (ConnectionError("connection broken"), EngineGone),
        (DockerException("gone"), EngineGone),
    ],
)
def test_an_engine_that_breaks_off_is_a_failure(error: Exception, failure: type[TaskFailure]) -> None:
    pieces = Engine(Api(error)).saved("hello:1")  # type: ignore[arg-type] # only this one call is made
    assert next(pieces) == b"hello:1"
    with pytest.raises(failure):
        next(pieces)
