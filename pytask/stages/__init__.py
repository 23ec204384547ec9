"""The parts of a run that need Azure's and Docker's libraries, each loaded on first use or by `load`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytask.inspection.image import inspect_built
    from pytask.rollouts import Rollouts
    from pytask.stages.cache import keep_cache, keeping_cache
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

_HOMES = {
    "Rollouts": "pytask.rollouts",
    "bring_image": "pytask.stages.imports",
    "inspect_built": "pytask.inspection.image",
    "keep_cache": "pytask.stages.cache",
    "keeping_cache": "pytask.stages.cache",
    "preflight_build": "pytask.stages.preflight",
    "preflight_check": "pytask.stages.preflight",
    "preflight_deploy": "pytask.stages.preflight",
    "preflight_push": "pytask.stages.preflight",
    "preflight_push_and_target": "pytask.stages.preflight",
    "preflight_swap": "pytask.stages.preflight",
    "prepare": "pytask.stages.swap",
    "push_image": "pytask.stages.push",
    "swap_as_it_is": "pytask.stages.swap",
}

__all__ = [
    "Rollouts",
    "bring_image",
    "inspect_built",
    "keep_cache",
    "keeping_cache",
    "load",
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
    """Load all parts."""
    for home in sorted(set(_HOMES.values())):
        import_module(home)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any part
    """Return a part by its name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(_HOMES[name]), name)
