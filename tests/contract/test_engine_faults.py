"""An engine that fails, is full, or is gone while it is needed: what is told, and what is tried again."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from pytask.builders.docker.push import Push
from pytask.clock import Clock, Timeouts
from pytask.errors import TaskFailure, render
from pytask.errors.docker import EngineGone
from pytask.model import BuiltImage
from tests.contract.scripted_engine import (
    DIGEST,
    DONE,
    IMAGE,
    PUSH,
    PUSHED,
    PUSHING,
    REFERS,
    TAGGED,
    a_scripted_engine,
    bytes_of,
    gone,
    refused,
    stream,
    text,
    whole,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.builders.docker.engine import Engine
    from tests.contract.scripted_engine import Answer

REFERENCE = "contoso.azurecr.io/shop:7"
OURS = BuiltImage(references=(REFERENCE,), id=IMAGE["Id"], platform="linux/amd64", size_bytes=1)  # type: ignore[arg-type] # a text
ATTEMPTS = 3
TIMEOUTS = Timeouts(push_attempts=ATTEMPTS, http_first_wait=0.01, http_longest_wait=0.01)


def pushed(engine: Engine) -> str:
    work = Push(
        engine=engine, login=lambda _again: None, ask=lambda: None, clock=Clock(), timeouts=TIMEOUTS, say=lambda _: None
    )
    return work.all(OURS, (REFERENCE,)).digest


def inspected_and_pushed(engine: Engine) -> str:
    assert engine.inspect((REFERENCE,), OURS.id) == OURS
    return pushed(engine)


CUTS: dict[str, Answer] = {
    "before the answer": gone,
    "in the first event": stream(REFERS, cut=True),
    "in mid-push": stream(REFERS, PUSHING, PUSHED, cut=True),
    "in the digest": stream(REFERS, PUSHING, PUSHED, DONE, cut=True),
    "without an error, before the digest": stream(REFERS, PUSHING, PUSHED),
    "with half an event": stream(REFERS, b'{"status":"Pus'),
    "with nothing at all": stream(),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_push_that_is_cut_is_sent_again(tmp_path: Path, cut: str) -> None:
    with a_scripted_engine(tmp_path, push=[CUTS[cut], PUSH]) as engine:
        assert pushed(engine.open()) == DIGEST
        assert engine.asked == ["tag", "push", "tag", "push", "inspect"]


@pytest.mark.parametrize("cut", CUTS)
def test_an_engine_that_never_completes_a_push_is_told_and_the_push_may_have_been_done(
    tmp_path: Path, cut: str
) -> None:
    with a_scripted_engine(tmp_path, push=CUTS[cut]) as engine:
        with pytest.raises(TaskFailure, match="docker-engine-gone") as caught:
            pushed(engine.open())
        assert engine.asked.count("push") == ATTEMPTS
    assert caught.value.leaves_open


def test_an_engine_that_restarts_during_the_push_is_waited_for(tmp_path: Path) -> None:
    with a_scripted_engine(tmp_path, push=[CUTS["in mid-push"], PUSH], tag=[TAGGED, gone, TAGGED]) as engine:
        assert pushed(engine.open()) == DIGEST


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK leaves such sockets open
def test_an_engine_that_is_gone_for_good_is_told(tmp_path: Path) -> None:
    with a_scripted_engine(tmp_path) as engine:
        opened = engine.open()
        opened.api.close()
    (tmp_path / "docker.sock").unlink()
    with pytest.raises(EngineGone) as caught:
        pushed(opened)
    assert "journalctl -u docker" in render(caught.value)
    del caught, opened
    gc.collect()


FULL = [
    "write /var/lib/docker/tmp/GetImageBlob534349380: no space left on device",
    "write /mnt/sda1/var/lib/docker/tmp/GetImageBlob110230970: no space left on device",
    "mkdir /data/docker/graph/_tmp/2ed673c39822: no space left on device",
    "failed to copy: write /agent/containerd/io.containerd.content.v1.content/ingest/1/data: no space left on device",
    "write /home/docker/tmp/x: disk quota exceeded",
]
"""https://github.com/docker-archive-public/docker.kitematic/issues/2204, …/3759 and
https://github.com/BD2KGenomics/cgl-docker-lib/issues/100, with other folders for the data."""


@pytest.mark.parametrize("said", FULL)
@pytest.mark.parametrize("call", ["push", "tag", "event"])
def test_a_full_disk_of_the_engine_is_told_at_once_and_not_blamed_on_the_registry(
    tmp_path: Path, said: str, call: str
) -> None:
    event = {"error": said, "errorDetail": {"message": said}}
    answers = {"push": stream(REFERS, event)} if call == "event" else {call: refused(500, said)}
    with a_scripted_engine(tmp_path, **answers) as engine:
        with pytest.raises(TaskFailure, match="agent-disk-full") as caught:
            pushed(engine.open())
        assert engine.asked.count("tag") == 1
    assert said in render(caught.value)
    assert "docker system df" in render(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "unknown: unable to write: filesystem: mkdir /var/lib/registry/docker: no space left on device",
        "error from registry: no space left on device",
        'error parsing HTTP 500 response body: invalid character: "write /storage/x: no space left on device"',
        "unexpected status from PUT request to https://contoso.azurecr.io/v2/shop/x: 507 Insufficient Storage",
        "received unexpected HTTP status: 507 Insufficient Storage",
        "unknown: StatusCode=403, ErrorCode=AccountSizeOverQuota, ErrorMessage=account storage usage is over quota.",
        "denied: adding 29.0 MiB of storage resource will exceed the configured upper limit of 1.0 GiB.",
    ],
)
def test_a_full_registry_is_told_at_once_and_not_blamed_on_the_agent(tmp_path: Path, said: str) -> None:
    """distribution/distribution#4896, goharbor/harbor#18897 and goharbor/harbor#17390."""
    with a_scripted_engine(tmp_path, push=stream(REFERS, {"error": said})) as engine:
        with pytest.raises(TaskFailure, match="registry-full"):
            pushed(engine.open())
        assert engine.asked.count("push") == 1


@pytest.mark.parametrize("call", ["push", "event"])
def test_an_engine_with_a_broken_disk_is_not_taken_for_a_read_only_registry(tmp_path: Path, call: str) -> None:
    said = "open /var/lib/docker/tmp/x: read-only file system"
    answer = refused(500, said) if call == "push" else stream(REFERS, {"error": said})
    with (
        a_scripted_engine(tmp_path, push=answer) as engine,
        pytest.raises(TaskFailure, match="docker-engine-failing"),
    ):
        pushed(engine.open())


@pytest.mark.parametrize("call", ["inspect", "tag", "push"])
def test_an_image_that_was_pruned_after_the_build_is_told_as_that(tmp_path: Path, call: str) -> None:
    missing = refused(404, f"No such image: {OURS.id}")
    with (
        a_scripted_engine(tmp_path, **{call: missing}) as engine,
        pytest.raises(TaskFailure, match="image-removed") as caught,
    ):
        inspected_and_pushed(engine.open())
    assert "docker image prune" in render(caught.value)


@pytest.mark.parametrize(
    "said", [f"tag does not exist: {REFERENCE}", "An image does not exist locally with the tag: x"]
)
def test_a_tag_that_was_removed_before_the_push_is_given_again(tmp_path: Path, said: str) -> None:
    with a_scripted_engine(tmp_path, push=[stream(REFERS, {"error": said}), PUSH]) as engine:
        assert pushed(engine.open()) == DIGEST
        assert engine.asked.count("tag") == 2
    with (
        a_scripted_engine(tmp_path / "2", push=stream({"error": said})) as engine,
        pytest.raises(TaskFailure, match="image-removed"),
    ):
        pushed(engine.open())


EXPORTS: dict[str, tuple[Answer, str]] = {
    "cut": (stream(b"a" * 5_000, b"b" * 5_000, cut=True), "docker-engine-gone"),
    "not begun": (gone, "docker-engine-gone"),
    "pruned": (refused(404, "No such image"), "image-removed"),
    "full": (refused(500, "write /data/docker/tmp/x: no space left on device"), "agent-disk-full"),
    "broken": (refused(500, "open /x/layer.tar: no such file or directory"), "docker-engine-failing"),
}


@pytest.mark.parametrize("export", EXPORTS)
def test_an_export_that_does_not_come_whole_is_told(tmp_path: Path, export: str) -> None:
    answer, code = EXPORTS[export]
    with a_scripted_engine(tmp_path, save=answer) as engine, pytest.raises(TaskFailure, match=code):
        list(engine.open().saved(REFERENCE, OURS.id))


STRANGE: dict[str, Answer] = {
    "a page": text("<html>busy</html>"),
    "nothing": text(""),
    "null": text("null"),
    "a list": text("[1, 2]"),
    "an empty object": text("{}"),
    "wrong types": whole({"Id": 7, "Os": [], "Size": "big", "Variant": {}}),
    "an error that is no JSON": text("<html>bad gateway</html>", 502),
    "an error without a word": text("", 500),
    "an error with strange words": text('{"message": ["a"]}', 500),
    "events that are none": stream(7, None, [], {"status": 7, "id": None}, {"progressDetail": []}),
    "numbers that are none": stream(b'{"status":"Pushing","progressDetail":{"current":Infinity}}'),
    "errors that are none": stream({"error": None, "errorDetail": 7}),
    "bytes that are none": stream(b"\xff\xfe\x00" * 50),
    "hardly HTTP": bytes_of(b"SSH-2.0-OpenSSH\r\n"),
}


@pytest.mark.parametrize("call", ["inspect", "tag", "push"])
@pytest.mark.parametrize("strange", STRANGE)
def test_no_answer_of_an_engine_ends_the_run_other_than_by_a_failure_of_the_catalogue(
    tmp_path: Path, call: str, strange: str
) -> None:
    with a_scripted_engine(tmp_path, **{call: STRANGE[strange]}) as engine:
        # Nobody reads the body of a tag's answer, so there a strange one is as good as any.
        unread = call == "tag" and strange in {"a page", "nothing", "null", "a list", "an empty object", "wrong types"}
        streamed = call == "tag" and ("none" in strange and "error that" not in strange)
        if unread or streamed:
            assert inspected_and_pushed(engine.open()) == DIGEST
            return
        with pytest.raises(TaskFailure) as caught:
            inspected_and_pushed(engine.open())
    assert len(render(caught.value)) < 3_000
