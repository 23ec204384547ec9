"""Where the shim looks for Python on Windows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.contract.shim.programs import in_tool_cache, run
from tests.contract.tiny_task import installed_python, wrapper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.agent.agent import Agent

    MakeAgent = Callable[..., Agent]


def test_on_windows_programs_end_in_exe_and_the_store_is_not_opened(
    windows: Callable[..., Agent], tmp_path: Path
) -> None:
    store = wrapper(tmp_path, "#!/bin/sh\necho the Store opens\n", "python.exe") / "bin"
    store = store.rename(tmp_path / "Microsoft\\WindowsApps")
    good = installed_python(tmp_path / "good", "python.exe")
    installed_python(tmp_path / "good", "python3")
    assert run(windows(store, good / "bin"), None).log == f"ran on {good}/bin/python.exe"


def test_on_windows_python_location_is_the_folder_itself(windows: Callable[..., Agent], tmp_path: Path) -> None:
    good = installed_python(tmp_path / "good", "python.exe")
    assert run(windows(), good / "bin").log == f"ran on {good}/bin/python.exe"


@pytest.mark.parametrize("code", [0, 103])
def test_on_windows_the_launcher_is_asked_for_python_3(
    windows: Callable[..., Agent], tmp_path: Path, code: int
) -> None:
    launcher = wrapper(
        tmp_path / "windows",
        f"""\
        #!{sys.executable}
        import os, sys
        assert sys.argv[1:3] == ["-3", "-I"], sys.argv
        os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[2:]]) if {code} == 0 else sys.exit({code})
        """,
        "py.exe",
    )
    agent = windows(launcher / "bin")
    cached = in_tool_cache(agent, "3.11.2") / "python.exe"
    cached.symlink_to(sys.executable)
    expected = sys.executable if code == 0 else cached
    assert run(agent, None).log == f"ran on {expected}"
