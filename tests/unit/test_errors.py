"""The catalogue keeps what it promises: stable codes, whole texts, facts that are told, a test for each failure."""

from __future__ import annotations

import ast
import json
import re
import string
from collections import Counter
from functools import cache, cached_property
from pathlib import Path

import pytest

from dev.documents import SHIM, catalogue, cause_type, causes_of
from pytask.errors import AzureFailure, Cause, OneOfSeveral, TaskFailure, render
from pytask.errors.azure import AzureFailing, AzureFailingCause
from pytask.errors.base import facts_of
from pytask.errors.federation import OidcTokenRefused
from pytask.errors.image import ForeignLayer, Maker

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "pytask"
FAILURES = [failure for failures in catalogue().values() for failure in failures]
TEXTS = ("title", "happened", "cause", "fix")
LAYER = ForeignLayer(
    number=2,
    of=5,
    digest="sha256:0123456789abcdef",
    instruction="COPY . /home/site/wwwroot",
    makers=(Maker.COPY,),
    entry="home/site/wwwroot/host.json",
    user=1_000_000,
    group=0,
    entries=3,
)

# Classes that only gather what their failures share.
SHARED = {base for failure in FAILURES for base in failure.__mro__ if issubclass(base, TaskFailure)} - set(FAILURES)

# Facts that no text tells: `correlation_id` has its place in the row `docs`, `final` says whether to ask again,
# `known` chooses the texts.
UNTOLD = {"correlation_id", "final", "known"}

# What the fix of a failure may begin with, or one of its later clauses. A verb of looking is not enough.
VERBS = re.compile(
    "add|allow|apply|ask|assign|build|change|choose|close|combine|convert|copy|correct|create|declare|define|delete"
    "|deploy|disable|enable|fill|free|give|grant|install|join|keep|leave|let|limit|link|listen|lower|make|fix|merge"
    "|move|name|open|permit|pin|publish|push|put|raise|rebuild|reduce|remove|rename|repeat|replace|restart|run"
    "|scale|send|set|shorten|split|start|stop|swap|switch|take|tell|try|turn|update|upgrade|use|wait|write"
)
# Fixes that only tell where to look. This set may shrink, not grow.
ONLY_LOOKING: set[str] = set()

# Failures that no test names yet. This set may shrink, not grow: a failure comes with its test.
UNTESTED: set[str] = set()


def of(failure: type[TaskFailure]) -> str:
    return failure.code


def kinds_of(failure: type) -> dict[str, str]:
    return {name: kind for one in failure.__mro__ for name, kind in getattr(one, "__annotations__", {}).items()}


def concluded(failure: type) -> set[str]:
    """Return the names of what follows from a failure's facts."""
    properties = (property, cached_property)
    names = {name for one in failure.__mro__ for name, what in vars(one).items() if isinstance(what, properties)}
    return names - set(facts_of(failure))


def facts(template: str) -> set[str]:
    """Return the names between braces."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def told_by(failure: type[TaskFailure]) -> set[str]:
    own = {fact for name in TEXTS for fact in facts(getattr(failure, name))}
    return own | {fact for texts in causes_of(failure) for text in texts for fact in facts(text)}


def an_example(failure: type[TaskFailure], text: str) -> TaskFailure:
    """Return the failure with facts made up; text that is told below the title may have several lines."""
    values: dict[str, object] = {
        "str": text,
        "int": 3,
        "float": 1.5,
        "bool": True,
        "tuple[ForeignLayer, ...]": (LAYER,),
        "tuple[str, ...]": (text,),
    }
    if issubclass(failure, OneOfSeveral):
        values[cause_type(failure).__name__] = next(iter(cause_type(failure)))
    given = {name: kinds_of(failure)[name] for name in facts_of(failure)}
    titled = facts(failure.title)
    return failure(**{name: name if name in titled and kind == "str" else values[kind] for name, kind in given.items()})


def test_codes_are_unique() -> None:
    codes = Counter([failure.code for failure in FAILURES] + [entry.code for entry in SHIM.entries])
    assert [code for code, times in codes.items() if times > 1] == []


@pytest.mark.parametrize("failure", FAILURES, ids=of)
def test_a_code_is_kebab_case(failure: type[TaskFailure]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", failure.code)


@pytest.mark.parametrize("failure", FAILURES, ids=of)
def test_a_failure_has_all_its_texts(failure: type[TaskFailure]) -> None:
    for name in TEXTS:
        text = getattr(failure, name)
        assert text == text.strip()
        assert text, name
        assert not text.endswith("."), f"{name}: the log's rows have no full stop"
    for text in (text for texts in causes_of(failure) for text in texts):
        assert text == text.strip()
        assert not text.endswith("."), f"{text}: the log's rows have no full stop"
    assert "\n" not in failure.title
    assert failure.__doc__
    assert failure.link == "" or re.fullmatch(r"https://\S+", failure.link)


@pytest.mark.parametrize("failure", FAILURES, ids=of)
def test_a_fix_says_what_to_do(failure: type[TaskFailure]) -> None:
    for _, fix in causes_of(failure):
        clauses = re.split(r"[;:,(.]\s*|\b(?:and|or|then|but|else)\s+", fix)
        begins_with = {clause.split()[0].lower() for clause in clauses if clause.split()}
        does = any(map(VERBS.fullmatch, begins_with))
        assert does is (failure.code not in ONLY_LOOKING), f"{fix!r} begins with none of VERBS"


@pytest.mark.parametrize("failure", [one for one in FAILURES if issubclass(one, OneOfSeveral)], ids=of)
def test_each_of_several_causes_is_told_with_facts_that_there_are(failure: type[OneOfSeveral]) -> None:
    known = {*facts_of(failure), *concluded(failure)}
    for one in cause_type(failure):
        assert facts(one.cause) | facts(one.fix) <= known, one
    assert issubclass(cause_type(failure), Cause)


@pytest.mark.parametrize("failure", FAILURES, ids=of)
def test_a_text_tells_only_facts_that_there_are_and_all_of_its_own(failure: type[TaskFailure]) -> None:
    shared = {name for base in SHARED if issubclass(failure, base) for name in (*facts_of(base), *concluded(base))}
    # A text made of facts, as a list of layers is, tells them instead.
    own = (concluded(failure) - shared - UNTOLD or set(facts_of(failure))) - shared
    assert told_by(failure) <= {*facts_of(failure), *concluded(failure)}
    assert own - told_by(failure) <= UNTOLD


def test_a_fact_that_failures_share_is_told_by_one_of_them() -> None:
    for base in SHARED:
        told = {fact for failure in FAILURES if issubclass(failure, base) for fact in told_by(failure)}
        assert set(facts_of(base)) - told <= UNTOLD, base.__name__


@pytest.mark.parametrize("failure", FAILURES, ids=of)
def test_a_failure_is_rendered_in_rows_with_what_follows_indented(failure: type[TaskFailure]) -> None:
    lines = render(an_example(failure, "one line\nand another"), state="done so far\nand by hand").splitlines()
    assert lines[0].startswith(f"{failure.code}: ")
    assert "{" not in "".join(lines)
    row = re.compile(r"  (?=.{10}\S)(happened|cause|fix|state|docs) +\S")
    names = [found.group(1) for line in lines[1:] if (found := row.match(line))]
    assert names == ["happened", "cause", "fix", "state", "docs"]
    others = [line for line in lines[1:] if not row.match(line)]
    assert all(re.match(r" {12} *\S", line) for line in others), others
    assert "            and by hand" in others
    more = lines[-2] + lines[-1]
    assert f"docs/troubleshooting.md#{failure.code}" in more
    assert ("correlation ID one line" in more) is issubclass(failure, AzureFailure)


def test_a_failure_takes_its_own_facts_and_all_of_them() -> None:
    given = {"doing": "find the app", "status": 503, "attempts": 5, "detail": "busy"}
    assert str(AzureFailing(**given)) == "azure-failing: the request to find the app failed"  # type: ignore[arg-type] # as from a dict
    with pytest.raises(TypeError, match=r"missing facts \['status', 'attempts', 'detail'\]"):
        AzureFailing(doing="find the app")  # type: ignore[call-arg] # that is it
    with pytest.raises(TypeError, match=r"unknown facts \['known', 'went'\]"):
        AzureFailing(**given, went="wrong", known=AzureFailingCause.THROTTLED)  # type: ignore[arg-type,call-arg] # that is it
    with pytest.raises(TypeError, match=r"missing facts \['known'\]"):
        OidcTokenRefused(connection="contoso", detail="", final=True)  # type: ignore[call-arg] # that is it


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


OUTSIDE = [path for path in sorted(PRODUCT.rglob("*.py")) if path.parent != PRODUCT / "errors"]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(PRODUCT)))
def test_no_failure_is_worded_outside_the_catalogue(path: Path) -> None:
    names = {failure.__name__: failure for failure in FAILURES}
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ClassDef):
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            assert not bases & {"TaskFailure", *names, *(base.__name__ for base in SHARED)}, (
                f"{node.name} belongs there"
            )
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            assert node.attr not in {*TEXTS, "link"} or names_no_failure(node), f"line {node.lineno} changes a text"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            assert not node.args, f"line {node.lineno}: facts go by their names"
            known = facts_of(names[node.func.id])
            assert {keyword.arg for keyword in node.keywords if keyword.arg} <= set(known)


def names_no_failure(node: ast.Attribute) -> bool:
    """Tell whether an attribute is of the object itself: `self.cause` is no failure's text."""
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def test_every_failure_is_raised_or_named_by_a_test() -> None:
    missing = {failure.code for failure in FAILURES if not named_by_a_test(failure.code, failure.__name__)}
    missing |= {entry.code for entry in SHIM.entries if not named_by_a_test(entry.code)}
    assert not missing - UNTESTED, "these need a test"
    assert not UNTESTED - missing, "these have one, or are gone: take them out of UNTESTED"


def named_by_a_test(code: str, name: str = "") -> bool:
    codes, names = named_in_tests()
    return code in codes or name in names


@cache
def named_in_tests() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of all texts in the tests' sources, and the names that they import from the catalogue."""
    words: set[str] = set()
    names: set[str] = set()
    about_texts = {Path(__file__), ROOT / "tests" / "contract" / "test_documents.py"}
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(parsed(path)) if path not in about_texts else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.update(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+", node.value))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pytask.errors"):
                names.update(alias.name for alias in node.names)
    return frozenset(words | provoked_by_the_corpus()), frozenset(names)


def provoked_by_the_corpus() -> set[str]:
    """Return the codes that a published log or error has to come to."""
    folder = ROOT / "tests" / "corpus"
    paths = [*folder.glob("errors/*.json"), *folder.glob("platform-logs/*/expect.json")]
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    told = "|".join(str(case.get("expect") or case.get("failure") or "") for case in cases)
    return {code for code in told.split("|") if re.fullmatch(r"[a-z-]+", code)}
