"""What every failure has: a stable code, what happened, the cause and the fix."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from pytask.errors.foreign import shortened

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:  # noqa: D103 - what typing has from Python 3.11 on
        return lambda kind: kind


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
class TaskFailure(Exception):
    """A failure that was foreseen; its subclasses together are the catalogue.

    A subclass is a dataclass: its fields are the facts, its class attributes are the texts, with `{fact}` where a fact
    belongs. Texts are never composed anywhere else.
    """

    code: ClassVar[str]
    """Kebab-case, unique and stable: people search for it and pipelines may depend on it."""
    title: ClassVar[str]
    """One sentence that names the thing."""
    happened: ClassVar[str]
    """The observed fact."""
    cause: ClassVar[str]
    """Why, in the terms of the person who reads it."""
    fix: ClassVar[str]
    """What that person can do: imperative, naming the input, the setting or the command."""
    link: ClassVar[str] = ""
    """A page that explains more, besides the catalogue itself."""
    leaves_open: bool = False
    """Whether what was being done when it happened may have been done all the same: by the kind of failure, or by
    what went before this one."""

    def __new__(cls, **_facts: object) -> Self:
        """Make the class a dataclass when it is first needed: all of them, at each start, would take 30 ms."""
        facts_of(cls)
        return super().__new__(cls)

    def tell(self, template: str) -> str:
        """Return a text of the catalogue with this failure's facts filled in."""
        return template.format_map(vars(self))

    def __str__(self) -> str:
        return f"{self.code}: {self.tell(self.title)}"


_LONGEST_ROW = 8_000
_making = Lock()


def facts_of(kind: type[TaskFailure]) -> tuple[str, ...]:
    """Return the names of the facts that a kind of failure has."""
    with _making:
        for one in reversed(kind.__mro__):
            if issubclass(one, TaskFailure) and one is not TaskFailure and "__dataclass_fields__" not in vars(one):
                dataclass(kw_only=True, eq=False)(one)
        return tuple(fact.name for fact in fields(kind))  # type: ignore[arg-type] # by now it is a dataclass


class AzureFailure(TaskFailure):
    """A failure that Azure itself reported, with what its support asks for."""

    correlation_id: str = ""


class Cause(Enum):
    """One of several causes that a failure with one code can have: the cause, its fix, and a page of its own."""

    def __init__(self, cause: str, fix: str, link: str = "") -> None:
        self.cause = cause
        self.fix = fix
        self.link = link


class OneOfSeveral(TaskFailure):
    """A failure whose cause and fix depend on what was seen; each kind says which causes it knows."""

    known: Cause
    known_cause: str = field(init=False)
    known_fix: str = field(init=False)
    cause = "{known_cause}"
    fix = "{known_fix}"

    def __post_init__(self) -> None:
        self.known_cause = self.tell(self.known.cause)
        self.known_fix = self.tell(self.known.fix)


class ManyFailures(Exception):
    """Several failures found together, so that all can be fixed in one go."""

    def __init__(self, failures: tuple[TaskFailure, ...]) -> None:
        super().__init__("; ".join(map(str, failures)))
        self.failures = failures


class Cancelled(BaseException):
    """The agent asked the task to stop; a `BaseException` so that no handler of ordinary failures takes it."""


def render(failure: TaskFailure, state: str = "") -> str:
    """Return the failure as a person reads it, several lines; `state` says how things are left."""
    rows = [
        ("happened", failure.tell(failure.happened)),
        ("cause", failure.tell(failure.cause)),
        ("fix", failure.tell(failure.fix)),
        ("state", state),
        ("docs", _docs(failure)),
    ]
    return "\n".join([str(failure), *(_row(name, text) for name, text in rows if text)])


def _docs(failure: TaskFailure) -> str:
    correlation = failure.correlation_id if isinstance(failure, AzureFailure) else ""
    of_the_cause = failure.known.link if isinstance(failure, OneOfSeveral) else ""
    parts = [
        f"docs/troubleshooting.md#{failure.code}",
        of_the_cause or failure.link,
        correlation and f"correlation id {correlation}",
    ]
    return " · ".join(part for part in parts if part)


def _row(name: str, text: str) -> str:
    """Return one row; text of others may be of any size, so it is cut here at the latest."""
    first, *others = shortened(text, _LONGEST_ROW).splitlines() or [""]
    return "\n".join([f"  {name:<9} {first}", *(" " * 12 + line for line in others)])
