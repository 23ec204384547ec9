"""The stages of a run that need Azure's and Docker's libraries; importing this loads them."""

from __future__ import annotations

from pytask.stages.app import check, confirm, deploy, is_unchanged, judge, roll_back_app, verify
from pytask.stages.image import look_into, look_into_build, push
from pytask.stages.preflight import preflight
from pytask.stages.set_up_pull_access import set_up_pull_access

__all__ = [
    "check",
    "confirm",
    "deploy",
    "is_unchanged",
    "judge",
    "look_into",
    "look_into_build",
    "preflight",
    "push",
    "roll_back_app",
    "set_up_pull_access",
    "verify",
]
