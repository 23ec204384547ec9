"""Which stages of a Dockerfile a build needs, and which of them a cache must keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.stages import stages_of, stages_to_keep, unnamed
from pytask.builders.docker.syntax import parse_dockerfile


def kept(*lines: str, target: str = "", **arguments: str) -> list[str]:
    stages = stages_of(parse_dockerfile("\n".join(lines)), arguments)
    return [stage.shown for stage in stages_to_keep(stages, target)]


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["FROM a", "RUN b"], ["stage-0"]),
        (["FROM a AS build", "RUN b", "FROM a", "COPY --from=build /x /x"], ["build", "stage-1"]),
        (["FROM a AS build", "RUN b", "FROM a", "COPY --from=0 /x /x"], ["build", "stage-1"]),
        (["FROM a AS Build", "RUN b", "FROM a as final", "COPY --chown=1 --from=BUILD /x /x"], ["build", "final"]),
        (["FROM a AS b", "RUN b", "FROM b AS c", "RUN c", "FROM a", "COPY --from=c / /"], ["c", "stage-2"]),
        (["FROM a AS deps", "RUN b", "FROM deps"], ["stage-1"]),
        (["FROM a AS deps", "RUN b", "FROM a", "RUN --mount=type=bind,from=deps,target=/d c"], ["deps", "stage-1"]),
        (["FROM a AS tests", "RUN b", "FROM a", "RUN c"], ["stage-1"]),
        (["FROM a AS tools", "FROM a", "COPY --from=tools /x /x"], ["stage-1"]),
        (["FROM a AS deps", "RUN b", "FROM deps AS alias", "FROM a", "COPY --from=alias / /"], ["alias", "stage-2"]),
        (["FROM a AS deps", "RUN b", "FROM deps", "RUN c", "FROM a", "COPY --from=1 / /"], ["deps", "stage-2"]),
        (["ARG S=b", "FROM a AS b", "RUN b", "FROM ${S} AS c", "FROM a", "COPY --from=c / /"], ["c", "stage-2"]),
        (["FROM a AS x", "RUN b", "FROM a AS y", "COPY --from=mcr.microsoft.com/x / /"], ["y"]),
        ([], []),
    ],
)  # fmt: skip
def test_the_last_layers_of_every_stage_that_is_needed_are_kept(lines: list[str], names: list[str]) -> None:
    assert kept(*lines) == names


def test_a_target_needs_only_what_it_needs() -> None:
    lines = ["FROM a AS one", "RUN b", "FROM a AS two", "RUN c", "FROM a", "COPY --from=one / /", "COPY --from=two / /"]
    assert kept(*lines, target="two") == ["two"]
    assert kept(*lines, target="TWO") == ["two"]
    assert kept(*lines, target="three") == []


def test_a_build_argument_chooses_the_stage() -> None:
    lines = ["ARG KIND=release", "FROM a AS debug", "RUN b", "FROM a AS release", "RUN c", "FROM $KIND"]
    assert kept(*lines, target="") == ["stage-2"]
    assert kept(*lines[:-1], "FROM a", "COPY --from=release / /") == ["release", "stage-2"]


def test_a_stage_that_cannot_be_named_is_told() -> None:
    stages = stages_of(parse_dockerfile("FROM a\nRUN b\nFROM a\nCOPY --from=0 / /"), {})
    assert [one.shown for one in unnamed(stages, "")] == ["stage-0"]


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    stages = stages_of(parse_dockerfile(f"FROM a\n{text}"), {})
    assert stages_to_keep(stages, "") is not None
