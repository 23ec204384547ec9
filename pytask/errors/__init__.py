"""The catalogue: every failure a person may see, with code, cause and fix.

Nothing outside this package composes such a text. `docs/troubleshooting.md` is generated from here.
"""

from __future__ import annotations

from pytask.errors.base import (
    AzureFailure,
    Cancelled,
    Cause,
    ManyFailures,
    OneOfSeveral,
    TaskFailure,
    render,
)

__all__ = [
    "AzureFailure",
    "Cancelled",
    "Cause",
    "ManyFailures",
    "OneOfSeveral",
    "TaskFailure",
    "render",
]
