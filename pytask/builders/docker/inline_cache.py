r"""One cache out of the caches that BuildKit writes into images (`--cache-to type=inline`).

A build that reads several of them misses at random. For each key that several have, BuildKit keeps one source and drops
the others, by whichever answered first, and asks only that one for the result
(https://github.com/moby/buildkit/blob/v0.25.1/solver/combinedcache.go, `Query` and `Records`). An image's cache has the
keys of everything that the image was made from, but results only for its own layers
(https://github.com/moby/buildkit/blob/v0.25.1/cache/remotecache/inline/inline.go). So where the last stage's cache
answers first for a step of an earlier stage, that step has a key and no result, and runs.

Joined into one, as BuildKit itself writes with `type=registry,mode=max`, each key is there once, with its result.
Records refer to each other and to layers by number:
https://github.com/moby/buildkit/blob/v0.25.1/cache/remotecache/v1/types/spec.go
"""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytask.decode import decode, list_at, object_at, objects_at, text_at, texts_at, whole_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytask.decode import JSON, JSONObject

CONFIG_TYPE = "application/vnd.buildkit.cacheconfig.v0"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_INLINE = "moby.buildkit.cache.v0"
_UNCOMPRESSED = "containerd.io/uncompressed"
_NO_PARENT = -1


class NotACache(ValueError):  # noqa: N818 - whoever joins caches turns it into a failure of the catalogue
    """What should be a cache does not have its shape."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InlineCache:
    """The cache in one image: its layers from the bottom, and the records about them."""

    layers: tuple[JSONObject, ...]
    """Their descriptors, with the digest of what each one unpacks to."""
    records: tuple[JSONObject, ...]


@dataclass(slots=True)
class _Joined:
    """What has been joined so far."""

    layers: dict[tuple[str, int], int] = field(default_factory=dict)
    """The number of each layer, by its digest and the number of the one below it."""
    records: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """The number of each record, by what makes it the same as another."""
    blobs: dict[str, JSONObject] = field(default_factory=dict)

    def layer(self, descriptor: JSONObject, below: int) -> int:
        digest = text_at(descriptor, "digest")
        self.blobs.setdefault(digest, descriptor)
        return self.layers.setdefault((digest, below), len(self.layers))


def read_inline_cache(manifest: bytes, config: bytes) -> InlineCache:
    """Return the cache in an image, by its manifest and configuration.

    Raises:
        NotACache: when there is none, or it does not have the shape of one.
    """
    image, layers = decode(config), objects_at(decode(manifest), "layers")
    ids = texts_at(image, "rootfs", "diff_ids")
    try:
        records = decode(b64decode(text_at(image, _INLINE), validate=True))
    except NotBase64 as error:
        raise NotACache("the cache in the image is not base64") from error
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise NotACache("the image has no cache in it")
    if len(ids) != len(layers):
        raise NotACache(f"the image has {len(layers)} layers and {len(ids)} digests of what is in them")
    described = (_described(layer, unpacked) for layer, unpacked in zip(layers, ids, strict=True))
    return InlineCache(layers=tuple(described), records=tuple(one for one in records if isinstance(one, dict)))


def join(caches: Iterable[InlineCache]) -> tuple[bytes, list[JSONObject]]:
    """Return one cache as BuildKit's configuration for it, and the descriptors of its layers.

    Raises:
        NotACache: when records refer to what does not exist.
    """
    joined = _Joined()
    for cache in caches:
        _add(joined, cache)
    layers = [{"blob": digest, "parent": below} for digest, below in joined.layers]
    return _written({"layers": layers, "records": joined.records}), list(joined.blobs.values())


def manifest_of(config: tuple[str, int], layers: list[JSONObject], notes: dict[str, str]) -> bytes:
    """Return the manifest of a cache; `config` is the digest and size of its configuration.

    Every registry that stores images stores this: https://github.com/moby/buildkit#registry-push-image-and-cache-separately,
    `image-manifest=true`.
    """
    digest, size = config
    described = {"mediaType": CONFIG_TYPE, "digest": digest, "size": size}
    whole = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": described, "layers": layers}
    return _written({**whole, **({"annotations": notes} if notes else {})})


def _described(layer: JSONObject, unpacked: str) -> JSONObject:
    noted: JSONObject = {**object_at(layer, "annotations"), _UNCOMPRESSED: unpacked}
    kept: JSONObject = {name: layer[name] for name in ("mediaType", "digest", "size") if name in layer}
    return {**kept, "annotations": noted}


def _add(joined: _Joined, cache: InlineCache) -> None:
    layers, below = [], _NO_PARENT
    for descriptor in cache.layers:
        below = joined.layer(descriptor, below)
        layers.append(below)
    numbers: dict[int, int] = {}
    for number in _inputs_first(cache.records):
        record = cache.records[number]
        inputs = [[_moved(one, numbers) for one in _objects(choices)] for choices in list_at(record, "inputs")]
        same = json.dumps([text_at(record, "digest"), inputs], sort_keys=True)
        new = joined.numbers.setdefault(same, len(joined.records))
        if new == len(joined.records):
            joined.records.append({"digest": text_at(record, "digest"), **({"inputs": inputs} if inputs else {})})
        numbers[number] = new
        if not joined.records[new].keys() & {"layers", "chains"}:
            joined.records[new].update(_results(record, layers))


def _inputs_first(records: tuple[JSONObject, ...]) -> Iterator[int]:
    """Yield the number of each record, after those of its inputs; raise NotACache where that is impossible."""
    done, begun = set[int](), set[int]()
    stack = [(number, False) for number in reversed(range(len(records)))]
    while stack:
        number, is_left = stack.pop()
        if is_left:
            done.add(number)
            yield number
        elif number not in done:
            if number in begun:
                raise NotACache("records of the cache refer to each other in a circle")
            begun.add(number)
            stack.append((number, True))
            stack += [(one, False) for one in _links(records, number) if one not in done]


def _links(records: tuple[JSONObject, ...], number: int) -> list[int]:
    links = [_link(one) for choices in list_at(records[number], "inputs") for one in _objects(choices)]
    if any(not 0 <= link < len(records) for link in links):
        raise NotACache("a record of the cache refers to one that does not exist")
    return links


def _moved(one: JSONObject, numbers: dict[int, int]) -> JSONObject:
    return {**one, "link": numbers[_link(one)]}


def _link(one: JSONObject) -> int:
    return whole_at(one, "link") or 0


def _results(record: JSONObject, layers: list[int]) -> dict[str, Any]:
    """Return a record's results with the numbers that its layers now have."""

    def moved(number: JSON) -> int:
        if not isinstance(number, int) or not 0 <= number < len(layers):
            raise NotACache("a result in the cache refers to a layer that does not exist")
        return layers[number]

    results = [{**one, "layer": moved(one.get("layer", 0))} for one in objects_at(record, "layers")]
    chains = [
        {**one, "layers": [moved(layer) for layer in list_at(one, "layers")]} for one in objects_at(record, "chains")
    ]
    return {**({"layers": results} if results else {}), **({"chains": chains} if chains else {})}


def _objects(value: JSON) -> list[JSONObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _written(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
