"""The local Azure's platform logs say what published logs say, line by line, with the company that real starts have."""

from __future__ import annotations

import re
import string
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.local_azure.logs import classic_grammar, log_2025_grammar
from tests.local_azure.logs.classic_log import ClassicLog
from tests.local_azure.logs.log_2025 import Log2025
from tests.local_azure.logs.platform_log import Launch, PlatformLog

if TYPE_CHECKING:
    from collections.abc import Iterator

Log = TypeVar("Log", bound=PlatformLog)
CORPUS = Path(__file__).parents[1] / "corpus" / "platform-logs"
DIGEST = "sha256:" + "5f" * 32
BY_TAG, BY_DIGEST = "contoso.azurecr.io/shop:7", f"contoso.azurecr.io/shop@{DIGEST}"
NAMES = [str(number) for number in range(12)]
KINDS: list[type[Log2025 | ClassicLog]] = [Log2025, ClassicLog]
ELSEWHERE = (
    "Container pull image failed with reason",  # https://github.com/Azure/webapps-deploy/issues/455
    "Container pull image interrupted",
    "ContainerCreateFailure",  # inferred
    "restarting",
    "Pulling fs layer",
    "Downloading",
    "Verifying Checksum",
    "Download complete",
    "Err: 0, Message",
    "System.AggregateException",
    "|)",
    "|InnerException",
)
"""Words of lines that no log of the corpus has."""


@cache
def published() -> tuple[str, ...]:
    files = [*CORPUS.glob("*/log.txt"), *(CORPUS.parent / "own").glob("*/log.txt")]
    return tuple(line.rstrip() for file in files for line in file.read_text(errors="replace").splitlines())


def as_pattern(template: str) -> str:
    parts = string.Formatter().parse(template)
    return "".join(re.escape(text) + (".*?" if field is not None else "") for text, field, _, _ in parts)


def lines_2025() -> Iterator[str]:
    for name, value in vars(log_2025_grammar).items():
        for line in value if name.isupper() and isinstance(value, tuple) and name != "KUDU" else ():
            if isinstance(line, log_2025_grammar.State):
                state = f"State: {line.state}, Action: {line.action}, LastError: {{}}, LastErrorTimestamp: {{}}, "
                yield f"{state}LastErrorDetails: {{}}, Details: {line.details}, DetailsLevel: {{}}"
            else:
                yield line


def lines_of_the_classic_form() -> Iterator[str]:
    for name, value in vars(classic_grammar).items():
        if (
            name.startswith("_")
            or not name.isupper()
            or name in {"NEW", "SAME", "SIDECARS", "MIDDLEWARE_DIGEST", "KUDU_STOPPED"}
        ):
            continue
        for line in (value,) if isinstance(value, str) else value:
            yield line.partition(" ")[2] if line.startswith(("INFO ", "WARN ", "ERROR ")) else line


@pytest.mark.parametrize("line", sorted({*lines_2025(), *lines_of_the_classic_form()} - {""}))
def test_every_line_is_one_that_somebody_published(line: str) -> None:
    if any(words in line for words in ELSEWHERE):
        return
    words = max((text for text, *_ in string.Formatter().parse(line.rstrip().removeprefix("|"))), key=len)
    pattern = re.compile(f"(?:^|[ -]|: ){as_pattern(line.rstrip().removeprefix('|'))}$")
    assert any(words in one and pattern.search(one) for one in published()), line


def launch(reference: str = BY_TAG, **more: bool | tuple[str, ...]) -> Launch:
    return Launch(
        site="shop",
        container="shop_3_ab12cd34",
        reference=reference,
        port=80,
        start_time_limit=230,
        shown={"WEBSITE_SITE_NAME": "shop"},
        **more,  # type: ignore[arg-type] # flags and the command
    )


def begun(log: Log, one: Launch, *, fresh: bool = True) -> Log:
    log.pulling(one)
    log.pulled(one, DIGEST, seconds=3, fresh=fresh)
    log.starting(one, DIGEST)
    log.warming_up(one)
    return log


def lines(log: PlatformLog) -> list[str]:
    return [line.lstrip("\ufeff") for line in log.text.split("\n")]


def test_fractions_have_up_to_seven_digits_and_no_zeros_at_their_end() -> None:
    found = [
        line.partition("Z ")[0].partition(".")[2] for name in NAMES for line in lines(begun(_2025(name), launch()))
    ]
    digits = [len(one) for one in found if one]
    assert max(digits) == 7
    assert min(digits) < 7
    assert not any(one.endswith("0") for one in found)


def _2025(name: str) -> Log2025:
    return Log2025(name=name, second=0.0)


def _classic(name: str) -> ClassicLog:
    return ClassicLog(name=name, second=0.0)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_that_is_on_the_machine_has_no_line_that_it_was_pulled(name: str) -> None:
    assert f"Image {BY_TAG} is pulled from registry contoso.azurecr.io" in begun(_2025(name), launch()).text
    cached = begun(_2025(name), launch(), fresh=False).text
    assert f"Image {BY_TAG}" not in cached
    assert f"Creating container with image: {BY_TAG} from registry: contoso.azurecr.io and fully" in cached
    assert "Status: Image is up to date for" in begun(_classic(name), launch(), fresh=False).text


@pytest.mark.parametrize("reference", [BY_TAG, BY_DIGEST])
@pytest.mark.parametrize("name", NAMES)
def test_a_container_is_run_by_what_is_configured(name: str, reference: str) -> None:
    text = begun(_classic(name), launch(reference, command=("python", "main.py"))).text
    run = next(line for line in text.splitlines() if " docker run -d " in line)
    assert run.endswith(f" {reference} python main.py  ")
    assert f"fully qualified image name: {reference}" in begun(_2025(name), launch(reference)).text
    assert DIGEST not in begun(_2025(name), launch(BY_TAG)).text


@pytest.mark.parametrize("name", NAMES)
def test_the_platforms_own_containers_are_ready_whatever_becomes_of_the_app(name: str) -> None:
    one = launch(identity=True, login=True)
    log = begun(_classic(name), one)
    log.exited(one, code=1, seconds=3)
    log.did_not_start(one, last=False)
    text = log.text
    ready = [
        line.split(" for site ")[0].rpartition(" ")[2] for line in text.splitlines() if "is ready to serve" in line
    ]
    assert ready == ["shop_3_ab12cd34_msiProxy", "shop_3_ab12cd34_middleware"]
    assert (
        text.index("has exited")
        < text.index("_middleware for site shop initialized")
        < text.index("didn't respond to HTTP pings")
    )
    runs = [line for line in text.splitlines() if " docker run -d " in line]
    assert len(runs) == 3
    assert "middleware:stage5 /Host.ListenUrl=" in runs[1]


def test_kudu_starts_in_parallel_before_after_the_pull_later_or_not_at_all() -> None:
    log, one, seen = _2025("a"), launch(), set()
    for _ in range(6):
        before = len(log.text)
        begun(log, one)
        at_start = log.text[before:]
        log.ready(one, seconds=3)
        whole = log.text[before:]
        kudu, own = at_start.find("Pulling image: appsvc/kudulite"), at_start.find(f"Pulling image: {BY_TAG}")
        together = kudu >= 0 and at_start.find("_kudu.") > at_start.find("Creating container with image: contoso")
        seen.add(("later" if "kudulite" in whole else "never") if kudu < 0 else together or kudu < own)
        if "kudulite" in whole:
            assert re.search(r"Starting container: [0-9a-f]{12}_shop_kudu\.", whole)
    assert seen == {"later", "never", True, False}


@pytest.mark.parametrize("name", NAMES)
def test_the_old_containers_stop_comes_with_its_own_start_and_after_the_new_ones_ready(name: str) -> None:
    log, old = _2025(name), launch()
    begun(log, old).ready(old, seconds=3)
    log.stopped(old)
    text = log.text
    assert text.index("Site started.") < text.index("State: Stopping, Action: StoppingSite,")
    assert "Details: Site started at " in text[text.index("State: Stopping") :]
    assert text.rstrip().endswith("stopped.")


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_pull_of_2025_names_its_kind_in_the_state_only(name: str) -> None:
    log, one = _2025(name), launch()
    log.pulling(one)
    log.pull_refused(
        one, 'Head "https://contoso.azurecr.io/v2/shop/manifests/7": unauthorized: authentication required'
    )
    log.did_not_start(one, last=False)
    plain = [line for line in lines(log) if "State: " not in line]
    assert any(
        "Container pull image failed with reason: ImagePullFailure. Revert by terminate." in line for line in plain
    )
    assert not any("unauthorized" in line for line in plain)
    assert "LastError: ImagePullUnauthorizedFailure" in log.text


@pytest.mark.parametrize("kind", KINDS)
def test_some_files_have_windows_line_ends_and_some_a_byte_order_mark(
    kind: type[Log2025 | ClassicLog],
) -> None:
    texts = [begun(kind(name=name, second=0.0), launch()).text for name in NAMES]
    assert {"\r\n" in text for text in texts} == {True, False}
    if kind is ClassicLog:
        assert {text.startswith("\ufeff") for text in texts} == {True, False}


@pytest.mark.parametrize("kind", KINDS)
def test_lines_that_are_due_later_come_later_and_in_order(kind: type[Log2025 | ClassicLog]) -> None:
    slow = kind(name="1", second=1000.0)
    one = launch()
    for _ in range(6):
        begun(slow, one).ready(one, seconds=3)
    moments = [line.split(" ")[0] for line in slow.text.splitlines() if line.startswith("20") and line.split(" ")[1:]]
    assert [one[:23].ljust(23, "0") for one in moments] == sorted(one[:23].ljust(23, "0") for one in moments)
