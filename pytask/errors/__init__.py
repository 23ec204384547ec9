"""The catalogue: every failure that a person may see, with code, cause and fix.

No code outside this package composes these texts. `docs/troubleshooting.md` is generated from them.
"""

from __future__ import annotations

from pytask.errors.base import (
    AzureFailure,
    Cancelled,
    Cause,
    Declined,
    ManyFailures,
    OneOfSeveral,
    TaskFailure,
    once_sent,
    only_reading,
    render,
)

__all__ = [
    "AzureFailure",
    "Cancelled",
    "Cause",
    "Declined",
    "ManyFailures",
    "OneOfSeveral",
    "TaskFailure",
    "once_sent",
    "only_reading",
    "render",
]
