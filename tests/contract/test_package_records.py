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
from dev.package.records import HOME, with_records, written
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
    script = f"import json, sys; from {HOME} import INITS; json.dump(sorted(INITS), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=packed, timeout=60)
    assert set(json.loads(done.stdout)) == set(behavior(packed))


def test_no_line_of_a_source_moves() -> None:
    source = b"from dataclasses import dataclass, field\n\n@dataclass\nclass One:\n    pass\n"
    changed = with_records({"elsewhere.txt": b"from dataclasses import replace\n", "pytask/clock.py": source})
    assert changed["elsewhere.txt"] == b"from dataclasses import replace\n"
    assert len(changed["pytask/clock.py"].splitlines()) == len(source.splitlines())


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


@pytest.mark.parametrize("record", [Ordered, Late, Selfish])
def test_what_is_not_written_out_ends_the_packing(record: type) -> None:
    with pytest.raises(ValueError, match="not written out"):
        written([record])
