"""What a failed build means, from what Docker and the failed instruction say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.diagnosis import failure
from pytask.errors import render
from pytask.errors.build import BuildCause, BuildFailed
from pytask.errors.network import HostUnknown
from tests.unit.test_plan import a_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.errors import TaskFailure
    from pytask.model import Recipe

STEP = "[build 2/4] RUN make"
FAILED = 'process "/bin/sh -c make" did not complete successfully: exit code: {}'


def of(*lines: str, recipe: Recipe | None = None) -> TaskFailure:
    return failure(recipe or a_recipe(), 1, lines)


def after(*printed: str, code: int = 1, before: tuple[str, ...] = ()) -> TaskFailure:
    """Return the failure of an instruction that printed something, after another step printed something else."""
    error = FAILED.format(code)
    return of(
        *(f"#5 0.1 {line}" for line in before),
        f"#6 {STEP}",
        *(f"#6 0.{number} {line}" for number, line in enumerate(printed)),
        f"#6 ERROR: {error}",
        "------",
        f" > {STEP}:",
        *(f"0.{number} {line}" for number, line in enumerate(printed[-10:])),
        "------",
        "Dockerfile:7",
        "--------------------",
        "   7 | >>> RUN make",
        "--------------------",
        f"ERROR: failed to solve: {error}",
    )


def said(message: str, recipe: Recipe | None = None) -> BuildFailed:
    told = of(f"ERROR: failed to solve: {message}", recipe=recipe)
    assert isinstance(told, BuildFailed), told
    return told


MISLEADING = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "write /tmp/x: no space left on device",
    "curl: (6) Could not resolve host: nobody.example",
    "exec /bin/x: exec format error",
    "npm error code E401",
    "Killed",
)


@pytest.mark.parametrize("line", MISLEADING)
def test_what_an_earlier_step_printed_is_no_cause(line: str) -> None:
    """Sources: https://github.com/dotnet/Docker.DotNet/issues/414, https://github.com/testcontainers/testcontainers-java/issues/1112."""
    told = after("make: *** No targets.  Stop.", before=(line,) * 20)
    assert isinstance(told, BuildFailed)
    assert told.known is BuildCause.INSTRUCTION
    assert line not in render(told)


@pytest.mark.parametrize("line", MISLEADING)
def test_what_the_step_printed_long_before_it_failed_is_no_cause(line: str) -> None:
    told = after(line, *(f"[{number}/30] compiling" for number in range(30)), "error: expected ';'")
    assert isinstance(told, BuildFailed)
    assert told.known is BuildCause.INSTRUCTION


def test_a_program_that_needs_docker_is_no_engine_that_does_not_run() -> None:
    assert after(MISLEADING[0]).code == "build-failed"


def test_the_command_line_of_a_step_is_no_cause() -> None:
    command = "echo no space left on device; docker info || echo Cannot connect to the Docker daemon; exec format error"
    told = of(f'ERROR: failed to solve: process "/bin/sh -c {command}" did not complete successfully: exit code: 1')
    assert told.code == "build-failed"


def test_where_and_what_failed_and_its_last_lines_are_shown() -> None:
    told = render(after(*(f"line {number}" for number in range(12))))
    assert f"in Dockerfile:7 · {STEP}" in told
    assert "              line 11\n" in told
    assert "line 1\n" not in told


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("write /tmp/x: no space left on device", "agent-disk-full"),
        ("npm error code ENOSPC", "agent-disk-full"),
        ("exec /bin/sh: exec format error", "platform-not-runnable"),
        ("curl: (6) Could not resolve host: packages.example.com", "build-has-no-network"),
        (
            "WARNING: Retrying: NewConnectionError: [Errno -3] Temporary failure in name resolution",
            "build-has-no-network",
        ),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "build-has-no-network"),
        ("E: Temporary failure resolving 'mirror.example.com'", "build-has-no-network"),
        ("npm error getaddrinfo ENOTFOUND registry.example.com", "build-has-no-network"),
        ("error:   The SSL connection could not be established, see inner exception.", "build-has-no-network"),
        ("wget: bad address 'dl-cdn.example.com'", "build-has-no-network"),
        (
            'go: x@v1: Get "https://proxy.example.com/x": dial tcp: lookup proxy.example.com: no such host',
            "build-has-no-network",
        ),
        (
            "fatal: unable to access 'https://x/': SSL certificate problem: unable to get local issuer certificate",
            "build-has-no-network",
        ),
    ],
)
def test_the_last_lines_of_the_failed_step_name_the_cause(printed: str, code: str) -> None:
    told = after("building", printed, "see the log for more")
    assert told.code == code
    assert printed in render(told)


@pytest.mark.parametrize(
    "line",
    [
        "npm ERR! code ECONNREFUSED",
        "npm error code ETIMEDOUT",
        "E: Failed to fetch http://apt.example/x  Could not connect to apt.example:80, connection timed out",
        "WARNING: Ignoring https://dl-cdn.alpinelinux.org/alpine: temporary error (try again later)",
        "error :   Resource temporarily unavailable (api.nuget.org:443)",
        "error NU1301:   The HTTP request to 'GET https://api.nuget.org/v3/index.json' has timed out after 100000ms.",
        "curl: (7) Failed to connect to nodejs.org port 443: Connection timed out",
        "curl: (56) Received HTTP code 407 from proxy after CONNECT",
        "Could not fetch URL https://feed.example/simple/: There was a problem confirming the ssl certificate: x",
        "WARNING: Retrying after connection broken by 'ConnectTimeoutError(<x>, 'timed out. (connect timeout=15)')'",
    ],
)
def test_tools_say_in_their_own_words_that_they_do_not_get_out(line: str) -> None:
    assert after(line, "ERROR: No matching distribution found for x").code == "build-has-no-network"
    alone = of(line, "ERROR: No matching distribution found for x")
    assert alone.code == "build-has-no-network", "pip's own ERROR is not Docker's"


def test_an_instruction_without_a_network_is_told_how_to_get_one() -> None:
    told = render(after("npm error getaddrinfo EAI_AGAIN registry.example.com"))
    assert "HTTPS_PROXY" in told
    assert f"in Dockerfile:7 · {STEP}" in told


@pytest.mark.parametrize(
    ("printed", "code", "cause"),
    [
        ("x", 137, BuildCause.MEMORY),
        ("Killed", 1, BuildCause.MEMORY),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", 134, BuildCause.MEMORY),
        ("c++: fatal error: Killed signal terminated program cc1plus", 1, BuildCause.MEMORY),
        ("npm ERR! code E401", 1, BuildCause.FEED),
        ("error NU1301:   Response status code does not indicate success: 401 (Unauthorized)", 1, BuildCause.FEED),
        ("ERROR: HTTP error 401 while getting https://pkgs.dev.azure.com/x", 1, BuildCause.FEED),
        ("fatal: could not read Username for 'https://dev.azure.com': terminal prompts disabled", 128, BuildCause.FEED),
        ("SyntaxError: invalid syntax", 1, BuildCause.INSTRUCTION),
    ],
)
def test_the_fix_is_that_for_what_the_instruction_printed(printed: str, code: int, cause: BuildCause) -> None:
    told = after(printed, code=code)
    assert isinstance(told, BuildFailed)
    assert told.known is cause
    assert printed in render(told)


def test_out_of_memory_is_told_in_buildkits_own_words_too() -> None:
    """Source: https://github.com/simstudioai/sim/issues/1360."""
    message = (
        'ResourceExhausted: process "/bin/sh -c bun run build" did not complete successfully: cannot allocate memory'
    )
    assert said(message).known is BuildCause.MEMORY


@pytest.mark.parametrize(
    ("message", "cause", "fix"),
    [
        ('target stage "tset" could not be found', BuildCause.STAGE, "buildTarget"),
        ("target stage tset could not be found", BuildCause.STAGE, "buildTarget"),
        ('cannot copy from stage "build", it needs to be defined before current stage "x"', BuildCause.STAGE, "above"),
        (
            "dockerfile parse error on line 3: unknown flag: mount",
            BuildCause.FRONTEND_TOO_OLD,
            "# syntax=docker/dockerfile:1",
        ),
        (
            "dockerfile parse error on line 3: unknown instruction: RUM (did you mean RUN?)",
            BuildCause.DOCKERFILE,
            "correct it",
        ),
        ("dockerfile parse error on line 3: unknown flag: chwon", BuildCause.DOCKERFILE, "correct it"),
        ('failed to parse stage name "python:": invalid reference format', BuildCause.IMAGE_NAME, "buildArgs"),
        ("base name (${BASE}) should not be blank", BuildCause.IMAGE_NAME, "buildArgs"),
        (
            "invalid reference format: repository name (library/Foo) must be lowercase",
            BuildCause.IMAGE_NAME,
            "lowercase",
        ),
        (
            "failed to resolve source metadata for docker.io/a/b:1: no match for platform in manifest: not found",
            BuildCause.PLATFORM_MISSING,
            "imagetools inspect docker.io/a/b:1",
        ),
        (
            "failed to resolve source metadata for docker.io/library/python:9: docker.io/library/python:9: not found",
            BuildCause.IMAGE_MISSING,
            "correct the name or tag",
        ),
        ("secret npmrc: not found", BuildCause.SECRET, "npmrc=$(…)"),
        ("failed to solve: secret npmrc not found: not found", BuildCause.SECRET, "npmrc=$(…)"),
        ("failed to reach build target foo in Dockerfile", BuildCause.STAGE, "buildTarget"),
        ("file with no instructions", BuildCause.DOCKERFILE, "correct it"),
        ("failed to copy: read tcp 10.0.0.1:1->1.1.1.1:443: connection reset by peer", BuildCause.FAILING, "again"),
        ("unknown flag: --foo", BuildCause.FLAG, "input arguments"),
        (
            "python:3: unexpected status from HEAD request to https://docker.io/v2/x: 503 Service Unavailable",
            BuildCause.FAILING,
            "again",
        ),
        ("something new", BuildCause.INSTRUCTION, "correct that instruction"),
    ],
)
def test_the_fix_is_that_for_what_docker_says(message: str, cause: BuildCause, fix: str) -> None:
    told = said(message)
    assert told.known is cause
    assert fix in told.tell(told.fix)
    assert message in told.reason


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ERROR: Cannot connect to the Docker daemon at unix:///x.", "docker-engine-unreachable"),
        ("unexpected EOF", "docker-engine-gone"),
        ("ERROR: unexpected EOF", "docker-engine-gone"),
        (
            "ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
            "docker-engine-gone",
        ),
        (
            "ERROR: failed to receive status: rpc error: code = Unavailable desc = closing transport due to: EOF",
            "docker-engine-gone",
        ),
        (
            'ERROR: failed to build: code = Unavailable desc = connection error: desc = "dial unix /x: refused"',
            "docker-engine-gone",
        ),
        (
            "ERROR: failed to solve: failed to prepare x: mkdir /var/lib/docker/overlay2/x: read-only file system",
            "docker-engine-failing",
        ),
        (
            "ERROR: failed to solve: write /data/containerd/ingest/1/data: disk quota exceeded",
            "agent-disk-full",
        ),
        (
            "ERROR: permission denied while trying to connect to the Docker daemon socket at unix:///x",
            "docker-engine-forbidden",
        ),
        (
            "ERROR: failed to solve: failed to copy files: copy file range failed: no space left on device",
            "agent-disk-full",
        ),
        (
            "ERROR: failed to solve: failed to read dockerfile: open Dockerfile.x: no such file or directory",
            "dockerfile-not-found",
        ),
        ('ERROR: failed to solve: Head "https://h.io/v2/": dial tcp: lookup h.io: no such host', "engine-host-unknown"),
    ],
)
def test_what_no_instruction_did_has_a_code_of_its_own(line: str, code: str) -> None:
    assert of(line).code == code


def test_a_host_that_the_command_was_refused_names_why() -> None:
    refusal = HostUnknown(host="h.io", detail="x", via="directly")
    lines = ['ERROR: failed to solve: failed to fetch oauth token: Post "https://h.io/token": EOF']
    assert failure(a_recipe(), 1, lines, refusals={"h.io": refusal}) is refusal
    elsewhere = ["#5 0.1 wget https://h.io", f"ERROR: failed to solve: {FAILED.format(1)}"]
    assert failure(a_recipe(), 1, elsewhere, refusals={"h.io": refusal}).code == "build-failed"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("failed to copy files: copy file range failed: no space left on device", "agent-disk-full"),
        ("Error processing tar file(exit status 1): write /x: no space left on device", "agent-disk-full"),
        ("Error response from daemon: Cannot locate specified Dockerfile: Dockerfile", "dockerfile-not-found"),
        ("the --mount option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/", "build-failed"),
        ("standard_init_linux.go:219: exec user process caused: exec format error", "platform-not-runnable"),
        (
            "failed to solve: failed to read dockerfile: mkdir /var/lib/docker/x: no space left on device",
            "agent-disk-full",
        ),
    ],
)
def test_words_that_stand_alone_are_understood(line: str, code: str) -> None:
    assert of(line).code == code


def test_the_classic_builder_tells_a_killed_process_by_its_code() -> None:
    told = of("The command '/bin/sh -c npm run build' returned a non-zero code: 137")
    assert isinstance(told, BuildFailed)
    assert told.known is BuildCause.MEMORY


def test_a_build_that_says_nothing_is_told_as_that() -> None:
    assert "it printed nothing" in render(of())


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """Return a checkout with a context below it."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "app" / "Host.json").write_text("")
    (tmp_path / "app" / "secret.env").write_text("")
    (tmp_path / "app" / ".dockerignore").write_text("*.env\n")
    return a_recipe(dockerfile=tmp_path / "app" / "Dockerfile", context=tmp_path / "app", sources=tmp_path)


CHECKSUM = 'failed to compute cache key: failed to calculate checksum of ref a::b: "{}": not found'


@pytest.mark.parametrize(
    ("message", "cause", "told"),
    [
        (CHECKSUM.format("/nowhere.py"), BuildCause.FILE_MISSING, "/nowhere.py is not in it"),
        (CHECKSUM.format("/secret.env"), BuildCause.FILE_HIDDEN, "add the line !/secret.env"),
        (CHECKSUM.format("/requirements.txt"), BuildCause.FILE_ELSEWHERE, "set buildContext to the checkout's root"),
        (CHECKSUM.format("/host.json"), BuildCause.FILE_IN_OTHER_CASE, "has Host.json instead of /host.json"),
        (CHECKSUM.format("/*.csproj"), BuildCause.FILE_MISSING, "/*.csproj is not in it"),
        (CHECKSUM.format("/../x"), BuildCause.FILE_MISSING, "/../x is not in it"),
        (CHECKSUM.format("/\0"), BuildCause.FILE_MISSING, "build context (app)"),
        ('failed to compute cache key: "/nowhere.py" not found: not found', BuildCause.FILE_MISSING, "/nowhere.py"),
        (
            "failed to walk /tmp/buildkit-mount1/src: lstat /tmp/buildkit-mount1/src: no such file or directory",
            BuildCause.FILE_MISSING,
            "/src is not in it",
        ),
        (
            "COPY failed: file not found in build context or excluded by .dockerignore: stat dist: file does not exist",
            BuildCause.FILE_MISSING,
            ".dockerignore",
        ),
        ("COPY failed: forbidden path outside the build context: ../x ()", BuildCause.FILE_OUTSIDE, "../x is outside"),
    ],
)
def test_a_file_that_copy_does_not_find_is_looked_for(
    recipe: Recipe, message: str, cause: BuildCause, told: str
) -> None:
    failed = said(message, recipe)
    assert failed.known is cause
    assert told in failed.tell(failed.cause) + failed.tell(failed.fix)


def test_a_file_that_is_copied_from_a_stage_is_looked_for_there() -> None:
    step = "[final 2/3] COPY --from=build /app/out ."
    message = CHECKSUM.format("/app/out")
    told = of(
        f"#9 {step}", f"#9 ERROR: {message}", "------", f" > {step}:", "------", f"ERROR: failed to solve: {message}"
    )
    assert isinstance(told, BuildFailed)
    assert told.known is BuildCause.FILE_NOT_IN_STAGE
    assert "buildContext" not in told.tell(told.fix)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_output_is_too_much_for_it(first: str, second: str) -> None:
    for lines in ([first, second], [f"#1 {first}", f"ERROR: failed to solve: {second}"], [f"ERROR: {first}", second]):
        assert len(render(failure(a_recipe(), 1, lines))) < 12_000


def test_a_megabyte_on_a_line_is_cut() -> None:
    told = after("x" * 1_000_000)
    assert len(render(told)) < 5_000
