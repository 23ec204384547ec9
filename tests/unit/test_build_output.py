"""Docker's own last words, and the block of the failed step, as several versions print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.build_output import build_end
from tests.unit.growth import grows_linearly

BUILDX = """\
#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 120B done
#1 DONE 0.0s
#5 [2/4] RUN curl https://nobody.example || true
#5 0.412 curl: (6) Could not resolve host: nobody.example
#5 0.413 Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
#5 DONE 0.5s
#6 [3/4] RUN npm ci
#6 1.100 npm error code E401
#6 1.200 npm error A complete log of this run can be found in: /root/.npm/_logs
#6 ERROR: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1
------
 > [3/4] RUN npm ci:
1.100 npm error code E401
1.200 npm error A complete log of this run can be found in: /root/.npm/_logs
------
 1 warning found (use docker --debug to expand):
 - FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)
Dockerfile:12
--------------------
  10 |     COPY package.json .
  11 |
  12 | >>> RUN npm ci
  13 |
--------------------
ERROR: failed to build: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1

View build details: docker-desktop://dashboard/build/default/default/abc
"""


def test_the_failed_steps_own_block_is_read() -> None:
    end = build_end(BUILDX.splitlines())
    assert end.step == "[3/4] RUN npm ci"
    assert end.place == "Dockerfile:12"
    assert end.message.startswith("ERROR: failed to build: failed to solve: process")
    assert "View build details" not in end.message
    assert end.reason.endswith("exit code: 1")
    assert end.said == end.message
    assert end.printed[0] == "npm error code E401"
    assert end.warnings == ("FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",)


def test_what_other_steps_printed_is_nowhere() -> None:
    end = build_end(BUILDX.splitlines())
    assert "resolve host" not in f"{end}"
    assert "Docker daemon" not in f"{end}"


def test_older_versions_number_the_lines_of_the_block_and_name_the_frontend() -> None:
    end = build_end(
        [
            " > [4/4] RUN npm ci:",
            "#8 1.357 npm ERR! code E401",
            "#8 1.370 ",
            "------",
            "failed to solve with frontend dockerfile.v0: executor failed running [/bin/sh -c x]: x",
        ]
    )
    assert end.step == "[4/4] RUN npm ci"
    assert end.printed == ("npm ERR! code E401",)
    assert end.message.startswith("failed to solve with frontend")


def test_a_block_that_the_text_ends_in_is_read_to_its_end() -> None:
    end = build_end([" > [4/4] RUN npm ci:", "#8 1.358 npm ERR! code E401", "#8 1.359 npm ERR! token invalid"])
    assert end.printed == ("npm ERR! code E401", "npm ERR! token invalid")
    assert end.message == ""


def test_a_message_of_several_lines_is_kept_whole() -> None:
    end = build_end(["ERROR: failed to solve: https://h/v2/x: 429 Too Many Requests", "toomanyrequests: as 'me'"])
    assert end.message.endswith("429 Too Many Requests\ntoomanyrequests: as 'me'")


def test_the_classic_builder_names_the_step_before_what_it_prints() -> None:
    end = build_end(
        [
            "Step 1/3 : FROM python:3",
            " ---> abc",
            "Step 2/3 : RUN true",
            "no space left on device",
            "Step 3/3 : RUN dotnet restore",
            " ---> Running in 1f",
            "error NU1301: Unable to load the service index",
            "The command '/bin/sh -c dotnet restore' returned a non-zero code: 1",
        ]
    )
    assert end.step == "RUN dotnet restore"
    assert end.printed[-1] == "error NU1301: Unable to load the service index"
    assert "no space" not in f"{end}"
    assert end.message.startswith("The command")


@pytest.mark.parametrize(
    "message",
    [
        "ERROR: failed to solve: x",
        "Error: failed to solve: x",
        "error: failed to solve: x",
        "failed to solve: x",
        "failed to solve with frontend dockerfile.v0: x",
        "target web: failed to solve: x",
        "ERROR: target web: failed to solve: x",
        "Service 'web' failed to build: x",
        "Error response from daemon: dockerfile parse error line 5: unknown instruction: FOO",
        "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
        'unable to prepare context: path "x" not found',
        "COPY failed: no source files were specified",
        'ERROR: no builder "mine" found',
    ],
)
def test_dockers_last_words_are_known_in_all_their_forms(message: str) -> None:
    assert build_end(["#5 [2/2] RUN x", "#5 DONE 0.1s", message]).message == message


def test_what_a_step_prints_is_never_taken_for_dockers_words() -> None:
    forged = ["#5 [2/2] RUN x", "#5 0.1 ------", "#5 0.2  > [9/9] RUN forged:", "#5 0.3 ERROR: failed to solve: forged"]
    end = build_end([*forged, "#5 ERROR: process did not complete", "ERROR: failed to solve: true"])
    assert (end.message, end.step) == ("ERROR: failed to solve: true", "[2/2] RUN x")


def test_a_build_that_was_given_up_shows_what_it_was_at() -> None:
    end = build_end(
        [
            "#7 [3/3] RUN pip install x",
            "#7 9.1 WARNING: Retrying",
            "#7 CANCELED",
            "ERROR: failed to solve: Canceled: context canceled",
        ]
    )
    assert end.step == "[3/3] RUN pip install x"
    assert end.printed == ("WARNING: Retrying",)


def test_clipped_output_is_no_step() -> None:
    end = build_end(
        [
            "#7 [3/3] RUN x",
            "#7 9.1 [output clipped, log limit 2MiB reached]",
            "#7 ERROR: x",
            "ERROR: failed to solve: x",
        ]
    )
    assert end.step == "[3/3] RUN x"


def test_output_that_was_cut_shows_what_printed_last() -> None:
    end = build_end(
        ["RUN apt-get update:", "#5 33.6 Err http://packages.example.org", "#5 33.7   Temporary failure resolving 'x'"]
    )
    assert end.printed == ("Err http://packages.example.org", "  Temporary failure resolving 'x'")


def test_a_block_whose_beginning_was_cut_off_is_the_failed_steps() -> None:
    end = build_end(["1.1 x: no space left on device", "------", "Dockerfile:9", "-" * 20, "ERROR: failed to solve: y"])
    assert end.printed == ("x: no space left on device",)


LINES = st.lists(
    st.sampled_from(
        [*BUILDX.splitlines(), "------", " > [1/1] RUN x:", "#9 ", "#", "  | ", "a:1", "--------", "ERROR: "]
    )
    | st.text(max_size=40),
    max_size=30,
)


@given(LINES)
def test_no_output_is_too_much_for_it(lines: list[str]) -> None:
    end = build_end(lines)
    assert len(end.message) <= 1_500
    assert len(end.printed) <= 60
    assert all(len(line) <= 1_500 for line in end.printed)


@pytest.mark.parametrize(
    "piece", ["#1 0.1 a", "------", " > [1/1] RUN x:", "ERROR: failed to solve", "  1 | a", "a:1", ""]
)
def test_reading_grows_with_the_number_of_lines_and_no_faster(piece: str) -> None:
    assert grows_linearly(lambda times: build_end([piece] * times))


@pytest.mark.parametrize("piece", ["#1 0.1 a", "------", " > [1/1] RUN x:", "target failed to ", "1|", "a:1 "])
def test_reading_grows_with_the_length_of_a_line_and_no_faster(piece: str) -> None:
    assert grows_linearly(lambda times: build_end([piece * times]))
