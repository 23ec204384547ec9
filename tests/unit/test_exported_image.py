"""Which image BuildKit says it exported, as each image store and version words it."""

from __future__ import annotations

from collections import deque

import pytest

from pytask.builders.docker.build import _follow

IMAGE, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def exported(*lines: str) -> str:
    return _follow(lines, deque(maxlen=10), lambda _: None, lambda _: None).image


@pytest.mark.parametrize(
    "lines",
    [
        (f"#9 writing image {IMAGE}", f"#9 writing image {IMAGE} done", "#9 naming to contoso.azurecr.io/a:1 done"),
        (f"#12 writing image {IMAGE} 0.1s done",),
        (f"#9 exporting manifest {IMAGE} done", f"#9 exporting config {OTHER} done"),
        (f"#9 exporting manifest {OTHER} 0.0s done", f"#9 exporting manifest list {IMAGE} 0.0s done"),
    ],
    ids=["classic", "classic, slow", "containerd", "containerd, index"],
)
def test_the_image_that_was_exported_is_known_by_its_id(lines: tuple[str, ...]) -> None:
    assert exported(*lines) == IMAGE


@pytest.mark.parametrize(
    "line",
    [
        f"#7 0.512 writing image {OTHER} done",
        f"#7 [3/4] RUN echo writing image {OTHER} done",
        f"writing image {OTHER} done",
        f"#7 writing image {OTHER} done and more",
    ],
)
def test_what_a_dockerfile_prints_names_no_image(line: str) -> None:
    assert exported(f"#9 writing image {IMAGE} done", line) == IMAGE
    assert exported(line) == ""
