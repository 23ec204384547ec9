"""The build cache of a builder of paper: the product's own, on images that no engine has made."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from pytask.builders.docker.cache import DockerCache
from pytask.builders.docker.steps import Steps
from tests.faults.stored import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.builders.builder import Logins
    from pytask.builders.docker.builder import DockerBuilder
    from pytask.model import Recipe

_BUILD_OUTPUT = """
#5 [base 1/1] COPY shared /
#5 DONE 2.0s
#6 [stage-1 1/1] COPY --from=base / /
#6 DONE 1.0s
"""
_RECORDS = b64encode(json.dumps([{"digest": "sha256:copy", "layers": [{"layer": 0}]}]).encode()).decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperCache(DockerCache):
    """A `DockerCache` of the classic image store, with an engine that pushes past the registry's front."""

    stores: Mapping[str, str]

    def _build(self, *_parts: object, **_more: object) -> None:
        """Do nothing: what would be built is pushed as it is."""
        self._confirm_wanted()

    def _push(self, reference: str) -> str:
        """Store an image with a cache in it, once the registry has given a login."""
        self._confirm_wanted()
        if login_for := self.logins.signed_in.wait():
            login_for(self.host)
        host, _, name = reference.partition("/")
        repository, _, tag = name.rpartition(":")
        return Store(Path(self.stores[host])).put(repository, (tag,), tag.encode(), cache=_RECORDS)


def paper_cache(recipe: Recipe, logins: Logins, stores: Mapping[str, str]) -> PaperCache | None:
    """Return the work for the cache of a build that has run two steps; None for a build without a cache."""
    if recipe.cache is None:
        return None
    steps = Steps()
    for line in _BUILD_OUTPUT.splitlines():
        steps.take(line)
    engine = SimpleNamespace(is_of_containerd=False, forget=lambda _reference: None)
    builder: Any = SimpleNamespace(engine=lambda: engine, cli=SimpleNamespace(does_buildkit_itself=False))
    return PaperCache(
        builder=cast("DockerBuilder", builder),
        recipe=recipe,
        cache=recipe.cache,
        steps=steps,
        logins=logins,
        stores=stores,
    )
