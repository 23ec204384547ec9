"""The build context that ACR Tasks gets: which files, and the same bytes for the same files."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.acr.archive import DOCKERFILE, RESERVED, packed
from pytask.builders.context import Entry, entries
from pytask.builders.ignore import Ignored, Pattern, matches_in_one_pass, read_patterns
from pytask.errors.acr_context import ContextChanged, ContextUnreadable, IgnorePatternInvalid
from tests.unit.growth import grows_linearly

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def left_by(context: Path, patterns: str) -> set[str]:
    (context / ".dockerignore").write_text(f"{patterns}\n.dockerignore\n")
    found = (entry for entry in entries(context, context / "Dockerfile"))
    return {entry.path for entry in found if not os.path.isdir(entry.place)}  # noqa: PTH112 - a text


def archive(context: Path, dockerfile: Path | None = None) -> bytes:
    return b"".join(piece for piece, _ in packed(context, dockerfile or context / "Dockerfile"))


def opened(written: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(written))


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ("", "a/b/c.js a/c.pyc c.pyc d"),
        ("a", "c.pyc d"),
        ("/a/", "c.pyc d"),
        ("./a/../d ", "a/b/c.js a/c.pyc c.pyc"),
        ("**/*.pyc", "a/b/c.js d"),
        ("*.pyc", "a/b/c.js a/c.pyc d"),
        ("**/c*", "d"),
        ("**\n!a/b", "a/b/c.js"),
        ("*\n!**/c.js", "a/b/c.js"),
        ("a/**\n!a/c.pyc", "a/c.pyc c.pyc d"),
        ("[a-c]", "c.pyc d"),
        ("[^a]", "a/b/c.js a/c.pyc c.pyc"),
        ("# a\n\\d", "a/b/c.js a/c.pyc c.pyc d"),
        ("**.pyc", "a/b/c.js d"),
        ("a**s", "a/b/c.js a/c.pyc c.pyc d"),
    ],
)
def test_the_ignore_file_leaves_what_docker_would_send(tmp_path: Path, patterns: str, left: str) -> None:
    write(tmp_path, "a/b/c.js", "a/c.pyc", "c.pyc", "d")
    assert left_by(tmp_path, patterns) == set(left.split())


def test_a_folder_that_is_ignored_comes_with_what_is_kept_in_it(tmp_path: Path) -> None:
    write(tmp_path, "src/app/main.js", "src/test/x.js", "other/y")
    (tmp_path / ".dockerignore").write_text("*\n!src/app\n")
    found = [entry.path for entry in entries(tmp_path, tmp_path / "Dockerfile")]
    assert found == ["src", "src/app", "src/app/main.js"]


def test_the_dockerfiles_own_ignore_file_takes_precedence(tmp_path: Path) -> None:
    write(tmp_path, "a", "b", "build/Dockerfile")
    (tmp_path / ".dockerignore").write_text("a\n")
    (tmp_path / "build" / "Dockerfile.dockerignore").write_text("\ufeffb\nbuild\n.dockerignore\n")
    assert [entry.path for entry in entries(tmp_path, tmp_path / "build" / "Dockerfile")] == ["a"]


@pytest.mark.parametrize("line", ["[", "a[", "[]", "[a-]", "!", "!/.", "a\\", "[a"])
def test_a_pattern_that_docker_refuses_is_refused(tmp_path: Path, line: str) -> None:
    write(tmp_path, "a", "Dockerfile")
    (tmp_path / ".dockerignore").write_text(f"a\n{line}\n")
    with pytest.raises(IgnorePatternInvalid, match="ignore-pattern-invalid"):
        archive(tmp_path)


@given(
    st.lists(st.sampled_from(["a", "b", "/", "*", "?", "**/", ".", "[ab]", "\\*"]), min_size=1, max_size=9),
    st.text("ab./*", max_size=9),
)
def test_both_ways_to_match_agree(pieces: list[str], path: str) -> None:
    for pattern in read_patterns("".join(pieces)):
        kind_is_plain = not any(sign in pattern.text for sign in "*?[\\")
        if not kind_is_plain and pattern.text[:2] != "**" and not pattern.text.endswith("**"):
            found = list(_pieces(pattern))
            assert matches_in_one_pass(found, path) == bool(pattern.matches(path)), (pattern.text, path)


def _pieces(pattern: Pattern) -> list[str]:
    from pytask.builders import ignore  # noqa: PLC0415 - how a pattern is taken apart is its own

    return ignore._PIECE.findall(pattern.text)


def test_no_pattern_takes_longer_than_its_length_and_the_paths() -> None:
    def excluded(size: int) -> object:
        ignored = Ignored(read_patterns("**/*a*/**/*.[a-z]x*a*a*b"))
        return ignored.excludes("a" * size, ())

    assert grows_linearly(excluded)


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, "Dockerfile", "b/c", "a")
        os.utime(tmp_path / name / "a", (1, len(name) * 1e9))
    assert archive(tmp_path / "one") == archive(tmp_path / "two")


def test_the_archive_has_what_a_file_is_and_nothing_of_this_agent(tmp_path: Path) -> None:
    long = "n" * 90 + "/" + "m" * 90
    write(tmp_path, "Dockerfile", "run.sh", "Über", long)
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "big").write_bytes(b"0123456789" * 300_001)
    (tmp_path / "link").symlink_to("run.sh")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with opened(archive(tmp_path)) as found:
        entry = {one.name: one for one in found}
        assert found.extractfile("big").read() == (tmp_path / "big").read_bytes()  # type: ignore[union-attr] # a file
        assert found.extractfile(long).read().decode() == long  # type: ignore[union-attr] # a file
    assert {"run.sh", "Über", "link", "empty", "big"} <= entry.keys()
    assert "pipe" not in entry
    assert entry["run.sh"].mode == 0o755
    assert entry["link"].linkname == "run.sh"
    assert entry["empty"].isdir()
    assert {(one.uid, one.gid, one.uname, one.gname) for one in entry.values()} == {(0, 0, "", "")}
    assert {one.mtime for one in entry.values()} == {499_162_500}, "not before 1980: Python's wheels are zip archives"


def test_the_dockerfile_goes_along_wherever_it_is_and_hides_its_folder(tmp_path: Path) -> None:
    write(tmp_path, "context/a", f"context/{RESERVED}/of-somebody", "elsewhere/My.Dockerfile")
    (tmp_path / "context" / ".dockerignore").write_text("*\n!a\n")
    with opened(archive(tmp_path / "context", tmp_path / "elsewhere" / "My.Dockerfile")) as found:
        names = found.getnames()
        assert found.extractfile(DOCKERFILE).read() == b"elsewhere/My.Dockerfile"  # type: ignore[union-attr] # a file
        ignore = found.extractfile(f"{DOCKERFILE}.dockerignore").read()  # type: ignore[union-attr] # a file
    assert names == [RESERVED, DOCKERFILE, f"{DOCKERFILE}.dockerignore", "a"]
    assert ignore.decode().strip() == RESERVED


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, "Dockerfile")
    gone = Entry("gone", str(tmp_path / "gone"), (tmp_path / "Dockerfile").stat())
    from pytask.builders.acr import archive as module  # noqa: PLC0415

    with pytest.raises(ContextUnreadable, match="gone cannot be read"):
        list(module._file(gone))
    with pytest.raises(ContextUnreadable):
        list(entries(tmp_path / "nowhere", tmp_path / "Dockerfile"))


def test_a_file_that_gets_shorter_is_no_file_with_zeros(tmp_path: Path) -> None:
    write(tmp_path, "Dockerfile")
    (tmp_path / "log").write_bytes(b"x" * 3_000_000)

    def written() -> None:
        for _, so_far in packed(tmp_path, tmp_path / "Dockerfile"):
            if so_far.size > 1_000_000:
                (tmp_path / "log").write_bytes(b"x")

    with pytest.raises(ContextChanged, match="log changed"):
        written()
