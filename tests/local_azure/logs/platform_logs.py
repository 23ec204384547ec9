"""Which platform log a site gets. Rules only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.logs.classic_log import ClassicLog
from tests.local_azure.logs.log_2025 import Log2025

if TYPE_CHECKING:
    from tests.local_azure.logs.platform_log import Dialect, PlatformLog


def new_log(dialect: Dialect, name: str, *, second: float = 0.05) -> PlatformLog:
    """Return an empty log; what varies in it does so by `name`. A second of the platform takes `second` seconds."""
    if dialect == "2025":
        return Log2025(name=name, second=second)
    return ClassicLog(name=name, second=second, raw=dialect == "classic_raw")
