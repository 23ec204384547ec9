"""The stages of a run that need Azure's and Docker's libraries; importing this loads them."""

from __future__ import annotations

from pytask.stages.app import check, confirm, deploy, is_unchanged, judge, roll_back_app, verify
from pytask.stages.image import look_into, look_into_build, push
from pytask.stages.let_pull import let_pull
from pytask.stages.look_ahead import look_ahead

__all__ = [
    "check",
    "confirm",
    "deploy",
    "is_unchanged",
    "judge",
    "let_pull",
    "look_ahead",
    "look_into",
    "look_into_build",
    "push",
    "roll_back_app",
    "verify",
]
