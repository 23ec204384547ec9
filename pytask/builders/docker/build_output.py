"""How `docker build` ended, from its output: Docker's last message and the block of the failed step.

A line that an instruction printed has a prefix from BuildKit, which tells it from a line of Docker's: the step's number
(`#7 0.52 …`) or, in the block at the end, the time (`0.52 …`).
Sources: https://github.com/moby/buildkit/blob/master/util/progress/progressui/printer.go,
https://github.com/moby/buildkit/blob/master/util/progress/progressui/display.go and
https://github.com/moby/buildkit/blob/master/solver/errdefs/source.go
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.errors.foreign import beginning, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BLOCK = "------"
_SHORTEST_RULE = 8
"""Minimum number of dashes: a line around an excerpt of the Dockerfile has twenty, one around a step's block six."""
_REMEMBERED = 60
_LONGEST_LINE = 400
_LONGEST_MESSAGE = LONGEST_LINE = 1_500
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
_CUT_OFF = frozenset({"eof", "unexpected eof"})
"""All that a docker command before 23 says when its engine is killed (seen with 20.10)."""
_NO_FAILURES = ("importing cache manifest", "[internal] importing cache", "inferring ")
"""Steps whose error does not end a build: a missing `--cache-from` reference is ignored."""
_AFTERWARDS = ("view build details:", "what's next:", "learn more", "see 'docker")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnd:
    """How a build ended, in Docker's own words."""

    message: str
    """Docker's last message, `ERROR: failed to solve: …`, with its continuation lines; empty when there is none."""
    step: str = ""
    """The step that failed: `[build 2/4] RUN npm ci`."""
    reason: str = ""
    """BuildKit's reason for the step's failure; usually the end of the message."""
    printed: tuple[str, ...] = ()
    """The last lines that the step printed."""
    place: str = ""
    """File and line, `Dockerfile:12`."""
    instruction: str = ""
    """The instruction at that place; only the first line of a long one."""
    warnings: tuple[str, ...] = ()
    """Docker's warnings about the Dockerfile."""

    @property
    def said(self) -> str:
        """Everything that Docker itself says about the failure."""
        return self.message if not self.reason or self.reason in self.message else f"{self.reason}\n{self.message}"


@dataclass(slots=True)
class _Step:
    """One BuildKit step, as read so far."""

    name: str = ""
    error: str = ""
    cancelled: bool = False
    printed: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


@dataclass(slots=True)
class _Seen:
    """What has been read so far."""

    steps: dict[str, _Step] = field(default_factory=dict)
    blocks: dict[str, deque[str]] = field(default_factory=dict)
    """The last lines that failed steps printed, by step name."""
    loose: list[str] = field(default_factory=list)
    """Lines that belong to no step or block, since the last line that did."""
    place: str = ""
    instruction: str = ""
    warnings: list[str] = field(default_factory=list)
    in_block: str = ""
    classic_step: str = ""
    """The last instruction of the legacy builder, which does not number lines."""


def build_end(lines: Iterable[str]) -> BuildEnd:
    """Return how a build ended, from the lines it printed; the last few hundred are enough. Never raises."""
    seen = _Seen()
    before = ""
    for line in lines:
        text = line.rstrip()
        _take(seen, shortened(text, LONGEST_LINE), before)
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
        seen.blocks[seen.in_block].append(beginning(_untimed(line), _LONGEST_LINE))
    else:
        _take_loose(seen, line)


def _take_step(seen: _Seen, number: str, text: str) -> None:
    """Take a line `#7 …`; older versions print the step's number in an unfinished block too."""
    step = seen.steps.setdefault(number, _Step())
    if seen.in_block:
        seen.blocks[seen.in_block].append(beginning(_untimed(text), _LONGEST_LINE))
        return
    seen.loose.clear()
    if text.startswith("ERROR: "):
        step.error = text.removeprefix("ERROR: ")
    elif text == "CANCELED":
        step.cancelled = True
    elif (printed := _untimed(text)) != text:
        step.printed.append(beginning(printed, _LONGEST_LINE))
    elif not step.name:
        step.name = text


def _take_rule(seen: _Seen, line: str, before: str) -> None:
    """Take a line of dashes: the edge of a block, or of the excerpt below the place."""
    if line == _BLOCK and seen.loose and not (seen.in_block or seen.steps or seen.blocks):
        # The end of a block whose start was cut off.
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
        seen.warnings.append(beginning(line.removeprefix(" - "), _LONGEST_LINE))
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
        reason=beginning(step.error, _LONGEST_MESSAGE),
        printed=tuple(line.rstrip() for line in printed if line.strip())[-_REMEMBERED:],
        place=seen.place,
        instruction=seen.instruction,
        warnings=tuple(seen.warnings[-_REMEMBERED:]),
    )


def _failed(seen: _Seen, message: str) -> _Step:
    """Return the step that ended the build: the last one with a block at the end, or else with an error."""
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
    # Without Docker's last message, the output was cut off: the step that printed last was the one running.
    last = [step for step in seen.steps.values() if step.printed] if not message else []
    return last[-1] if last else _Step(name=seen.classic_step)


def _message(loose: Sequence[str], *, structured: bool) -> tuple[str, list[str]]:
    """Return Docker's last message, and the lines before it that belong to no step.

    In output without recognizable steps, `ERROR: ` may also come from pip.
    """
    begins = next((number for number, line in enumerate(loose) if _is_dockers(line)), None)
    if begins is None and structured:
        begins = max((number for number, line in enumerate(loose) if line.startswith("ERROR: ")), default=None)
    if begins is None:
        return "", list(loose)
    further = [line for line in loose[begins + 1 :] if not line.strip().lower().startswith(_AFTERWARDS)]
    told = [loose[begins].strip(), *(line.strip() for line in further[:_MOST_FURTHER_LINES])]
    return beginning("\n".join(told), _LONGEST_MESSAGE), list(loose[:begins])


def _is_dockers(line: str) -> bool:
    """Tell whether a line that belongs to no step is Docker's own error."""
    told = line.strip().lower()
    for prefix in ("error: ", "error response from daemon: ", "docker: "):
        told = told.removeprefix(prefix)
    # bake and compose print `target web: failed to solve: …`, and old compose `Service 'web' failed to build: …`.
    named = told.startswith(("target ", "service '")) and "failed to " in told
    return named or told in _CUT_OFF or told.startswith(_SAID_BY_DOCKER)


def _numbered(line: str) -> tuple[str, str] | None:
    """Split `#7 …` into number and text."""
    number, _, text = line.partition(" ")
    return (number, text) if number[:1] == "#" and number[1:].isdigit() else None


def _untimed(text: str) -> str:
    """Return what a step printed, without the time in front of it if there is one."""
    time, _, printed = text.partition(" ")
    whole, _, part = time.partition(".")
    return printed if whole.isdigit() and part.isdigit() else text


def _is_rule(line: str) -> bool:
    return len(line) >= len(_BLOCK) and not line.strip("-")


def _header(line: str, before: str) -> str:
    """Return the step named in a block's first line, ` > [2/4] RUN npm ci:`; empty when none is."""
    told = line.strip()
    if not told.startswith("> ") or not told.endswith(":"):
        return ""
    name = told[2:-1]
    return name if before == _BLOCK or name.startswith(("[", "resolve image config", "importing cache")) else ""


def _is_excerpt(line: str) -> bool:
    """Tell whether a line is from an excerpt of the Dockerfile: `  12 | >>> RUN …`."""
    number, bar, _ = line.partition("|")
    return bool(bar) and number.strip().isdigit()


def _marked(line: str) -> str:
    """Return the instruction in a marked line of the excerpt, `  12 | >>> RUN …`; empty when it is not marked."""
    marked = line.partition("|")[2].strip()
    return marked.removeprefix(">>> ")[:_LONGEST_LINE] if marked.startswith(">>> ") else ""


def _place(line: str) -> str:
    """Return `file:line` when that is the whole line; empty otherwise."""
    file, colon, number = line.strip().rpartition(":")
    return line.strip()[-_LONGEST_LINE:] if colon and file and number.isdigit() else ""
