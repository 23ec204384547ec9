"""Joining the caches that BuildKit writes into images: each key once, with its result, and every link right."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.inline_cache import CONFIG_TYPE, NotACache, join, manifest_of, read_inline_cache


def an_image(layers: list[str], records: Any) -> tuple[bytes, bytes]:  # noqa: ANN401 - what is in an image
    """Return the manifest and configuration of an image with a cache."""
    manifest = {"layers": [{"mediaType": "layer", "digest": one, "size": 1} for one in layers]}
    cache = b64encode(json.dumps(records).encode()).decode()
    ids = [f"unpacked {one}" for one in layers]
    return json.dumps(manifest).encode(), json.dumps(
        {"rootfs": {"diff_ids": ids}, "moby.buildkit.cache.v0": cache}
    ).encode()


def joined(*images: tuple[list[str], list[dict[str, Any]]]) -> tuple[dict[str, Any], list[Any]]:
    config, layers = join(read_inline_cache(*an_image(*image)) for image in images)
    return json.loads(config), layers


def chain(config: dict[str, Any], number: int) -> list[str]:
    """Return the digests of a layer and of those below it, from the bottom."""
    layer = config["layers"][number]
    return [*(chain(config, layer["parent"]) if layer["parent"] >= 0 else []), layer["blob"]]


def results(config: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Return the chains of layers that are each key's results."""
    return {one["digest"]: [chain(config, two["layer"]) for two in one.get("layers", [])] for one in config["records"]}


BUILD: tuple[list[str], list[dict[str, Any]]] = (
    ["base", "deps"],
    [
        {"digest": "FROM", "layers": [{"layer": 0}]},
        {"digest": "RUN", "inputs": [[{"link": 0}]], "layers": [{"layer": 1}]},
    ],
)
FINAL: tuple[list[str], list[dict[str, Any]]] = (
    ["base", "app"],
    [
        {"digest": "COPY", "inputs": [[{"link": 2}], [{"selector": "s", "link": 1}]], "layers": [{"layer": 1}]},
        {"digest": "RUN", "inputs": [[{"link": 2}]]},
        {"digest": "FROM", "layers": [{"layer": 0}]},
    ],
)


@pytest.mark.parametrize("images", [(BUILD, FINAL), (FINAL, BUILD), (FINAL, BUILD, FINAL)])
def test_a_key_that_one_image_has_no_result_for_has_the_result_of_the_other(images: Any) -> None:  # noqa: ANN401
    config, layers = joined(*images)
    assert results(config) == {"FROM": [["base"]], "RUN": [["base", "deps"]], "COPY": [["base", "app"]]}
    assert sorted(one["digest"] for one in layers) == ["app", "base", "deps"]
    assert all(one["annotations"]["containerd.io/uncompressed"] == f"unpacked {one['digest']}" for one in layers)


@pytest.mark.parametrize("images", [(BUILD, FINAL), (FINAL, BUILD)])
def test_records_refer_to_the_same_records_as_before(images: Any) -> None:  # noqa: ANN401
    records = joined(*images)[0]["records"]
    (copy,) = (one for one in records if one["digest"] == "COPY")
    assert [records[choice["link"]]["digest"] for (choice,) in copy["inputs"]] == ["FROM", "RUN"]
    assert copy["inputs"][1][0]["selector"] == "s"


def test_the_same_instruction_on_another_base_is_another_record() -> None:
    alpine: dict[str, Any] = {"digest": "ALPINE", "layers": [{"layer": 0}]}
    other = (["alpine", "deps2"], [alpine, {"digest": "RUN", "inputs": [[{"link": 0}]], "layers": [{"layer": 1}]}])
    records = joined(BUILD, other)[0]["records"]
    assert [one["digest"] for one in records].count("RUN") == 2


def test_results_in_another_order_than_the_images_layers_are_kept() -> None:
    image = (["base", "a", "b"], [{"digest": "MERGE", "chains": [{"layers": [2, 0]}]}])
    config, _ = joined((["other"], [{"digest": "X", "layers": [{"layer": 0}]}]), image)
    (record,) = (one for one in config["records"] if one["digest"] == "MERGE")
    assert [config["layers"][number]["blob"] for number in record["chains"][0]["layers"]] == ["b", "base"]


def test_the_manifest_is_one_of_buildkits_caches() -> None:
    config, layers = join([read_inline_cache(*an_image(*BUILD))])
    manifest = json.loads(manifest_of(("sha256:0", len(config)), layers, {"note": "x"}))
    assert manifest["config"]["mediaType"] == CONFIG_TYPE
    assert [one["digest"] for one in manifest["layers"]] == ["base", "deps"]
    assert manifest["annotations"] == {"note": "x"}


@pytest.mark.parametrize(
    "records",
    [
        None,
        {},
        ["x"],
        [{"digest": "A", "inputs": [[{"link": 0}]]}],
        [{"digest": "A", "inputs": [[{"link": 1}]]}, {"digest": "B", "inputs": [[{"link": 0}]]}],
        [{"digest": "A", "inputs": [[{"link": 7}]]}],
        [{"digest": "A", "inputs": [[{"link": -1}]]}],
        [{"digest": "A", "layers": [{"layer": 2}]}],
        [{"digest": "A", "chains": [{"layers": ["x"]}]}],
    ],
)
def test_what_is_no_cache_is_told(records: Any) -> None:  # noqa: ANN401
    with pytest.raises(NotACache):
        joined((["base", "deps"], records))


def test_an_image_without_a_cache_is_told() -> None:
    manifest, _ = an_image(["base"], [])
    for config in (b"", b"{}", b'{"moby.buildkit.cache.v0": "%"}', b'{"moby.buildkit.cache.v0": "W10="}'):
        with pytest.raises(NotACache):
            read_inline_cache(manifest, config)


NAMES = st.sampled_from(["digest", "inputs", "link", "layers", "layer", "chains"])
RECORDS = st.recursive(
    st.none() | st.integers(-2, 3) | st.text(max_size=3),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(NAMES, one, max_size=4),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.sampled_from(["digest", "inputs", "layers", "chains"]), RECORDS)))
def test_any_records_are_joined_or_told(records: list[dict[str, Any]]) -> None:
    try:
        config, _ = joined((["base", "deps"], records))
    except NotACache:
        return
    assert len(config["records"]) <= len(records)
