"""Stand in for typing_extensions: what the libraries take from it while they load is in every Python that can run this.

Loading the library takes time in every run.
"""

from __future__ import annotations

import typing
from contextlib import AbstractContextManager as ContextManager
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypeGuard, runtime_checkable

# In annotations only, and since Python 3.11.
Never: Any = getattr(typing, "Never", Any)
Self: Any = getattr(typing, "Self", Any)

__all__ = [
    "ContextManager",
    "Literal",
    "Never",
    "ParamSpec",
    "Protocol",
    "Self",
    "TypeAlias",
    "TypeGuard",
    "runtime_checkable",
]
