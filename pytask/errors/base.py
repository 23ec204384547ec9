"""What every failure has: a stable code, what happened, the cause and the fix."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pytask.errors.foreign import shortened

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    @dataclass_transform(kw_only_default=True, eq_default=False)
    class _CheckedFacts(Exception):
        """Has the type checker hold the facts at each call against the annotations of the failure's class."""

else:
    _CheckedFacts = Exception


class TaskFailure(_CheckedFacts):
    """A failure that was foreseen; its subclasses together are the catalogue.

    The annotations of a subclass are its facts, which are given by name; one with a value may be left out. What follows
    from the facts is a property. The other class attributes are the texts, with `{fact}` where a fact belongs. Texts
    are never composed anywhere else. These are no dataclasses: making some 150 of them would take each start 30 ms.
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
    leaves_open = False
    """Whether what was being done when it happened may have been done all the same: by the kind of failure, or by what
    went before this one. No fact: nobody gives it, so it has no annotation."""

    def __init__(self, **facts: object) -> None:
        super().__init__()
        vars(self).update(facts)
        known = facts_of(type(self))
        unknown = facts.keys() - known
        missing = [fact for fact in known if not hasattr(self, fact)]
        if unknown or missing:
            raise TypeError(f"{type(self).__name__}: unknown facts {sorted(unknown)}, missing facts {missing}")

    def tell(self, template: str) -> str:
        """Return a text of the catalogue with this failure's facts filled in."""
        return template.format_map(self)

    def __getitem__(self, name: str) -> object:
        """Return a fact, or what follows from the facts, as the texts name it."""
        return getattr(self, name)

    def __str__(self) -> str:
        return f"{self.code}: {self.tell(self.title)}"


_LONGEST_ROW = 8_000


def facts_of(kind: type[TaskFailure]) -> tuple[str, ...]:
    """Return the names of the facts that a kind of failure has."""
    annotated = (item for one in reversed(kind.__mro__) for item in getattr(one, "__annotations__", {}).items())
    return tuple(dict.fromkeys(name for name, what in annotated if not what.startswith("ClassVar")))


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

    cause = "{known_cause}"
    fix = "{known_fix}"

    @cached_property
    def known(self) -> Cause:
        """The cause that it was: a fact of the kind, or what the kind concludes from its facts."""
        raise AttributeError("known")

    @property
    def known_cause(self) -> str:
        """Its text."""
        return self.tell(self.known.cause)

    @property
    def known_fix(self) -> str:
        """What to do about it."""
        return self.tell(self.known.fix)


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
