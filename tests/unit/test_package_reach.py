"""What of the libraries the package carries: what an import statement can come to, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dev.package.reach import reachable
from dev.package.shake import shaken

if TYPE_CHECKING:
    from pathlib import Path


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def found(tmp_path: Path, program: str, *shelves: dict[str, str]) -> dict[str, str]:
    """Return the places of what a program comes to, each with the number of its shelf."""
    folders = [lay(tmp_path / f"shelf{number}", files) for number, files in enumerate(shelves)]
    reached = reachable(lay(tmp_path / "program", {"main.py": program}), folders)
    return {place: file.relative_to(tmp_path).parts[0] for place, file in reached.items()}


@pytest.mark.parametrize(
    "statement",
    [
        "import lib.part",
        "from lib import part",
        "from lib.part import thing",
        "def later():\n    import lib.part",
        "try:\n    from lib import part\nexcept ImportError:\n    pass",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import lib.part",
    ],
)
def test_whatever_a_statement_can_import_is_carried(tmp_path: Path, statement: str) -> None:
    library = {"lib/__init__.py": "", "lib/part.py": "", "lib/other.py": ""}
    assert set(found(tmp_path, statement, library)) == {"lib/__init__.py", "lib/part.py"}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from . import a", {"lib/sub/a.py"}),
        ("from .a import x", {"lib/sub/a.py"}),
        ("from .. import b", {"lib/b.py"}),
        ("from ..b import x", {"lib/b.py"}),
        ("from ..sub import a", {"lib/sub/a.py"}),
    ],
)
def test_relative_imports_are_followed(tmp_path: Path, statement: str, expected: set[str]) -> None:
    library = dict.fromkeys(("lib/__init__.py", "lib/b.py", "lib/sub/__init__.py", "lib/sub/a.py"), "")
    inside = {**library, "lib/sub/start.py": statement}
    at_the_entry = {**library, "lib/sub/__init__.py": statement}
    packages = {"lib/__init__.py", "lib/sub/__init__.py"}
    assert set(found(tmp_path / "1", "import lib.sub.start", inside)) == packages | {"lib/sub/start.py"} | expected
    assert set(found(tmp_path / "2", "import lib.sub", at_the_entry)) == packages | expected


def test_what_only_a_type_checker_reads_is_left_out(tmp_path: Path) -> None:
    program = "import typing\nif typing.TYPE_CHECKING:\n    import lib.types"
    assert found(tmp_path, program, {"lib/__init__.py": "", "lib/types.py": ""}) == {}


def test_a_stand_in_takes_the_place_of_a_package_with_all_that_is_in_it(tmp_path: Path) -> None:
    library = {"lib/__init__.py": "", "lib/big/__init__.py": "", "lib/big/native.py": "", "lib/small.py": ""}
    program = "import lib.big.native, lib.small"
    assert found(tmp_path, program, {"lib/big/__init__.py": ""}, library) == {
        "lib/__init__.py": "shelf1",
        "lib/big/__init__.py": "shelf0",
        "lib/small.py": "shelf1",
    }


MODELS = '''
from .base import Model
class Wheel(Model):
    """A :class:`Lorry` has them."""
class Engine(Model): ...
class Vehicle(Model):
    parts: "list[_models.Wheel]" = field()
    kind: Union[str, "_models.Kind"] = field()
class Car(Vehicle):
    def __init__(self): self.engine = _models.Engine()
class Lorry(Vehicle): ...
'''
INIT = """
from .models import Car, Engine, Lorry, Vehicle, Wheel
from .enums import Kind, Color
from .enums import Shade
__all__ = ["Car", "Color", "Engine", "Kind", "Lorry", "Shade", "Vehicle", "Wheel"]
__all__.extend([])
"""
ENUMS = "class Kind(str): ...\nclass Color(str): ...\nclass Shade(str): ...\n"


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"Car"}, ["Car", "Engine", "Kind", "Vehicle", "Wheel"]),
        ({"Lorry"}, ["Kind", "Lorry", "Vehicle", "Wheel"]),
        ({"Wheel", "no class of these"}, ["Wheel"]),
    ],
)
def test_a_model_stays_with_all_that_it_names(wanted: set[str], kept: list[str]) -> None:
    made = shaken({"init": INIT, "models": MODELS, "enums": ENUMS}, wanted)
    lines = [line for text in made.values() for line in text.splitlines()]
    classes = {line.split("(")[0].removeprefix("class ") for line in lines if line.startswith("class ")}
    assert sorted(classes) == kept
    assert f"__all__ = {kept!r}" in made["init"]
    imports = [line.split("import ")[1] for line in made["init"].splitlines() if "import" in line]
    imported = {name for line in imports for name in line.split(", ")}
    assert sorted(imported) == kept
    for text in made.values():
        compile(text, "made", "exec")
