"""The base classes of failures: a stable code, what happened, the cause and the fix."""

from __future__ import annotations

import string
from contextlib import contextmanager
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pytask import DOCS
from pytask.errors.foreign import shell_word, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import dataclass_transform

    @dataclass_transform(kw_only_default=True, eq_default=False)
    class _CheckedFacts(Exception):
        """Makes the type checker compare the facts of each call with the annotations of the class."""

else:
    _CheckedFacts = Exception


class _Filling(string.Formatter):
    """Fills facts into a text, and quotes those that stand in a command: people copy it into their shells."""

    def convert_field(self, value: Any, conversion: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """Return a fact as one word in one line for `!q`."""
        if conversion == "q":
            return shell_word(str(value))
        return super().convert_field(value, conversion)


_FILLING = _Filling()


class TaskFailure(_CheckedFacts):
    """An expected failure; the subclasses form the catalogue.

    A subclass's annotations are its facts, passed by keyword; one with a default is optional. Values derived from facts
    are properties. The other class attributes are the texts, with `{fact}` for each fact. Texts are never composed
    anywhere else. These are not dataclasses: creating about 150 of them would slow each start by 30 ms.
    """

    code: ClassVar[str]
    """Kebab-case, unique and stable: people search for it and pipelines may depend on it."""
    title: ClassVar[str]
    """One sentence that names the failure and its object."""
    happened: ClassVar[str]
    """The observed fact."""
    cause: ClassVar[str]
    """Why it happened, in the reader's terms."""
    fix: ClassVar[str]
    """What the reader can do: imperative, naming the input, the setting or the command."""
    link: ClassVar[str] = ""
    """A page that explains more than the catalogue."""
    leaves_open = False
    """Whether the interrupted change may have taken effect anyway, by the kind of failure or by what came before it.
    It is not a fact, so it has no annotation."""

    def __init__(self, **facts: object) -> None:
        super().__init__()
        vars(self).update(facts)
        known = facts_of(type(self))
        unknown = facts.keys() - known
        missing = [fact for fact in known if not hasattr(self, fact)]
        if unknown or missing:
            raise TypeError(f"{type(self).__name__}: unknown facts {sorted(unknown)}, missing facts {missing}")

    def tell(self, template: str) -> str:
        """Return a text of the catalogue with this failure's facts filled in; `{fact!q}` is a word of a command."""
        facts: Any = self  # it is asked for facts by name only
        told: str = _FILLING.vformat(template, (), facts)
        return told

    def __getitem__(self, name: str) -> object:
        """Return a fact or property by its name in the texts."""
        return getattr(self, name)

    def __str__(self) -> str:
        # In one line: otherwise the text after a line end in a foreign name would look like ours.
        return f"{self.code}: {' '.join(self.tell(self.title).splitlines())}"


_LONGEST_ROW = 8_000


def facts_of(kind: type[TaskFailure]) -> tuple[str, ...]:
    """Return the names of the facts that a kind of failure has."""
    annotated = (item for one in reversed(kind.__mro__) for item in getattr(one, "__annotations__", {}).items())
    return tuple(dict.fromkeys(name for name, what in annotated if not what.startswith("ClassVar")))


class AzureFailure(TaskFailure):
    """A failure that Azure reported, with the correlation ID that Microsoft support asks for."""

    correlation_id: str = ""


class Cause(Enum):
    """One of several causes of a failure with one code: the cause, its fix, and a page about it."""

    def __init__(self, cause: str, fix: str, link: str = "") -> None:
        self.cause = cause
        self.fix = fix
        self.link = link


class OneOfSeveral(TaskFailure):
    """A failure whose cause and fix depend on the facts; each subclass has its own enum of causes."""

    cause = "{known_cause}"
    fix = "{known_fix}"

    @cached_property
    def known(self) -> Cause:
        """The cause in this case: a fact of the subclass, or derived from its facts."""
        raise AttributeError("known")

    @property
    def known_cause(self) -> str:
        """The text of the known cause."""
        return self.tell(self.known.cause)

    @property
    def known_fix(self) -> str:
        """The fix for the known cause."""
        return self.tell(self.known.fix)


@contextmanager
def once_sent() -> Iterator[None]:
    """Have each failure of a block leave open whether the change that was sent before it has taken effect."""
    try:
        yield
    except (TaskFailure, Cancelled) as failure:
        failure.leaves_open = True
        raise


@contextmanager
def only_reading() -> Iterator[None]:
    """Have no failure of a block leave anything open, whatever the method of its calls: it changes nothing."""
    try:
        yield
    except (TaskFailure, Cancelled) as failure:
        failure.leaves_open = False
        raise


class ManyFailures(Exception):
    """Several failures found together, so that all can be fixed at once."""

    def __init__(self, failures: tuple[TaskFailure, ...]) -> None:
        super().__init__("; ".join(map(str, failures)))
        self.failures = failures


class Declined(Exception):
    """Something was not done, by a decision made before anything was sent."""


class Cancelled(BaseException):
    """The agent asked the task to stop; a `BaseException`, so that no handler of ordinary failures catches it."""

    def __init__(self, *, leaves_open: bool = True) -> None:
        super().__init__()
        self.leaves_open = leaves_open
        """Whether a change that was being made may have taken effect."""


def render(failure: TaskFailure, state: str = "") -> str:
    """Return the failure's text of several lines; `state` is its row of that name."""
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
        f"{DOCS}/troubleshooting.md#{failure.code}",
        of_the_cause or failure.link,
        correlation and f"correlation ID {correlation}",
    ]
    return " · ".join(part for part in parts if part)


def _row(name: str, text: str) -> str:
    """Return one row, shortened here at the latest, because foreign text may have any length."""
    first, *others = shortened(text, _LONGEST_ROW).splitlines() or [""]
    return "\n".join([f"  {name:<9} {first}", *(" " * 12 + line for line in others)])
