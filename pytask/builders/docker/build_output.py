"""What the output of `docker build` says of its end: Docker's own last words, and the block of the step that failed.

What an instruction prints is told apart from what Docker says: BuildKit puts the step's number (`#7 0.52 …`) or, in the
block at the end, the time (`0.52 …`) before every line of it.
Sources: https://github.com/moby/buildkit/blob/master/util/progress/progressui/printer.go,
https://github.com/moby/buildkit/blob/master/util/progress/progressui/display.go and
https://github.com/moby/buildkit/blob/master/solver/errdefs/source.go
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BLOCK = "------"
_SHORTEST_RULE = 8
"""Dashes: those around the excerpt of the Dockerfile are twenty, those around a step's block six."""
_REMEMBERED = 60
_LONGEST_LINE = 400
_LONGEST_MESSAGE = 1_500
_MOST_FURTHER_LINES = 12
_SAID_BY_DOCKER = (
    "failed to solve",
    "failed to build",
    "failed to receive status",
    "failed to fetch",
    "failed to read dockerfile",
    "failed to create llb",
    "failed to process",
    "failed to load",
    "dockerfile parse error",
    "unable to prepare context",
    "copy failed",
    "add failed",
    "error during connect",
    "error response from daemon",
    "cannot connect to the docker",
    "permission denied while trying to connect",
    "failed to connect to the docker",
    "unknown flag",
    "unknown shorthand flag",
    "the command '",
    "pull access denied",
    "invalid reference format",
    "no space left on device",
    "executor failed running",
    "rpc error:",
    "get https://",
    'get "https://',
    'head "https://',
    "manifest for ",
    "manifest unknown",
    "toomanyrequests: ",
    "the --",
    "invalid from flag value",
    "failed to reach build target",
    "cannot locate specified dockerfile",
    "received unexpected http status",
    "buildkit is enabled but",
)
_NO_FAILURES = ("importing cache manifest", "[internal] importing cache", "inferring ")
"""Steps whose error does not end a build: a reference of `--cache-from` that is not there is passed over."""
_AFTERWARDS = ("view build details:", "what's next:", "learn more", "see 'docker")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnd:
    """How a build ended, in Docker's words."""

    message: str
    """Docker's last words, `ERROR: failed to solve: …`, with the lines they go on in; empty when it has none."""
    step: str = ""
    """The step that failed: `[build 2/4] RUN npm ci`."""
    reason: str = ""
    """Why, as BuildKit says it of the step; mostly the message's own end."""
    printed: tuple[str, ...] = ()
    """What the step printed last."""
    place: str = ""
    """File and line, `Dockerfile:12`."""
    instruction: str = ""
    """The instruction there, as the Dockerfile has it; of a long one the first line."""
    warnings: tuple[str, ...] = ()
    """What Docker found to warn of in the Dockerfile."""

    @property
    def said(self) -> str:
        """All that Docker itself says of the failure."""
        return self.message if not self.reason or self.reason in self.message else f"{self.reason}\n{self.message}"


@dataclass(slots=True)
class _Step:
    """One step of BuildKit's, as far as it was seen."""

    name: str = ""
    error: str = ""
    cancelled: bool = False
    printed: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


@dataclass(slots=True)
class _Seen:
    """What was read so far."""

    steps: dict[str, _Step] = field(default_factory=dict)
    blocks: dict[str, deque[str]] = field(default_factory=dict)
    """What failed steps printed last, by the step's name."""
    loose: list[str] = field(default_factory=list)
    """Lines that belong to nothing, since the last that did."""
    place: str = ""
    instruction: str = ""
    warnings: list[str] = field(default_factory=list)
    in_block: str = ""
    classic_step: str = ""
    """The last instruction of a builder before BuildKit, which numbers no lines."""


def build_end(lines: Iterable[str]) -> BuildEnd:
    """Return how a build ended, from the lines it printed; the last some hundred are enough. Never raises."""
    seen = _Seen()
    before = ""
    for line in lines:
        text = line.rstrip()
        _take(seen, text[:_LONGEST_MESSAGE], before)
        before = text
    return _ended(seen)


def _take(seen: _Seen, line: str, before: str) -> None:
    if numbered := _numbered(line):
        _take_step(seen, *numbered)
    elif _is_rule(line):
        _take_rule(seen, line, before)
    elif name := _header(line, before):
        seen.in_block = name
        seen.blocks[name] = deque(maxlen=_REMEMBERED)
        seen.loose.clear()
    elif _is_excerpt(line):
        seen.loose.clear()
        seen.instruction = seen.instruction or _marked(line)
    elif seen.in_block and not _is_dockers(line):
        seen.blocks[seen.in_block].append(_untimed(line)[:_LONGEST_LINE])
    else:
        _take_loose(seen, line)


def _take_step(seen: _Seen, number: str, text: str) -> None:
    """Take a line `#7 …`; in a block without an end, older versions print the step's number too."""
    step = seen.steps.setdefault(number, _Step())
    if seen.in_block:
        seen.blocks[seen.in_block].append(_untimed(text)[:_LONGEST_LINE])
        return
    seen.loose.clear()
    if text.startswith("ERROR: "):
        step.error = text.removeprefix("ERROR: ")
    elif text == "CANCELED":
        step.cancelled = True
    elif (printed := _untimed(text)) != text:
        step.printed.append(printed[:_LONGEST_LINE])
    elif not step.name:
        step.name = text


def _take_rule(seen: _Seen, line: str, before: str) -> None:
    """Take a line of dashes: the edge of a block, or of the excerpt that the place stands above."""
    if line == _BLOCK and seen.loose and not (seen.in_block or seen.steps or seen.blocks):
        # The end of a block whose beginning was cut off.
        seen.blocks[""] = deque(map(_untimed, seen.loose), maxlen=_REMEMBERED)
    seen.in_block = ""
    if line != _BLOCK and len(line) >= _SHORTEST_RULE and (place := _place(before)):
        seen.place = place
    if line == _BLOCK or seen.place:
        seen.loose.clear()


def _take_loose(seen: _Seen, line: str) -> None:
    seen.in_block = ""
    if line.startswith("Step ") and " : " in line:
        seen.classic_step = line.partition(" : ")[2][:_LONGEST_LINE]
        seen.loose.clear()
        return
    if line.startswith(" - ") and "(line " in line:
        seen.warnings.append(line.removeprefix(" - ")[:_LONGEST_LINE])
    elif line.strip():
        seen.loose.append(line)
        del seen.loose[: -2 * _REMEMBERED]


def _ended(seen: _Seen) -> BuildEnd:
    message, before = _message(seen.loose, structured=bool(seen.steps or seen.blocks or seen.place))
    step = _failed(seen, message)
    printed = tuple(step.printed) or tuple(before if not seen.steps else ())
    return BuildEnd(
        message=message,
        step=step.name,
        reason=step.error[:_LONGEST_MESSAGE],
        printed=tuple(line.rstrip() for line in printed if line.strip())[-_REMEMBERED:],
        place=seen.place,
        instruction=seen.instruction,
        warnings=tuple(seen.warnings[-_REMEMBERED:]),
    )


def _failed(seen: _Seen, message: str) -> _Step:
    """Return the step that ended the build: of those with a block at the end, else with an error, the last."""
    by_name = {step.name: step for step in seen.steps.values() if step.name}
    unnamed = next((step for step in reversed(seen.steps.values()) if step.error and not step.name), _Step())
    for name, printed in reversed(seen.blocks.items()):
        if not name.startswith(_NO_FAILURES):
            known = by_name.get(name, unnamed)
            lines = known.printed if len(known.printed) > len(printed) else printed
            return _Step(name=name, error=known.error, printed=lines)
    wrong = [step for step in seen.steps.values() if step.error and not step.name.startswith(_NO_FAILURES)]
    if wrong:
        return wrong[-1]
    stopped = [step for step in seen.steps.values() if step.cancelled]
    if stopped and "context canceled" in message.lower():
        return stopped[-1]
    # Output that was cut before Docker's last words: what printed last is what it was at.
    last = [step for step in seen.steps.values() if step.printed] if not message else []
    return last[-1] if last else _Step(name=seen.classic_step)


def _message(loose: Sequence[str], *, structured: bool) -> tuple[str, list[str]]:
    """Return Docker's last words, and the lines before them that nobody can be told to have printed.

    Where no step can be told apart, `ERROR: ` may as well be pip's.
    """
    begins = next((number for number, line in enumerate(loose) if _is_dockers(line)), None)
    if begins is None and structured:
        begins = max((number for number, line in enumerate(loose) if line.startswith("ERROR: ")), default=None)
    if begins is None:
        return "", list(loose)
    further = [line for line in loose[begins + 1 :] if not line.strip().lower().startswith(_AFTERWARDS)]
    told = [loose[begins].strip(), *(line.strip() for line in further[:_MOST_FURTHER_LINES])]
    return "\n".join(told)[:_LONGEST_MESSAGE], list(loose[:begins])


def _is_dockers(line: str) -> bool:
    """Tell whether a line that no step printed is Docker's own error."""
    told = line.strip().lower()
    for prefix in ("error: ", "error response from daemon: ", "docker: "):
        told = told.removeprefix(prefix)
    # `target web: failed to solve: …` is bake's and compose's form, `Service 'web' failed to build: …` the old one's.
    named = told.startswith(("target ", "service '")) and "failed to " in told
    return named or told.startswith(_SAID_BY_DOCKER)


def _numbered(line: str) -> tuple[str, str] | None:
    """Split `#7 …` into number and text."""
    number, _, text = line.partition(" ")
    return (number, text) if number[:1] == "#" and number[1:].isdigit() else None


def _untimed(text: str) -> str:
    """Return what a step printed without the time before it; the text itself where no time is."""
    time, _, printed = text.partition(" ")
    whole, _, part = time.partition(".")
    return printed if whole.isdigit() and part.isdigit() else text


def _is_rule(line: str) -> bool:
    return len(line) >= len(_BLOCK) and not line.strip("-")


def _header(line: str, before: str) -> str:
    """Return the step that a block's first line names: ` > [2/4] RUN npm ci:`."""
    told = line.strip()
    if not told.startswith("> ") or not told.endswith(":"):
        return ""
    name = told[2:-1]
    return name if before == _BLOCK or name.startswith(("[", "resolve image config", "importing cache")) else ""


def _is_excerpt(line: str) -> bool:
    """Tell whether a line shows the Dockerfile: `  12 | >>> RUN …`."""
    number, bar, _ = line.partition("|")
    return bool(bar) and number.strip().isdigit()


def _marked(line: str) -> str:
    """Return the instruction in a line of the excerpt that is marked: `  12 | >>> RUN …`."""
    marked = line.partition("|")[2].strip()
    return marked.removeprefix(">>> ")[:_LONGEST_LINE] if marked.startswith(">>> ") else ""


def _place(line: str) -> str:
    """Return `file:line` when a line is nothing else."""
    file, colon, number = line.strip().rpartition(":")
    return line.strip()[-_LONGEST_LINE:] if colon and file and number.isdigit() else ""
