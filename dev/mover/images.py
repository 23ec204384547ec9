"""Names of images in a pipeline, with variables in them, and whether two of them are surely the same image."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\(([^()]+)\)|\$\{\{.*?\}\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageText:
    """An image as a pipeline names it: parts in small letters where Docker makes them so, variables as they stand."""

    host: str = ""
    """The registry, maybe a variable; empty when the name begins with the repository, or may."""
    repository: str
    tag: str = ""
    """Empty for none; `?` when a variable at the end may hold one."""

    @property
    def has_host(self) -> bool:
        """Whether what stands first is surely a registry: it has a dot or a port, or is localhost."""
        return bool(re.search(r"[.:]|^localhost$", _masked(self.host)))


def plain_text(text: str) -> str:
    """Return a text with its variables and expressions in small letters and without spaces, which mean nothing."""
    return _VARIABLE.sub(lambda found: re.sub(r"\s+", "", found.group()).lower(), text.strip())


def has_variable(text: str) -> bool:
    """Tell whether a text holds a variable or an expression."""
    return bool(_VARIABLE.search(text))


def _masked(text: str) -> str:
    return _VARIABLE.sub(lambda found: "x" * len(found.group()), text)


def read_image(text: str) -> ImageText:
    """Return the parts of an image's name."""
    text = plain_text(text)
    masked = _masked(text)
    at = masked.find("@")
    colon = masked.rfind(":") if at < 0 else at
    tagged = colon > masked.rfind("/")
    name, tag = (text[:colon], text[colon + 1 :]) if tagged else (text, "?" if text.endswith((")", "}")) else "")
    slash = _masked(name).find("/")
    first = name[: max(slash, 0)]
    is_host = bool(re.search(r"[.:]|^localhost$", _masked(first))) or has_variable(first)
    host, repository = (first, name[slash + 1 :]) if is_host else ("", name)
    return ImageText(host=host.lower(), repository=_small(repository), tag=tag)


def _small(text: str) -> str:
    return re.sub(r"\s+", "", text).lower()


def read_registry(text: str) -> str:
    """Return the host in Docker@1's azureContainerRegistry: a login server, a name, or JSON with a loginServer."""
    text = plain_text(text)
    if text.startswith("{") and not text.startswith("${"):
        try:
            text = str(json.loads(text).get("loginServer", "")).strip()
        except (ValueError, AttributeError):
            return ""
    return plain_text(text).lower().removeprefix("https://").rstrip("/")


def read_tags(text: str) -> tuple[str, ...]:
    """Return the tags in a list by lines or commas."""
    return tuple(dict.fromkeys(plain_text(tag) for tag in re.split(r"[\n,]+", text) if tag.strip()))


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """What a build makes and pushes, and where."""

    host: str
    """The registry's host, if the build names it; a Docker Registry connection does not."""
    connection: str
    """The Docker Registry connection; empty when the build names the registry."""
    repository: str
    tags: tuple[str, ...]
    """Those that are pushed; the first is deployed."""


def same_place(one: BuiltImage, other: BuiltImage) -> bool:
    """Tell whether two builds push to the same repository of the same registry."""
    return (one.host, one.connection, one.repository) == (other.host, other.connection, other.repository)


def why_not_same(text: str, built: BuiltImage, values: Mapping[str, str]) -> str | None:
    """Return None if an image surely is that of a build, why it may be another, or nothing if it surely is another.

    `values` are the variables that the file itself sets, by small names.
    """
    wanted = read_image(text)
    differs = _difference(wanted, built)
    if not differs:
        return "" if "/" in expand(wanted.host, values) else None
    there = replace(
        built,
        host=expand(built.host, values),
        repository=expand(built.repository, values),
        tags=tuple(expand(tag, values) for tag in built.tags),
    )
    if not _difference(read_image(expand(text, values)), there):
        return "it is written differently"
    if differs == "tag":
        return f"its tag is {wanted.tag or 'latest'}, which the build does not push"
    written = (wanted.repository, built.repository) if differs == "repository" else (wanted.host, built.host)
    alike = len({name.rpartition("/")[2] for name in (wanted.repository, built.repository)}) == 1
    only_variable = any(_VARIABLE.fullmatch(name) for name in (wanted.repository, built.repository))
    unknown = has_variable("".join(written)) and (alike or only_variable)
    return f"its {differs} is written differently" if unknown else ""


def _difference(wanted: ImageText, built: BuiltImage) -> str:
    """Return in what two images differ, by their text; empty when in nothing."""
    if built.repository not in (wanted.repository, f"{wanted.host}/{wanted.repository}"):
        return "repository"
    if built.host and wanted.host != built.host:
        return "registry"
    return "" if (wanted.tag or "latest") in built.tags else "tag"


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the variables that the file sets; up to three in one another."""
    for _ in range(3):
        text = _VARIABLE.sub(lambda found: values.get((found[1] or "").strip().lower(), found.group()), text)
    return plain_text(text)


def may_have_host(text: str, values: Mapping[str, str]) -> bool | None:
    """Tell whether an image's name has a registry; None when it begins with a variable that the file does not set."""
    image = read_image(expand(text, values))
    if image.has_host:
        return True
    return None if image.host or has_variable(image.repository.partition("/")[0]) else False
