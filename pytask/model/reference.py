"""Image references and their parts: registry hosts and digests.

Each is parsed once, at the edge, and is always valid: a `RegistryHost` is safe to connect to, an `ImageReference` is
safe to write into an app.
Source: https://pkg.go.dev/github.com/distribution/reference#pkg-overview
"""

from __future__ import annotations

import string
from dataclasses import dataclass

_LETTERS_AND_DIGITS = frozenset(string.ascii_lowercase + string.digits)
_LABEL = _LETTERS_AND_DIGITS | {"-"}
_TAG = frozenset(string.ascii_letters + string.digits + "_.-")
_HEX = frozenset("0123456789abcdef")
_ONLY_SEPARATORS = str.maketrans(dict.fromkeys(_LETTERS_AND_DIGITS, " "))
_LONGEST_LABEL, _LONGEST_NAME, _LONGEST_REPOSITORY, _LONGEST_TAG = 63, 253, 255, 128
_HIGHEST_PORT, _HTTPS = 65535, 443
_ALGORITHM, _DIGITS = "sha256:", 64
_HUB = "docker.io"
_HUBS = frozenset({"index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com"})
_INDEXES = frozenset(
    {"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"}
)
_MANIFESTS = frozenset(
    {"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json"}
)


def split_host(name: str) -> tuple[str, str]:
    """Return the host before the first `/` and the rest; the host is empty when there is none.

    A host has a dot or a numeric port, or is `localhost`; there is none in `app:refs/heads/main`.
    """
    first, slash, rest = name.partition("/")
    label, colon, port = first.partition(":")
    is_host = port.isdigit() if colon else "." in label or label.lower() == "localhost"
    return (first, rest) if slash and is_host else ("", name)


def is_repository(text: str) -> bool:
    """Tell whether a registry accepts this as a repository's name, such as `team/hello-function`.

    Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
    """
    return 0 < len(text) <= _LONGEST_REPOSITORY and all(map(_is_component, text.split("/")))


def is_tag(text: str) -> bool:
    """Tell whether a registry accepts this as a tag.

    Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
    """
    return 0 < len(text) <= _LONGEST_TAG and text[0] not in ".-" and _TAG.issuperset(text)


def _is_component(text: str) -> bool:
    separators = text.translate(_ONLY_SEPARATORS).split(" ")
    at_ends_none = bool(text) and separators[0] == "" == separators[-1]
    return at_ends_none and all(run in {"", ".", "_", "__"} or set(run) == {"-"} for run in separators)


def is_dns_name(text: str) -> bool:
    """Tell whether this is a DNS name in lower case, without a trailing dot."""
    return len(text) <= _LONGEST_NAME and all(map(_is_label, text.split(".")))


def _is_label(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_LABEL and _LABEL.issuperset(text) and "-" not in {text[0], text[-1]}


class NotAReference(ValueError):  # noqa: N818 - each edge turns it into a failure of the catalogue
    """A text that is not a valid host, digest or reference, with the reason."""


@dataclass(frozen=True, slots=True)
class RegistryHost:
    """The host of a registry: a DNS name in lower case and an optional port.

    Raises:
        NotAReference: when made of anything else.
    """

    name: str
    port: int | None = None
    """None when the reference has none; then it is 443."""

    def __post_init__(self) -> None:
        """Refuse an invalid host."""
        if not is_dns_name(self.name):
            raise NotAReference(f"'{self.name}' is not a host name")
        if self.port is not None and not 0 < self.port <= _HIGHEST_PORT:
            raise NotAReference(f"{self.port} is not a port")

    @staticmethod
    def parse(text: str) -> RegistryHost:
        """Return the host in `name` or `name:port`; every name of Docker Hub becomes `docker.io`.

        Raises:
            NotAReference: for anything else, such as `user@host`, `host/path`, `host.` and `[::1]`.
        """
        name, colon, port = text.partition(":")
        if not text.isascii() or (colon and (not port.isdigit() or port.startswith("0") or len(port) > len("65535"))):
            raise NotAReference(f"'{text}' is not a host name with a port")
        name = name.lower()
        if name in _HUBS and not colon:
            name = _HUB
        return RegistryHost(name, int(port) if colon else None)

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def is_docker_hub(self) -> bool:
        """Whether this is Docker Hub, whose server has another name than references use."""
        return self == DOCKER_HUB

    @property
    def first_label(self) -> str:
        """The part before the first dot."""
        return self.name.partition(".")[0]

    @property
    def dialed(self) -> tuple[str, int]:
        """The name and port to connect to."""
        return self.name, self.port or _HTTPS


DOCKER_HUB = RegistryHost(_HUB)


@dataclass(frozen=True, slots=True)
class Digest:
    """`sha256:` and 64 hexadecimal digits, of an index or a manifest; which of the two is unknown.

    Digests of different types are never equal; compare them with `agrees_with`.

    Raises:
        NotAReference: when made of anything else.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse an invalid digest."""
        digits = self.text.removeprefix(_ALGORITHM)
        if len(self.text) != len(_ALGORITHM) + _DIGITS or len(digits) != _DIGITS or not _HEX.issuperset(digits):
            raise NotAReference(f"'{self.text}' is not a sha256 digest")

    def __str__(self) -> str:
        return self.text

    def agrees_with(self, other: Digest | None) -> bool | None:
        """Tell whether both mean the same image; None when that is unknown.

        Equal digests mean the same bytes. Different ones mean different images only when both are of indexes or both of
        manifests: an index and the manifest of one of its platforms are one image with two digests.
        """
        if other is None:
            return None
        if self.text == other.text:
            return True
        return False if type(self) is type(other) and type(self) is not Digest else None


@dataclass(frozen=True, slots=True)
class IndexDigest(Digest):
    """The digest of an index, which lists an image's manifests by platform."""


@dataclass(frozen=True, slots=True)
class ManifestDigest(Digest):
    """The digest of one platform's manifest."""


def digest_of(text: str, media_type: str) -> Digest:
    """Return a digest with the class for a registry's media type; a plain `Digest` for an unknown media type.

    Source: https://github.com/opencontainers/image-spec/blob/main/media-types.md

    Raises:
        NotAReference: when the text is not a digest.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind in _INDEXES:
        return IndexDigest(text)
    return ManifestDigest(text) if kind in _MANIFESTS else Digest(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageReference:
    """An image reference; its `str` is `host/repository[:tag][@digest]`.

    Raises:
        NotAReference: when a part is invalid.
    """

    host: RegistryHost
    repository: str
    tag: str = ""
    digest: Digest | None = None

    def __post_init__(self) -> None:
        """Refuse an invalid repository or tag."""
        if not is_repository(self.repository):
            raise NotAReference(f"'{self.repository}' is not a repository")
        if self.tag and not is_tag(self.tag):
            raise NotAReference(f"'{self.tag}' is not a tag")

    @staticmethod
    def parse(text: str) -> ImageReference:
        """Return a parsed reference; as with Docker, one without a host is on Docker Hub.

        Raises:
            NotAReference: when it is not valid.
        """
        name, at, digest = text.partition("@")
        host, path = split_host(name)
        repository, colon, tag = path.partition(":")
        if colon and not tag:
            raise NotAReference(f"'{text}' has an empty tag")
        return ImageReference(
            host=RegistryHost.parse(host) if host else DOCKER_HUB,
            repository=repository,
            tag=tag,
            digest=Digest(digest) if at else None,
        )

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.host}/{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"

    @property
    def wanted(self) -> str:
        """What to request in the repository: the digest, else the tag, else `latest`."""
        return str(self.digest or self.tag or "latest")

    def pinned(self, digest: Digest) -> ImageReference:
        """Return `host/repository@digest`, replacing any tag or digest of this reference."""
        return ImageReference(host=self.host, repository=self.repository, digest=digest)
