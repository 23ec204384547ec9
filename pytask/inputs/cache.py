"""The inputs about the build cache."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pytask.builders.docker.dockerfile import shown
from pytask.builders.docker.reference import parse_image_name
from pytask.errors.cache import CacheIsTheImage, CacheRegistryUnknown
from pytask.inputs.branches import read_branches
from pytask.inputs.reader import Read
from pytask.inputs.registry import registry_host
from pytask.model import BuildCache, CacheUse, Destination

if TYPE_CHECKING:
    from pytask.builders.docker.reference import ImageName
    from pytask.inputs.reader import Reader
    from pytask.inputs.registry import RegistryGiven
    from pytask.model import ImageNames, Recipe, RegistryHost

_INPUT = "cacheImage"
_SUFFIX = "-cache"
_LONGEST_READABLE, _DIGITS = 60, 8
_NOT_IN_A_TAG = re.compile(r"[^A-Za-z0-9_.]+")


def read_cache(
    reader: Reader, recipe: Read[Recipe], names: Read[ImageNames] | Read[Destination], own: Read[RegistryGiven | None]
) -> Read[BuildCache | None]:
    """Return the build cache of this run; None when it uses none. `own` is the registry's own connection."""
    use = reader.choice("cache", CacheUse, default=CacheUse.NONE)
    if not (use.found and recipe.found and names.found and own.found):
        return Read(())
    if use.value is CacheUse.NONE:
        return Read((None,))
    given = reader.named(
        "cacheImage",
        lambda value: parse_image_name(value, input_name=_INPUT),
        default=f"{names.value.repository}{_SUFFIX}",
    )
    if not given.found:
        return Read(())
    beside = _beside(reader, names.value, own.value)
    _confirm_apart(reader, given.value, beside, names.value)
    writes, host = use.value is CacheUse.REGISTRY, given.value.host or beside
    return Read((_cache(reader, given.value, host, recipe.value, writes=writes),))


def _confirm_apart(reader: Reader, given: ImageName, beside: RegistryHost | None, names: ImageNames) -> None:
    """Note a mistake where the cache would be among the image's tags, or in no particular registry.

    `beside` is the image's own registry.
    """
    if given.repository == names.repository and given.host in {None, beside}:
        reader.mistakes.append(CacheIsTheImage(input=_INPUT, repository=names.repository))
    if given.host is None and beside is None and not isinstance(names, Destination):
        suggestion = f"REGISTRY.azurecr.io/{given.repository}"
        reader.mistakes.append(CacheRegistryUnknown(input=_INPUT, suggestion=suggestion))


def _cache(reader: Reader, given: ImageName, host: RegistryHost | None, recipe: Recipe, *, writes: bool) -> BuildCache:
    branches = read_branches(reader.environment, recipe.sources, given.tag)
    return BuildCache(
        host=host,
        repository=given.repository,
        tag=cache_tag(branches.own, recipe),
        others=tuple(cache_tag(branch, recipe) for branch in branches.before),
        writes=writes and not branches.distrusted,
        why_not=branches.distrusted if writes else "",
    )


def _beside(reader: Reader, names: ImageNames, own: RegistryGiven | None) -> RegistryHost | None:
    """Return the registry of the image itself; None when only ARM knows it, or nothing names it."""
    if isinstance(names, Destination):
        return names.host
    return names.image_host or registry_host(reader, own)


def cache_tag(branch: str, recipe: Recipe) -> str:
    """Return the tag of a branch's cache, such as `feature-x-1a2b3c4d`.

    The digits distinguish what a tag cannot: `feature/x` from `feature-x`, and the builds of several Dockerfiles,
    stages and platforms, whose caches would replace each other.
    """
    apart = "\n".join([branch, shown(recipe.dockerfile, recipe.sources), recipe.target, recipe.platform])
    digits = hashlib.sha256(apart.encode(errors="surrogateescape")).hexdigest()[:_DIGITS]
    readable = _NOT_IN_A_TAG.sub("-", branch).strip("-.")[:_LONGEST_READABLE] or "branch"
    return f"{readable}-{digits}"
