"""What a build ran and what it took from a cache, by what it printed; and what a cache saved."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.cache_notes import known_seconds, notes_of
from pytask.builders.docker.steps import Steps, saved

OUTPUT = """#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#5 [packages 1/3] FROM mcr.microsoft.com/base@sha256:0123
#5 DONE 1.0s
#6 [packages 2/3] COPY lock ./
#6 CACHED
#7 [packages 3/3] RUN npm ci
#7 sha256:0123 3.1MB / 3.1MB 0.1s done
#7 CACHED
#8 [linux/amd64 compile 2/3] RUN make
#8 0.512 CACHED
#8 1.2 #6 DONE 99.0s
#8 DONE 12.5s
#9 [stage-2 2/2] COPY --from=compile /out /app
#9 DONE 0.1s
#10 exporting to image
#10 DONE 0.3s
#11 [compile 3/3] RUN never
"""


def steps_of(output: str) -> Steps:
    steps = Steps()
    for line in output.splitlines():
        steps.take(line)
    return steps


def test_each_instruction_that_ended_is_told_with_its_stage() -> None:
    steps = steps_of(OUTPUT)
    assert [(step.stage, step.what) for step in steps.cached] == [
        ("packages", "COPY lock ./"),
        ("packages", "RUN npm ci"),
    ]
    assert [(step.stage, step.seconds) for step in steps.ran] == [("compile", 12.5), ("stage-2", 0.1)]


def test_base_images_are_told_by_the_digest_that_they_had() -> None:
    digests = [f"sha256:{letter * 64}" for letter in "abc"]
    steps = steps_of(
        f"#5 [build 1/4] FROM docker.io/library/node:20@{digests[0]}\n"
        f"#5 resolve docker.io/library/node:20@{digests[0]} done\n"
        f"#6 [linux/amd64 stage-1 1/2] FROM localhost:5000/team/base:1@{digests[1]}\n"
        f"#7 FROM docker.io/library/busybox@{digests[2]}\n"
        f"#8 0.1 FROM evil@{digests[2]}\n"
        "#9 [stage-2 1/1] FROM docker.io/library/known:1\n"
    )
    names = ["docker.io/library/node:20", "localhost:5000/team/base:1", "docker.io/library/busybox"]
    assert steps.bases == dict(zip(names, digests, strict=True))


def test_the_only_stage_has_no_name() -> None:
    (step,) = steps_of("#4 [2/2] RUN make\n#4 DONE 2.0s").ran
    assert (step.stage, step.name) == ("", "RUN make")


def test_a_step_that_is_told_as_cached_and_then_runs_has_run() -> None:
    (step,) = steps_of("#4 [build 2/2] RUN make\n#4 CACHED\n#4 [build 2/2] RUN make\n#4 DONE 2.0s").all
    assert (step.cached, step.seconds) == (False, 2.0)


LOADED = """\
#10 [build 4/6] RUN npm ci
#10 CACHED
#10 [build 4/6] RUN npm ci
#10 sha256:5b5eccdb14e32f9c99d985f6774d04e808f3a9c4a8ffd35327a59d840f1ebc9c 3.00MB / 3.00MB 0.2s done
#10 extracting sha256:62cd2033f6590b90a0f3047f8490a90e4bdae1bae669d131d8dc41e4b2b87630 4.8s done
"""
"""As Docker 28.5 prints it where the next step runs."""


def test_a_cached_step_whose_layers_are_loaded_has_not_run() -> None:
    (step,) = steps_of(f"{LOADED}#10 DONE 5.5s\n#10 [build 4/6] RUN npm ci\n#10 DONE 5.5s").all
    assert (step.cached, step.seconds) == (True, 0.0)


def test_one_that_prints_something_after_its_layers_could_not_be_loaded_has_run() -> None:
    (step,) = steps_of(f"{LOADED}#10 0.312 added 7 packages\n#10 DONE 5.5s").all
    assert (step.cached, step.seconds) == (False, 5.5)


def test_what_a_step_took_is_noted_and_told_when_it_is_cached() -> None:
    first = steps_of("#4 [build 2/3] RUN npm ci\n#4 DONE 61.2s\n#5 [build 3/3] RUN make\n#5 DONE 3.0s")
    noted = json.dumps({"annotations": notes_of(first, {})}).encode()
    second = steps_of("#4 [build 2/3] RUN npm ci\n#4 CACHED\n#5 [build 3/3] RUN make\n#5 DONE 4.0s")
    assert saved(second, known_seconds([noted])) == 61.2
    again = json.dumps({"annotations": notes_of(second, known_seconds([noted]))}).encode()
    assert known_seconds([again]) == {"build RUN npm ci": 61.2, "build RUN make": 4.0}


def test_a_cache_without_readable_notes_tells_nothing() -> None:
    for manifest in (
        b"",
        b"{}",
        b"[]",
        b"<html>",
        b'{"annotations": {"function-app-container-deploy.step-seconds": "[1]"}}',
    ):
        assert known_seconds([manifest]) == {}


@given(st.lists(st.text()))
def test_any_output_is_taken(lines: list[str]) -> None:
    steps = steps_of("\n".join(lines))
    assert len(steps.all) == len(steps.ran) + len(steps.cached)
