"""The packed program's records, whose methods are written out beforehand, do what `dataclass` would have them do."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dev.package.carried import program_sources
from dev.package.records import HOME, RECORDS, with_records, written
from tests.agent.under_test import ROOT

BEHAVIOR = Path(__file__).with_name("record_behavior.py")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the program as it is packed."""
    folder = tmp_path_factory.mktemp("packed")
    for place, source in program_sources("docs").items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(source)
    return folder


def behavior(program: Path) -> dict[str, Any]:
    command = [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", str(BEHAVIOR), str(program)]
    done = subprocess.run(command, capture_output=True, check=True, cwd=program, timeout=120)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_every_record_does_the_same_with_records_written_out(packed: Path) -> None:
    as_written, as_packed = behavior(ROOT), behavior(packed)
    assert len(as_packed) > 200
    assert as_packed.keys() == as_written.keys()
    assert {name: one for name, one in as_packed.items() if one != as_written[name]} == {}


def test_every_record_has_its_methods_written_out(packed: Path) -> None:
    script = f"import json, sys; from {HOME} import RECORDS; json.dump(sorted(RECORDS), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=packed, timeout=60)
    assert set(json.loads(done.stdout)) == set(behavior(packed))


def test_no_record_needs_a_module_of_python_s_own_to_be_made(packed: Path) -> None:
    script = f"import sys; import {HOME}; print(*sorted(sys.modules.keys() & {{'dataclasses', 'inspect', 'ast'}}))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(packed)!r}); {script}"],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "\n"


def test_no_line_of_a_source_moves() -> None:
    sources = program_sources("docs")
    for place in sources.keys() - {RECORDS, "pytask/__init__.py"}:
        assert len(sources[place].splitlines()) == len((ROOT / place).read_bytes().splitlines())


def test_a_record_inside_of_something_ends_the_packing() -> None:
    inside = b"def made():\n    @dataclass\n    class One:\n        pass\n"
    with pytest.raises(ValueError, match="module level"):
        with_records({"pytask/x.py": inside})


@dataclass(order=True)
class Ordered:
    """One with an order."""

    one: int


@dataclass
class Late:
    """One with a default that nobody may give."""

    one: int = field(init=False, default=1)


@dataclass
class Selfish:
    """One whose field is called as what writes it."""

    _set: int


@dataclass(slots=True)
class Base:
    """One with a field."""

    one: int


@dataclass(slots=True)
class Again(Base):
    """One that gives its base's field a default."""

    one: int = 1


@dataclass
class WithoutSlots:
    """One whose default stays in the class."""

    one: int = 1


@dataclass
class HashedApart:
    """One whose hash has other fields than its comparison."""

    one: int = field(compare=False, hash=True)


@dataclass(match_args=False)
class Unmatched:
    """One without positions for `match`."""

    one: int


UNSUPPORTED = [Ordered, Late, Selfish, Again, WithoutSlots, HashedApart, Unmatched]


@pytest.mark.parametrize("record", UNSUPPORTED)
def test_what_is_not_written_out_ends_the_packing(record: type) -> None:
    with pytest.raises(ValueError, match="does not support"):
        written([record])
