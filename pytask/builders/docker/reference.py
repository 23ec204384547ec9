"""Image names and tags, as people write them.

Sources: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests and
https://pkg.go.dev/github.com/distribution/reference
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytask.errors.inputs import DigestNotBuildable, ImageNameInvalid, RegistryHostInvalid, TagInvalid
from pytask.model.reference import Digest, NotAReference, RegistryHost, is_repository, is_tag, split_host

_SCHEMES = ("https://", "http://", "docker://", "oci://")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageName:
    """The parts of `[host/]repository[:tag][@digest]`; a missing part is None or empty."""

    host: RegistryHost | None
    repository: str
    tag: str
    digest: Digest | None = None


def parse_image_name(text: str, *, input_name: str) -> ImageName:
    """Return the parts of the name of an image to build, normalized as Docker@2 does: lower case, no spaces.

    Raises:
        ImageNameInvalid: when the repository is invalid.
        RegistryHostInvalid: when the host is invalid.
        TagInvalid: when the tag is invalid.
        DigestNotBuildable: when it names a digest.
    """
    if "@" in without_scheme(text):
        raise DigestNotBuildable(input=input_name, value=text)
    return _parsed(text, None, input_name)


def parse_reference(text: str, *, input_name: str) -> ImageName:
    """Return the parts of a reference to an existing image.

    Raises:
        ImageNameInvalid, RegistryHostInvalid, TagInvalid: when a part is invalid.
    """
    name, at, digest = "".join(text.split()).partition("@")
    try:
        return _parsed(name, Digest(digest) if at else None, input_name)
    except NotAReference as error:
        raise ImageNameInvalid(input=input_name, value=text) from error


def without_scheme(text: str) -> str:
    """Return a name without spaces, and without the scheme of an address copied from a browser."""
    value = "".join(text.split())
    scheme = next((one for one in _SCHEMES if value.lower().startswith(one)), "")
    return value[len(scheme) :]


def _parsed(text: str, digest: Digest | None, input_name: str) -> ImageName:
    host, path = split_host(without_scheme(text))
    repository, colon, tag = path.partition(":")
    if not is_repository(repository.lower()):
        raise ImageNameInvalid(input=input_name, value=repository)
    return ImageName(
        host=parse_host(host, input_name=input_name) if host else None,
        repository=repository.lower(),
        tag=parse_tag(tag, input_name=input_name) if colon else "",
        digest=digest,
    )


def parse_host(text: str, *, input_name: str) -> RegistryHost:
    """Return the host itself.

    Raises:
        RegistryHostInvalid: when it is not a DNS name with an optional port.
    """
    try:
        return RegistryHost.parse(text)
    except NotAReference as error:
        raise RegistryHostInvalid(input=input_name, value=text) from error


def parse_tag(text: str, *, input_name: str) -> str:
    """Return the tag itself.

    Raises:
        TagInvalid: when no registry would accept it.
    """
    if not is_tag(text):
        raise TagInvalid(input=input_name, value=text)
    return text


def parse_tags(text: str, *, input_name: str) -> tuple[str, ...]:
    """Return the tags of a list separated by newlines or commas, in order and without repeats."""
    words = (word.strip() for word in re.split(r"[\n,]", text))
    return tuple(dict.fromkeys(parse_tag(word, input_name=input_name) for word in words if word))
