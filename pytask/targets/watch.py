"""What the verifications of all targets share: the watch over an observer, and the meaning of a smoke test's answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from pytask.cloud.poll import Seen
from pytask.errors.start import SmokeTestFailed
from pytask.model.evidence import Passed, Pending
from pytask.verification import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytask.cloud.poll import Reading
    from pytask.model import Function, SmokeTest, Update, Verification
    from pytask.model.evidence import Evidence
    from pytask.targets.smoke import Answer
    from pytask.verification import Check


class Serving(Protocol):
    """An observation of an app that serves functions."""

    @property
    def listed(self) -> tuple[Function, ...]:
        """The functions listed so far."""

    @property
    def answer(self) -> Reading[Answer]:
        """The response to the smoke test."""


S = TypeVar("S", bound=Serving)
S_co = TypeVar("S_co", bound=Serving, covariant=True)


class Observer(Protocol[S_co]):
    """Fetches what is still open and keeps what was seen."""

    @property
    def seen(self) -> S_co:
        """What is known so far."""

    def observe(self) -> S_co:
        """Return what is known after one more round."""


def watch(observer: Observer[S], checks: Sequence[Check[S]], seconds: float) -> Watch[S]:
    """Return the watch over an observer; its verification also tells the functions and the smoke test's answer."""

    def with_what_it_serves(verification: Verification) -> Verification:
        answer = observer.seen.answer
        told = answer.value.text if isinstance(answer, Seen) else ""
        return replace(verification, functions=observer.seen.listed, answer=told)

    return Watch(observe=observer.observe, checks=checks, seconds=seconds, complete=with_what_it_serves)


def judge_answer(update: Update, test: SmokeTest, answer: Answer) -> Evidence:
    """Return what the answer to a smoke test means; an unexpected one may still change until the deadline."""
    told = f"GET {test.path} → {answer.text}"
    if answer.expected:
        return Passed(told)
    failure = SmokeTestFailed(
        app=update.app.title,
        reference=update.reference,
        path=test.path,
        wanted=", ".join(test.statuses),
        answer=answer.text,
    )
    return Pending(reason=told, at_deadline=failure)
