"""Dockerfiles with the stages and COPYs of real Function Apps, on a stand-in base, with a slow step that never changes.

The shapes are those of https://learn.microsoft.com/azure/azure-functions/functions-how-to-custom-container and of the
templates in https://github.com/Azure/azure-functions-core-tools. `RUN` of a slow step prints a mark when it runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.images import BASE

if TYPE_CHECKING:
    from pathlib import Path

RAN = re.compile(r"^#\d+ [\d.]+ ran slowly", re.MULTILINE)
"""What a slow step prints; the instruction itself is printed in another form."""
_APP = "/home/site/wwwroot"


def _slow(name: str, seconds: float) -> str:
    work = f"mkdir -p /out && head -c 3000000 /dev/urandom > /out/{name}"
    return f'RUN echo "ran"" slowly" && sleep {seconds:g} && {work}'


def _quick(name: str) -> str:
    return f"RUN mkdir -p /out && cp -r /src /out/{name}"


def shapes(seconds: float) -> dict[str, list[str]]:
    """Return the Dockerfiles by name; slow steps take so many seconds."""
    base, workdir, lock = f"FROM {BASE}", "WORKDIR /src", "COPY lock ./"
    return {
        "three": [
            *(f"{base} AS packages", workdir, lock, _slow("packages", seconds)),
            *("FROM packages AS compile", "COPY source ./", _quick("compiled")),
            *(base, "COPY --from=packages /out /packages", f"COPY --from=compile /out/compiled {_APP}"),
            f"COPY source {_APP}/source",
        ],
        "node": [
            *(f"{base} AS deps", workdir, lock, _slow("production", seconds)),
            *(f"{base} AS build", workdir, lock, _slow("development", seconds), "COPY . .", _quick("dist")),
            *(base, f"WORKDIR {_APP}", lock, "COPY --from=deps /out ./node_modules", "COPY --from=build /out ./dist"),
        ],
        "python": [
            *(f"{base} AS build", "COPY lock /", _slow("packages", seconds)),
            *(base, f"COPY --from=build /out {_APP}/.python_packages", f"COPY . {_APP}"),
        ],
        "dotnet": [
            *(f"{base} AS sdk", workdir, "FROM sdk AS restore", lock, _slow("packages", seconds)),
            *("FROM restore AS publish", "COPY . .", _quick("published")),
            *(f"{base} AS final", f"ENV AzureWebJobsScriptRoot={_APP}", f"COPY --from=publish /out {_APP}"),
        ],
        "java": [
            *(f"{base} AS build", workdir, lock, _slow("offline", seconds), "COPY source ./source", _quick("target")),
            *(base, f"COPY --from=build /out {_APP}"),
        ],
    }


def write(folder: Path, lines: list[str], number: int) -> None:
    """Write a checkout whose source differs from that of another number."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text("\n".join([*lines, ""]))
    (folder / "lock").write_text("the packages\n")
    (folder / "source").write_text(f"{number}\n")
