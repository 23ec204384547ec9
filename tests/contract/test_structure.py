"""The rules of the house that a machine can hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PRODUCT = Path(__file__).parent.parent.parent / "pytask"
MODULES = sorted(PRODUCT.rglob("*.py"))

# From the top down: a module imports from its own layer's package or from layers below it, never from above.
LAYERS = [
    {"__main__"},
    {"edge"},
    {"run"},
    {"build_stage"},
    {"stages"},
    {"swap"},
    {"rollouts"},
    {"rollout"},
    {"rollback"},
    {"release"},
    {"report"},
    {"inputs", "job"},
    {"targets"},
    {"verification"},
    {"access"},
    {"inspection"},
    {"builders"},
    {"registry"},
    {"cloud"},
    {"agent", "background"},
    {"network"},
    {"journal"},
    {"model", "clock", "decode"},
    {"errors"},
    {"__init__"},
]
# Each library of a vendor, and each part of the world outside, is touched in one room.
ROOMS_OF = {
    "azure.identity": {"cloud"},
    "azure.core": {"cloud"},
    "azure.devops": {"agent"},
    "msrest": {"agent"},
    "docker": {"builders"},
    "requests": {"network"},
    "urllib3": {"network"},
    "certifi": {"network"},
    "ssl": {"network"},
    "socket": {"network", "builders"},
    "subprocess": {"builders", "cloud"},
    "azure.mgmt": {"cloud", "targets"},
    "signal": {"__main__", "edge", "builders"},
    "time": {"clock"},
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def room(path: Path) -> str:
    relative = path.relative_to(PRODUCT)
    return relative.parts[0].removesuffix(".py")


def layer(name: str) -> int:
    return next(number for number, rooms in enumerate(LAYERS) if name in rooms)


def imports(path: Path, *, at_run_time: bool = False) -> Iterator[str]:
    """Return every module that a file imports; with `at_run_time` without those only the type checker sees."""
    tree = parsed(path)
    skipped = {id(node) for block in _typing_blocks(tree) for node in ast.walk(block)} if at_run_time else set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _typing_blocks(tree: ast.AST) -> Iterator[ast.If]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield node


def ident(path: Path) -> str:
    return path.relative_to(PRODUCT.parent).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_imports_go_one_way(path: Path) -> None:
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "pytask" and len(parts) > 1 and parts[1] not in {"__version__", "DOCS", room(path)}:
            assert layer(parts[1]) > layer(room(path)), f"{ident(path)} imports {name}"
        assert parts[0] != "tests"


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_each_library_of_a_vendor_is_touched_in_its_own_room(path: Path) -> None:
    for name in imports(path, at_run_time=True):
        for library, rooms in ROOMS_OF.items():
            if name == library or name.startswith(f"{library}."):
                assert room(path) in rooms, f"{ident(path)} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_the_environment_and_stdout_are_touched_at_the_edge_only(path: Path) -> None:
    touched = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    calls = {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)}
    if room(path) not in {"__main__", "edge"}:
        assert not touched & {"os.environ", "os.getenv", "sys.stdout", "sys.stderr", "sys.exit"}
    assert "print" not in calls


# Modules that read JSON which a person or the Docker command has written on this machine; `decode` reads all else.
OWN_JSON = {
    "builders/docker/arguments.py",
    "builders/docker/cli.py",
    "builders/docker/configuration.py",
    "inputs/image.py",
    "targets/site/setting_forms.py",
    "targets/site/site_properties.py",
}


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_json_of_others_is_read_in_one_room(path: Path) -> None:
    calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
    of_answers = [one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr == "json"]
    reads = {"json.load", "json.loads", "json.JSONDecoder"}
    of_texts = [one for one in calls if ast.unparse(one.func) in reads] + [one for one in imports(path) if one in reads]
    assert not of_answers
    assert not of_texts or path.relative_to(PRODUCT).as_posix() in {"decode.py", *OWN_JSON}


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_the_product_knows_no_local_azure(path: Path) -> None:
    text = path.read_text().lower()
    assert "sandbox" not in text
    assert "local azure" not in text


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") < 300
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, f"{node.name} in {ident(path)}"


def test_the_whole_run_fits_on_a_screen() -> None:
    assert (PRODUCT / "run.py").read_text().count("\n") < 100


def test_the_build_waits_for_no_library_of_a_vendor() -> None:
    seen: set[Path] = set()
    waiting = [PRODUCT / "__main__.py", PRODUCT / "edge.py"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for name in _top_level_imports(path):
            library = name.split(".")[0]
            assert library in sys.stdlib_module_names | {"pytask", "__future__"}, f"{ident(path)} loads {name}"
            waiting += [file for file in _files_of(name) if file not in seen]


def _top_level_imports(path: Path) -> Iterator[str]:
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files_of(name: str) -> list[Path]:
    """Return the product's files that importing a name executes."""
    parts = name.split(".")[1:] if name.startswith("pytask.") else []
    paths = [PRODUCT.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    return [file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()]


def _texts(path: Path) -> Iterator[str]:
    """Return the strings that a module works with, its docstrings left out."""
    tree = parsed(path)
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # docstrings and those of fields
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_how_a_site_names_its_image_is_known_in_one_module(path: Path) -> None:
    if room(path) != "errors":  # whose texts name the property to people
        written = [text for text in _texts(path) if "linuxFxVersion" in text or "DOCKER|" in text]
        assert not written or ident(path) == "pytask/targets/site/site.py", written


@pytest.mark.parametrize(
    "name", ["run", "build_stage", "swap", "rollouts", "rollout", "rollback", "verification", "journal", "job"]
)
def test_the_run_knows_no_kind_of_target(name: str) -> None:
    paths = [path for path in MODULES if room(path) == name]
    assert paths
    assert not [name for path in paths for name in imports(path) if name.startswith("pytask.targets.site")]
    assert not [text for path in paths for text in _texts(path) if "Microsoft.Web" in text]


def test_only_the_job_knows_which_builder_there_is() -> None:
    knowing = {
        ident(path)
        for path in MODULES
        if room(path) not in {"builders", "inputs", "report"}
        for name in imports(path)
        if name.startswith(("pytask.builders.docker", "pytask.builders.acr"))
        and not name.startswith("pytask.builders.docker.asking")
    }
    assert knowing == {"pytask/job.py"}


def test_a_build_begins_before_any_library_of_azure_is_loaded() -> None:
    script = (
        "import sys\n"
        "from pytask import run\n"
        "class Job:\n"
        "    machine = None\n"
        "    def find_builder(self, machine): raise KeyError\n"
        "class Plan:\n"
        "    acr = None\n"
        "for command in (run.build, run.build_and_push, run.build_push_deploy):\n"
        "    try: command(Job(), Plan())\n"
        "    except KeyError: pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'azure', 'msrest', 'requests'}])\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=PRODUCT.parent, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "[]\n"
