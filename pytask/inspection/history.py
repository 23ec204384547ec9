"""The Dockerfile instructions that made an image.

Source: https://github.com/opencontainers/image-spec/blob/main/config.md
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHELLS = frozenset({"sh", "ash", "bash", "dash", "zsh"})
_RUNS_TEXT = re.compile(r"-\w*c")
_ARGUMENTS = re.compile(r"\|\d+ ")
_LONGEST_INSTRUCTION = 160


def instructions(history: Sequence[Mapping[str, Any]], layers: int) -> list[str]:
    """Return the instruction that made each of `layers` layers; empty when the image does not say.

    History entries that made no layer are skipped.
    """
    made = [str(entry.get("created_by") or "") for entry in history if not entry.get("empty_layer")]
    return [instruction_of(maker) for maker in made] if len(made) == layers else [""] * layers


def instruction_of(created_by: str) -> str:
    """Return a history entry as the Dockerfile instruction, in one line.

    BuildKit writes `RUN /bin/sh -c npm ci # buildkit`, the legacy builder `/bin/sh -c npm ci` and
    `/bin/sh -c #(nop) COPY dir:… in /app`; both put build arguments in front as `|1 NAME=value`.
    """
    text = created_by.strip().removesuffix("# buildkit").strip()
    command = text.removeprefix("RUN ")
    if (given := _given_to_a_shell(command)) is not None:
        text = f"RUN {given.strip()}"
    elif _ARGUMENTS.match(command):
        text = "RUN …"  # The end of the arguments is unknown, and their values may be secret.
    text = text.removeprefix("RUN #(nop)").strip()
    text = re.sub(r"\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}\b", r"\1:\2", " ".join(text.split()))
    return text if len(text) <= _LONGEST_INSTRUCTION else f"{text[: _LONGEST_INSTRUCTION - 1]}…"


def _given_to_a_shell(command: str) -> str | None:
    """Return the text after a shell's `-c`; None when the command does not start a shell.

    This goes word by word, because a regular expression for it would take quadratic time.
    """
    words = command.split(" ")
    last = len(words) if _ARGUMENTS.match(command) else 1
    shell = next((at for at, word in enumerate(words[:last]) if word.rpartition("/")[2] in _SHELLS), None)
    if shell is None:
        return None
    behind = next((at for at, word in enumerate(words[shell:-1], shell) if _RUNS_TEXT.fullmatch(word)), None)
    return None if behind is None else " ".join(words[behind + 1 :])
