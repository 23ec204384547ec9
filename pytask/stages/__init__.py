"""The parts of a run that need Azure's and Docker's libraries, each loaded on first use or by `load`."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytask.inspection.image import inspect_built
    from pytask.rollouts import Rollouts
    from pytask.stages.cache import keep_cache, keeping_cache
    from pytask.stages.connections import open_access
    from pytask.stages.imports import bring_image
    from pytask.stages.preflight import (
        preflight_build,
        preflight_check,
        preflight_deploy,
        preflight_push,
        preflight_push_and_target,
        preflight_swap,
    )
    from pytask.stages.push import push_image
    from pytask.stages.swap import prepare, swap_as_it_is

# In the order in which a run needs them.
_HOMES = {
    "open_access": "pytask.stages.connections",
    "preflight_build": "pytask.stages.preflight",
    "preflight_check": "pytask.stages.preflight",
    "preflight_deploy": "pytask.stages.preflight",
    "preflight_push": "pytask.stages.preflight",
    "preflight_push_and_target": "pytask.stages.preflight",
    "preflight_swap": "pytask.stages.preflight",
    "Rollouts": "pytask.rollouts",
    "prepare": "pytask.stages.swap",
    "swap_as_it_is": "pytask.stages.swap",
    "push_image": "pytask.stages.push",
    "inspect_built": "pytask.inspection.image",
    "bring_image": "pytask.stages.imports",
    "keep_cache": "pytask.stages.cache",
    "keeping_cache": "pytask.stages.cache",
}

__all__ = [
    "Rollouts",
    "bring_image",
    "inspect_built",
    "keep_cache",
    "keeping_cache",
    "load",
    "open_access",
    "preflight_build",
    "preflight_check",
    "preflight_deploy",
    "preflight_push",
    "preflight_push_and_target",
    "preflight_swap",
    "prepare",
    "push_image",
    "swap_as_it_is",
]


def load() -> None:
    """Load all parts, and the kind of target that most runs have."""
    try:
        for home in dict.fromkeys((*_HOMES.values(), "pytask.targets.site.target")):
            import_module(home)
    finally:
        _collect_garbage()


def _collect_garbage() -> None:
    """Enable garbage collection again, for all that is created from now on."""
    if not gc.isenabled():
        if hasattr(gc, "freeze"):  # PyPy has no such function
            gc.freeze()
        gc.enable()


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any part
    """Return a part by its name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(_HOMES[name]), name)
