"""A command that a message offers to copy holds foreign text as one word: nothing in it is for a shell to run."""

from __future__ import annotations

import shlex
import string
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dev.documents import catalogue, cause_type
from pytask.access.setup import AppIdentity
from pytask.agent.commands import disarm
from pytask.errors import OneOfSeveral, TaskFailure, render
from pytask.errors.base import facts_of
from pytask.errors.foreign import shell_word
from pytask.model import ByHand
from pytask.targets.site.identity import identity_command
from pytask.targets.site.site import az_flags
from tests.scripted import found_site
from tests.unit.test_errors import LAYER, kinds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = [
    "$(touch x)",
    "`touch x`",
    "a; rm -rf /",
    "a' b",
    'a" | sh',
    "a\nrm x",
    "a\rrm x",
    "a && b",
    "-x > y",
    "##vso[task.complete]",
]
COMMANDS = ("az ", "docker ")
FAILURES = [failure for failures in catalogue().values() for failure in failures]
_MARK = "FACT"


def templates(failure: type[TaskFailure]) -> Iterator[str]:
    """Return the texts of a failure that have commands."""
    yield failure.fix
    if issubclass(failure, OneOfSeveral):
        yield from (one.fix for one in cause_type(failure))


def in_commands(template: str) -> Iterator[tuple[str, str]]:
    """Return the facts within the commands of a text, and whether they are quoted (`q`)."""
    before = ""
    for text, name, _, conversion in string.Formatter().parse(template):
        before += text
        begin = max(before.rfind(f" {word}") for word in COMMANDS)
        command = f" {before}"[begin:] if begin >= 0 or before.startswith(COMMANDS) else ""
        goes_on = command and not any(end in command for end in (";", ":", " (", ")", ", ", " and "))
        if name and goes_on and ("--" in command or command.split()[-2:-1] or command.endswith(" ")):
            yield name, conversion or ""
        before += _MARK if name else ""


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: one.code)
def test_a_fact_in_a_command_is_quoted(failure: type[TaskFailure]) -> None:
    assert [name for text in templates(failure) for name, way in in_commands(text) if way != "q"] == []


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: one.code)
def test_a_hostile_fact_stays_one_word_and_one_line_and_commands_no_agent(failure: type[TaskFailure]) -> None:
    for hostile, made in ((text, made) for text in HOSTILE for made in examples(failure, text)):
        fix = made.tell(made.fix)
        for word in quoted(made):
            assert shell_word(str(made[word])) in fix or shell_word(str(made[word])) in made.tell(made.cause)
        assert shlex.split(shell_word(hostile)) == [" ".join(hostile.split())]
        lines = render(made).split("\n")
        assert not any("##vso[" in disarm(line) for line in lines)
        assert not any(line.startswith(("rm ", "##")) for line in lines)


def quoted(failure: TaskFailure) -> set[str]:
    """Return the facts that the fix of a failure holds as words of a command."""
    text = failure.known.fix if isinstance(failure, OneOfSeveral) else failure.fix
    return {name for _, name, _, conversion in string.Formatter().parse(text) if name and conversion == "q"}


def examples(failure: type[TaskFailure], text: str) -> Iterator[TaskFailure]:
    values: dict[str, object] = {
        "str": text,
        "int": 3,
        "float": 1.5,
        "bool": True,
        "tuple[ForeignLayer, ...]": (LAYER,),
        "tuple[str, ...]": (text,),
    }
    kinds = {name: kinds_of(failure)[name] for name in facts_of(failure)}
    causes = list(cause_type(failure)) if issubclass(failure, OneOfSeveral) else [None]
    for one in causes:
        own = {cause_type(failure).__name__: one} if issubclass(failure, OneOfSeveral) else {}
        yield failure(**{name: {**values, **own}[kind] for name, kind in kinds.items()})


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_commands_of_a_run_hold_names_as_one_word_each(hostile: str) -> None:
    one_word = " ".join(hostile.split())
    flags = shlex.split(az_flags(hostile, hostile, hostile))
    assert flags == ["--name", one_word, "--resource-group", one_word, "--slot", one_word]
    site = replace(found_site(), name=hostile, slot=hostile, resource_group=hostile)
    assigned = shlex.split(identity_command(site, AppIdentity(resource_id=hostile)))
    assert assigned.count(one_word) == 4
    assert len(assigned) == 12


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_no_reference_has_no_place_in_a_command(hostile: str) -> None:
    by_hand = ByHand(use_image="az functionapp config container set --image", restart="")
    assert by_hand.use(hostile) == "az functionapp config container set --image <image>"
    assert by_hand.use(f"contoso.azurecr.io/shop:{hostile}").endswith(" <image>")
    assert by_hand.use(f"contoso.azurecr.io/shop@{hostile}").endswith(" <image>")
    assert by_hand.use("contoso.azurecr.io/shop:7").endswith(" contoso.azurecr.io/shop:7")
