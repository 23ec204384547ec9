"""The packed libraries import some modules later, and work as before."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from dev.package.later import _in_functions, _on_request

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = b'''"""Docs."""
import sys, slow.part
from . import near
from .near import kept
from .far import one as first, other

def uses(x):
    """Docs."""
    return slow.part.VALUE + x

class Thing:
    def method(self):
        return [slow.part.VALUE for _ in range(2)]

near_value = kept
'''


def put(folder: Path) -> None:
    (folder / "slow").mkdir(parents=True)
    (folder / "slow" / "__init__.py").touch()
    (folder / "slow" / "part.py").write_text("VALUE = 1\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "near.py").write_text("kept = 'near'\n")
    (folder / "lib" / "far.py").write_text("one, other = 1, 2\n")


def told(folder: Path, script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_a_module_is_loaded_when_a_function_needs_it(tmp_path: Path) -> None:
    put(tmp_path)
    source = LIBRARY.replace(b"import sys, slow.part", b"import sys\nimport slow.part")
    (tmp_path / "lib" / "__init__.py").write_bytes(_in_functions("lib", source, ("slow.part",)))
    script = "import lib, sys; print('slow.part' in sys.modules, lib.uses(1), lib.Thing().method(), lib.uses.__doc__)"
    assert told(tmp_path, script) == "False 2 [1, 1] Docs."


def test_a_name_is_looked_up_when_it_is_asked_for(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "lib" / "__init__.py").write_bytes(_on_request("lib", LIBRARY.replace(b", slow.part", b"")))
    script = (
        "import lib, sys\nbefore = 'lib.far' in sys.modules\nfrom lib import first, other\n"
        "print(before, first, other, lib.near_value, hasattr(lib, 'nothing'))"
    )
    assert told(tmp_path, script) == "False 1 2 near False"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"import other\n", "does not import"),
        (b"import slow.part\nVALUE = slow.part.VALUE\n", "when it is loaded"),
        (b"import slow.part\nclass One(slow.part.Base): pass\n", "when it is loaded"),
        (b"import slow.part\ndef one(x=slow.part.VALUE): pass\n", "when it is loaded"),
        (b"import slow.part\ndef one() -> slow.part.Kind: pass\n", "when it is loaded"),
    ],
)
def test_a_library_that_needs_a_module_at_once_stops_the_packing(source: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        _in_functions("lib", source, ("slow.part",))


def test_a_package_without_such_names_stops_the_packing() -> None:
    with pytest.raises(ValueError, match="no names"):
        _on_request("lib", b"from .near import kept\nvalue = kept\n")
