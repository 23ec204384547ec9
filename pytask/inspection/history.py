"""What made an image, as the Dockerfile has it.

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
    """Return the instruction that made each of so many layers, empty where the image does not tell.

    The entries of the history that made no layer are passed over.
    """
    made = [str(entry.get("created_by") or "") for entry in history if not entry.get("empty_layer")]
    return [instruction_of(maker) for maker in made] if len(made) == layers else [""] * layers


def instruction_of(created_by: str) -> str:
    """Return an entry of an image's history as the Dockerfile has it, in one line.

    BuildKit writes `RUN /bin/sh -c npm ci # buildkit`, the older builder `/bin/sh -c npm ci` and
    `/bin/sh -c #(nop) COPY dir:… in /app`; either puts build arguments in front as `|1 NAME=value`.
    """
    text = created_by.strip().removesuffix("# buildkit").strip()
    command = text.removeprefix("RUN ")
    if (given := _given_to_a_shell(command)) is not None:
        text = f"RUN {given.strip()}"
    elif _ARGUMENTS.match(command):
        text = "RUN …"  # Where the arguments end cannot be told, and their values may be secret.
    text = text.removeprefix("RUN #(nop)").strip()
    text = re.sub(r"\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}\b", r"\1:\2", " ".join(text.split()))
    return text if len(text) <= _LONGEST_INSTRUCTION else f"{text[: _LONGEST_INSTRUCTION - 1]}…"


def _given_to_a_shell(command: str) -> str | None:
    """Return the text that a shell is given behind `-c`; None where the command is none of a shell.

    Word by word, as an expression for this takes a square of the length.
    """
    words = command.split(" ")
    last = len(words) if _ARGUMENTS.match(command) else 1
    shell = next((at for at, word in enumerate(words[:last]) if word.rpartition("/")[2] in _SHELLS), None)
    if shell is None:
        return None
    behind = next((at for at, word in enumerate(words[shell:-1], shell) if _RUNS_TEXT.fullmatch(word)), None)
    return None if behind is None else " ".join(words[behind + 1 :])
