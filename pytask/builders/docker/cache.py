"""Keeping a build's cache in a registry, with an engine that may have no other way to export it.

With containerd's image store BuildKit writes the whole cache itself. The classic store can only put a cache into an
image, and only for that image's own layers: then each stage becomes an image of its own, and their caches are joined.
Both end as one manifest of the same kind under one tag, which every engine can read.
Source: https://docs.docker.com/build/cache/backends/
"""

from __future__ import annotations

import hashlib
import io
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytask.agent.console import Console
from pytask.builders.docker.build import build
from pytask.builders.docker.cache_notes import known_seconds, notes_of
from pytask.builders.docker.inline_cache import MANIFEST_TYPE, NotACache, join, manifest_of, read_inline_cache
from pytask.builders.docker.stages import stages_of, stages_to_keep, unnamed, with_bases
from pytask.builders.docker.steps import saved
from pytask.builders.docker.syntax import read_dockerfile
from pytask.decode import decode, object_at, objects_at, text_at, whole_at
from pytask.errors import TaskFailure
from pytask.errors.cache import CacheNotWritten
from pytask.errors.registry import ManifestMissing
from pytask.registry.contents import Repository
from pytask.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.builders.builder import Logins
    from pytask.builders.docker.builder import DockerBuilder
    from pytask.builders.docker.inline_cache import InlineCache
    from pytask.builders.docker.stages import Stage
    from pytask.builders.docker.steps import Steps
    from pytask.model import BuildCache, Recipe, RegistryHost
    from pytask.registry.session import RegistrySession

_WHOLE = "mode=max,image-manifest=true,oci-mediatypes=true"
_INLINE_BEFORE_BUILDX = "--build-arg=BUILDKIT_INLINE_CACHE=1"
"""The same as `--cache-to=type=inline`: https://docs.docker.com/build/cache/backends/inline/"""
_CACHE_FLAGS = ("--cache-from", "--cache-to", "--no-cache", "--no-cache-filter", "--pull", "--output")
"""Flags that would have the build for the cache run instructions again, or write another cache."""
_LONGEST_STAGE, _DIGITS = 40, 8
_LONGEST_CONFIG = 1 << 20
"""Bytes; BuildKit reads no longer one: https://github.com/moby/buildkit/blob/v0.25.1/cache/remotecache/import.go"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerCache:
    """The build cache of one build, as a `CacheWork`."""

    builder: DockerBuilder
    recipe: Recipe
    cache: BuildCache
    steps: Steps
    logins: Logins
    stopped: threading.Event = field(default_factory=threading.Event)
    running: list[Callable[[], None]] = field(default_factory=list)
    """What ends the docker commands that were started."""

    @property
    def host(self) -> RegistryHost:
        """The registry that has the cache."""
        if self.cache.host is None:
            raise AssertionError
        return self.cache.host

    @property
    def used(self) -> str:
        """What the build found in the cache, for the log."""
        cached, ran = len(self.steps.cached), self.steps.ran
        seconds = sum(step.seconds for step in ran)
        rest = f"{len(ran)} ran in {seconds:.1f} s" if ran else "none had to run"
        return f"Build cache: {cached} of {cached + len(ran)} steps were cached; {rest}"

    def run(self, registry: RegistrySession) -> str:
        """Write the cache where this build added something to it; return what it saved and what was written."""
        if not self.cache.writes:
            with suppress(TaskFailure):  # whoever may not read the cache learns only less about it
                return self._sentence(*self._saved(self._found(registry)), self._only_read)
            return self._sentence(self._only_read)
        found = self._found(registry)
        known, told = known_seconds(found.values()), self._saved(found)
        if self.cache.tag in found and not self.steps.ran:
            return self._sentence(*told, f"the cache {self._reference} is up to date")
        if self.builder.engine().is_of_containerd:
            self._write_whole(registry, known)
        else:
            told += self._write_joined(registry, known)
        return self._sentence(*told, f"the cache was written to {self._reference}")

    def _found(self, registry: RegistrySession) -> dict[str, bytes]:
        """Return the manifests of the caches that there are, by tag, this branch's own first."""
        repository = Repository(session=registry, name=self.cache.repository)
        return {tag: text for tag in self.cache.tags if (text := _manifest(repository, tag))}

    def _saved(self, found: dict[str, bytes]) -> list[str]:
        seconds = saved(self.steps, known_seconds(found.values()))
        return [f"the cached steps took {seconds:.0f} s when they last ran"] if seconds else []

    @property
    def _only_read(self) -> str:
        return f"the cache was not written{f': {self.cache.why_not}' if self.cache.why_not else ''}"

    def stop(self) -> None:
        """End the docker command that is running, and begin no other."""
        self.stopped.set()
        for end in tuple(self.running):
            end()

    @property
    def _reference(self) -> str:
        return self.cache.reference(self.cache.tag)

    @staticmethod
    def _sentence(*parts: str) -> str:
        text = "; ".join(parts)
        return text[:1].upper() + text[1:]

    def _write_whole(self, registry: RegistrySession, known: dict[str, float]) -> None:
        """Have BuildKit write the cache, and note on it how long the steps took.

        It reads the caches once more for that: the engine does not have what this build needed no layer of, and a cache
        without it would miss as soon as a later stage changes.
        """
        self._build(
            "", f"--cache-to=type=registry,ref={self._reference},{_WHOLE}", "--output=type=cacheonly", cache=self.cache
        )
        repository = Repository(session=registry, name=self.cache.repository)
        manifest = decode(repository.manifest_text(self.cache.tag))
        if text_at(manifest, "mediaType") == MANIFEST_TYPE:
            config = object_at(manifest, "config")
            described = (text_at(config, "digest"), whole_at(config, "size") or 0)
            noted = manifest_of(described, objects_at(manifest, "layers"), notes_of(self.steps, known))
            self._uploads(registry).put_manifest(self.cache.tag, noted, MANIFEST_TYPE)

    def _write_joined(self, registry: RegistrySession, known: dict[str, float]) -> list[str]:
        """Put each stage's cache into an image, and write them as one; return what could not be kept."""
        values = {one.name: one.value or "" for one in self.recipe.arguments}
        stages = stages_of(read_dockerfile(self.recipe.dockerfile), values)
        kept = stages_to_keep(stages, self.recipe.target)
        caches = [self._cache_of(registry, stages, stage, is_last=stage is kept[-1]) for stage in kept]
        try:
            config, layers = join(caches)
        except NotACache as error:
            raise self._failed(str(error)) from error
        if len(config) > _LONGEST_CONFIG:
            raise self._failed(f"it would be larger than BuildKit can read ({len(config)} bytes)")
        uploads = self._uploads(registry)
        manifest = manifest_of(uploads.put_blob(config), layers, notes_of(self.steps, known))
        uploads.put_manifest(self.cache.tag, manifest, MANIFEST_TYPE)
        left_out = [one.shown for one in unnamed(stages, self.recipe.target)]
        return (
            [f"not cached: {', '.join(left_out)}; name a stage to have it cached (FROM … AS name)"] if left_out else []
        )

    def _cache_of(
        self, registry: RegistrySession, stages: tuple[Stage, ...], stage: Stage, *, is_last: bool
    ) -> InlineCache:
        """Return the cache of one stage: the one that is there if nothing of the stage ran, or else a new one."""
        known = None if self._has_run(stages, stage) else self._known(registry, stage)
        return known or self._made(registry, stage, self.recipe.target if is_last else stage.name)

    def _known(self, registry: RegistrySession, stage: Stage) -> InlineCache | None:
        """Return the cache of a stage that an earlier build wrote; None when there is none to use."""
        for tag in self.cache.tags:
            with suppress(TaskFailure, NotACache):
                return self._read(registry, _stage_tag(tag, stage))
        return None

    def _made(self, registry: RegistrySession, stage: Stage, target: str) -> InlineCache:
        """Return the cache of a stage, as this build leaves it.

        Another run of the branch in the same engine may take the image's name away; then it is made once more.
        """
        reference = self.cache.reference(_stage_tag(self.cache.tag, stage))
        try:
            digest = self._pushed(target, reference)
        except TaskFailure:
            digest = self._pushed(target, reference)
        try:
            return self._read(registry, digest)
        except NotACache as error:
            raise self._failed(f"{reference}: {error}") from error

    def _has_run(self, stages: tuple[Stage, ...], stage: Stage) -> bool:
        """Tell whether anything of a stage, or of those that it begins from, ran in this build."""
        ran = {step.stage.lower() for step in self.steps.ran}
        names = {one.shown for one in with_bases(stages, stage)}
        return bool(ran & (names | {""}))

    def _pushed(self, target: str, reference: str) -> str:
        """Put a stage's cache into an image, push that, and return its digest; the engine does not keep it."""
        itself = self.builder.cli.does_buildkit_itself
        self._build(target, _INLINE_BEFORE_BUILDX if itself else "--cache-to=type=inline", reference=reference)
        try:
            return self._push(reference)
        finally:
            self.builder.engine().forget(reference)

    def _push(self, reference: str) -> str:
        """Push an image, and return its digest."""
        self._confirm_wanted()
        login_for = self.logins.signed_in.wait()
        login = login_for(self.host) if login_for else None
        seen = self.builder.engine().push(reference, login=login, progress=lambda _progress: self._confirm_wanted())
        if seen.error:
            raise self._failed(seen.error)
        return seen.digest

    def _read(self, registry: RegistrySession, tag_or_digest: str) -> InlineCache:
        repository = Repository(session=registry, name=self.cache.repository)
        manifest = repository.manifest_text(tag_or_digest)
        config = object_at(decode(manifest), "config")
        with repository.blob(text_at(config, "digest"), whole_at(config, "size") or 0) as pieces:
            return read_inline_cache(manifest, b"".join(pieces))

    def _build(self, target: str, *flags: str, reference: str = "", cache: BuildCache | None = None) -> None:
        """Build again what was just built, which runs nothing, for what the flags ask beside it."""
        self._confirm_wanted()
        kept = tuple(flag for flag in self.recipe.flags if flag.partition("=")[0] not in _CACHE_FLAGS)
        recipe = replace(self.recipe, target=target, secrets=(), cache=cache, flags=(*kept, *flags))
        machine = self.builder.machine
        quiet = replace(machine, console=Console(_Nowhere(), machine.clock))
        references = (reference,) if reference else ()
        build(quiet, recipe, references, self.builder.cli, logins=self.logins, stop_when=self._until_stopped)

    def _until_stopped(self, end: Callable[[], None]) -> None:
        self.running.append(end)
        if self.stopped.is_set():
            end()

    def _confirm_wanted(self) -> None:
        if self.stopped.is_set():
            raise self._failed("the run ended first")

    def _uploads(self, registry: RegistrySession) -> Uploads:
        self._confirm_wanted()
        return Uploads(session=registry, repository=self.cache.repository)

    def _failed(self, detail: str) -> CacheNotWritten:
        return CacheNotWritten(reference=self._reference, detail=detail)


class _Nowhere(io.StringIO):
    """A stream that keeps nothing: the build for the cache prints what the reader has seen."""

    def write(self, text: str) -> int:
        """Take a text, and forget it."""
        return len(text)


def _manifest(repository: Repository, tag: str) -> bytes:
    """Return the manifest of a cache; empty when there is none, or it cannot be read."""
    try:
        return repository.manifest_text(tag)
    except ManifestMissing:
        return b""


def _stage_tag(tag: str, stage: Stage) -> str:
    """Return the tag of one stage's image, which differs from that of any other stage."""
    name = stage.shown
    if len(name) > _LONGEST_STAGE:
        name = f"{name[:_LONGEST_STAGE]}-{hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]}"
    return f"{tag}.{name}"
