"""Which platform log a site gets. Rules only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .classic_log import ClassicLog, ClassicRawLog
from .log_2025 import Log2025
from .recorded_2025 import Recorded2025
from .recorded_classic import RecordedClassic
from .weather import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .platform_log import Dialect, PlatformLog
    from .weather import Weather


def new_log(dialect: Dialect, name: str, *, second: float = 0.05, weather: Weather = DEFAULT) -> PlatformLog:
    """Return an empty log; what varies in it does so by `name`. A second of the platform takes `second` seconds."""
    if not weather.recorded_log:
        fair: Mapping[Dialect, type[PlatformLog]] = {
            "classic": ClassicLog,
            "classic_raw": ClassicRawLog,
            "2025": Log2025,
        }
        return fair[dialect]()
    if dialect == "2025":
        return Recorded2025(name=name, second=second)
    return RecordedClassic(name=name, second=second, raw=dialect == "classic_raw")
