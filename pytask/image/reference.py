"""Image names and tags.

Source of the grammar: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests and
https://pkg.go.dev/github.com/distribution/reference
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytask.errors.inputs import DigestNotBuildable, ImageNameInvalid, TagInvalid

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LONGEST_REPOSITORY = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageName:
    """`[host/]repository[:tag]`; empty where it was not given."""

    host: str
    repository: str
    tag: str


def parse_image_name(text: str, *, input_name: str) -> ImageName:
    """Give the parts of an image name; capitals and spaces in the repository are mended, as Docker@1 and @2 do.

    Raises:
        ImageNameInvalid: when the repository is no repository.
        TagInvalid: when the tag is no tag.
        DigestNotBuildable: when it names a digest.
    """
    value = "".join(text.split())
    if "@" in value:
        raise DigestNotBuildable(input=input_name, value=text)
    host, path = _split_host(value)
    repository, colon, tag = path.partition(":")
    if not _REPOSITORY.fullmatch(repository.lower()) or len(repository) > _LONGEST_REPOSITORY:
        raise ImageNameInvalid(input=input_name, value=repository)
    return ImageName(
        host=host.lower(),
        repository=repository.lower(),
        tag=parse_tag(tag, input_name=input_name) if colon else "",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """`[registry/]repository[:tag][@digest]`; empty where it was not given."""

    registry: str
    repository: str
    tag: str
    digest: str


def parse_reference(text: str, *, input_name: str) -> Reference:
    """Give the parts of a reference to an image that exists.

    Raises:
        ImageNameInvalid, TagInvalid: when a part is not what it should be.
    """
    name, at, digest = "".join(text.split()).partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ImageNameInvalid(input=input_name, value=text)
    parsed = parse_image_name(name, input_name=input_name)
    return Reference(registry=parsed.host, repository=parsed.repository, tag=parsed.tag, digest=digest)


def parse_tag(text: str, *, input_name: str) -> str:
    """Give the tag itself.

    Raises:
        TagInvalid: when no registry would accept it.
    """
    if not _TAG.fullmatch(text):
        raise TagInvalid(input=input_name, value=text)
    return text


def parse_tags(text: str, *, input_name: str) -> tuple[str, ...]:
    """Give the tags of a list separated by lines or commas, each once, in their order."""
    words = (word.strip() for word in re.split(r"[\n,]", text))
    return tuple(dict.fromkeys(parse_tag(word, input_name=input_name) for word in words if word))


def _split_host(value: str) -> tuple[str, str]:
    """Split off a host by Docker's rule: the first part is one when it has a dot or a colon or is `localhost`."""
    first, slash, rest = value.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", value
