"""The owners in a tar archive: those that the standard library's own reader finds, however the bytes arrive."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.inspection.inflate import inflated
from pytask.inspection.tar_owners import ArchiveBroken, Owned, owners

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
LARGEST_OCTAL = 0o7777777
WITHOUT_CONTENT = (
    tarfile.DIRTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
)
WITH_CONTENT = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")


@st.composite
def entries(draw: st.DrawFn, *, ids: st.SearchStrategy[int], longest: int) -> tarfile.TarInfo:
    """Return a header for anything there may be in an archive; a file says how many bytes follow it."""
    names = st.text(CHARACTERS, min_size=1, max_size=longest).filter(lambda name: len(name.encode()) <= longest)
    entry = tarfile.TarInfo(draw(st.sampled_from(["", ".wh.", "a/"])) + draw(names))
    entry.type = draw(st.sampled_from([*WITH_CONTENT, *WITHOUT_CONTENT]))
    entry.uid, entry.gid = draw(ids), draw(ids)
    if entry.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        entry.linkname = draw(names)
    if entry.type in WITH_CONTENT and not entry.name.endswith("/"):  # which the oldest archives mark folders with
        entry.size = draw(st.sampled_from([0, 1, 511, 512, 513, 3000]))
    return entry


CONTENTS = {
    "ustar": st.lists(entries(ids=st.integers(0, LARGEST_OCTAL), longest=90), max_size=6),
    "gnu": st.lists(entries(ids=st.integers(-(2**40), 2**40), longest=300), max_size=6),
    "pax": st.lists(entries(ids=st.integers(-(2**40), 2**40), longest=300), max_size=6),
}


def packed(form: str, members: Sequence[tarfile.TarInfo], everywhere: Mapping[str, str] | None = None) -> bytes:
    """Return an archive as Python's own writer makes it; file contents look like headers, to mislead."""
    written = io.BytesIO()
    misleading = tarfile.TarInfo("inside").tobuf() * 10
    with tarfile.open(fileobj=written, mode="w", format=FORMATS[form], pax_headers=everywhere) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(misleading[: member.size]))
    return written.getvalue()


def as_tarfile_reads(archive: bytes) -> list[Owned]:
    with tarfile.open(fileobj=io.BytesIO(archive), ignore_zeros=False) as opened:
        return [Owned(member.name.rstrip("/"), member.uid, member.gid) for member in opened]


def in_pieces(content: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    """Return the bytes in pieces of these lengths, over and over; 0 gives an empty piece."""
    at = 0
    for length in cycle(lengths):
        yield content[at : at + length]
        at += length
        if at >= len(content):
            return


PIECES = st.lists(st.sampled_from([0, 1, 7, 511, 512, 513, 1500]), max_size=4).map(lambda few: [*few, 700])


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
def test_every_entry_is_found_with_its_ids(form: str, data: st.DataObject) -> None:
    archive = packed(form, data.draw(CONTENTS[form]))
    assert list(owners(in_pieces(archive, data.draw(PIECES)))) == as_tarfile_reads(archive)


@given(data=st.data(), user=st.integers(0, 2**40))
def test_what_a_pax_archive_says_for_all_its_entries_holds_for_those_that_say_nothing(
    data: st.DataObject, user: int
) -> None:
    members = [*data.draw(CONTENTS["pax"]), tarfile.TarInfo("at least one")]
    archive = packed("pax", members, {"uid": str(user), "comment": "for all"})
    assert list(owners(in_pieces(archive, data.draw(PIECES)))) == as_tarfile_reads(archive)


@given(data=st.data(), members=CONTENTS["gnu"], levels=st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_a_packed_layer_may_have_any_number_of_members(
    data: st.DataObject, members: list[tarfile.TarInfo], levels: list[int]
) -> None:
    archive = packed("gnu", members)
    share = -(-len(archive) // len(levels))
    parts = (archive[at : at + share] for at in range(0, len(archive), share))
    blob = b"".join(gzip.compress(part, level) for part, level in zip(parts, levels, strict=True))
    assert b"".join(inflated(in_pieces(blob, data.draw(PIECES)))) == archive


def test_a_layer_that_is_not_packed_is_taken_as_it_is() -> None:
    archive = packed("gnu", [tarfile.TarInfo("file")])
    assert b"".join(inflated([archive[:1], archive[1:]])) == archive


def test_what_is_packed_very_well_is_unpacked_in_bounded_steps() -> None:
    blob = gzip.compress(bytes(50_000_000))
    assert max(len(piece) for piece in inflated([blob])) <= 1024 * 1024


def sparse(name: str, *, user: int, more_maps: int) -> bytes:
    """Return a sparse file as GNU tar wrote it first: its map goes on in blocks behind the header, before the content.

    https://www.gnu.org/software/tar/manual/html_node/Old-GNU-Format.html
    """
    entry = tarfile.TarInfo(name)
    entry.type, entry.uid, entry.gid, entry.size = tarfile.GNUTYPE_SPARSE, user, user, 700
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[482] = 1 if more_maps else 0
    header[483:495] = b"00000100000\0"
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    maps = [bytes(504) + bytes([1 if number < more_maps else 0]) + bytes(7) for number in range(1, more_maps + 1)]
    return bytes(header) + b"".join(maps) + bytes(1024)


@pytest.mark.parametrize("more_maps", [0, 1, 3])
def test_a_sparse_file_is_passed_over_with_its_map(more_maps: int) -> None:
    archive = sparse("holes", user=70000, more_maps=more_maps) + packed("gnu", [tarfile.TarInfo("behind")])
    assert list(owners([archive])) == [("holes", 70000, 70000), ("behind", 0, 0)]
    assert list(owners([archive])) == as_tarfile_reads(archive)


def test_a_sparse_file_of_a_pax_archive_has_the_name_that_it_had_on_disk() -> None:
    entry = tarfile.TarInfo("GNUSparseFile.1/holes")
    entry.uid, entry.size = 70000, 1024
    entry.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "holes",
        "GNU.sparse.realsize": "1000000",
    }
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(entry, io.BytesIO(b"1\n0\n512\n".ljust(1024, b"\0")))
        archive.addfile(tarfile.TarInfo("behind"))
    found = list(owners([written.getvalue()]))
    assert found == [("holes", 70000, 0), ("behind", 0, 0)]
    assert found == as_tarfile_reads(written.getvalue())


def test_a_size_that_does_not_fit_into_the_header_stands_before_it() -> None:
    entry = tarfile.TarInfo("large")
    entry.pax_headers = {"size": "1500"}  # the header itself says 0
    archive = entry.tobuf(tarfile.PAX_FORMAT) + bytes(1536) + packed("gnu", [tarfile.TarInfo("behind")])
    assert [entry.name for entry in owners([archive])] == ["large", "behind"]
    assert list(owners([archive])) == as_tarfile_reads(archive)


@given(archive=CONTENTS["pax"].map(lambda members: packed("pax", members)), data=st.data())
def test_a_damaged_archive_is_called_broken_or_read_and_nothing_else_happens(
    archive: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(archive) - 1))
    damaged = archive[:at] + data.draw(st.binary(max_size=40)) + archive[at + data.draw(st.integers(0, 600)) :]
    with contextlib.suppress(ArchiveBroken):
        list(owners(inflated(in_pieces(damaged, data.draw(PIECES)))))
    with contextlib.suppress(ArchiveBroken):
        list(owners(inflated(in_pieces(gzip.compress(archive)[:at] + damaged, data.draw(PIECES)))))


@pytest.mark.parametrize("kept", [100, 512 + 200, -1])
def test_an_archive_that_ends_too_soon_is_broken(kept: int) -> None:
    entry = tarfile.TarInfo("file")
    entry.size = 5000
    whole = gzip.compress(packed("gnu", [entry]))
    cut = gzip.decompress(whole)[:kept] if kept > 0 else whole[:kept]
    with pytest.raises(ArchiveBroken, match=r"it ends within|its compressed data ends too early"):
        list(inflated([cut])) if kept < 0 else list(owners([cut]))


def with_number(field: slice, value: bytes) -> bytes:
    """Return an archive of one file with another number in its header, the checksum set right."""
    header = bytearray(tarfile.TarInfo("file").tobuf(tarfile.GNU_FORMAT))
    header[field] = value
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header) + bytes(1024)


def test_a_size_below_nothing_does_not_lead_back() -> None:
    with pytest.raises(ArchiveBroken, match="a file of -1 bytes"):
        list(owners([with_number(slice(124, 136), b"\xff" * 12)]))


def test_an_extended_header_is_not_held_however_long_it_says_it_is() -> None:
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 2_000_000_000
    with pytest.raises(ArchiveBroken, match="an extended header of 2000000000 bytes"):
        list(owners([entry.tobuf(tarfile.GNU_FORMAT), bytes(1024)]))


def test_numbers_that_are_none_are_told() -> None:
    with pytest.raises(ArchiveBroken, match="an invalid number"):
        list(owners([with_number(slice(108, 116), b"root\0\0\0\0")]))


def test_a_header_that_was_changed_is_told_by_its_checksum() -> None:
    header = bytearray(tarfile.TarInfo("file").tobuf())
    header[110:112] = b"77"
    with pytest.raises(ArchiveBroken, match="checksum"):
        list(owners([bytes(header) + bytes(1024)]))


def test_the_checksum_may_be_that_of_signed_bytes() -> None:
    entry = tarfile.TarInfo("é")
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(byte - 256 if byte > 127 else byte for byte in header):06o}\0 ".encode()
    assert list(owners([bytes(header) + bytes(1024)])) == [("é", 0, 0)]
