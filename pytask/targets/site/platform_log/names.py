"""The app's own image and container, and those that the platform starts beside them.

Beside the app run Kudu (`appsvc/kudulite`), and as sidecars msiProxy (`appsvc/msitokenservice`) where the app has a
managed identity and middleware (`appsvc/middleware`) where its Authentication is on. A container of a site `shop` is
called `shop_0_9a00cf51` in the classic form, that of a slot `shop__4342_0_9a00cf51`, with `_msiProxy`, `_middleware`
or `_managedIdentity` behind for a sidecar; in the form of 2025 `975240c1484d_shop`, of a slot
`975240c1484d_shop_4342`, of Kudu `975240c1484d_shop_kudu`.
"""

from __future__ import annotations

import string

_PLATFORM_REPOSITORIES = "appsvc/"
_PLATFORM_WORDS = frozenset(
    {"kudu", "kudulite", "msiproxy", "middleware", "managedidentity", "easyauth", "auth", "dynamicsupport"}
)
_HASH_LENGTHS = range(8, 17)
_HEX = frozenset(string.hexdigits)


def is_platform_image(image: str, deployed: str) -> bool:
    """Return whether an image is one that the platform runs beside the app, and not the one that was deployed."""
    repository = without_host(repository_of(image))
    return repository.startswith(_PLATFORM_REPOSITORIES) and repository != without_host(repository_of(deployed))


def is_platform_container(container: str) -> bool:
    """Return whether a container, by its name, is a sidecar or Kudu.

    The name of a site has no underscore, so that no part of such a name is the site's but the first.
    """
    return any(word.casefold() in _PLATFORM_WORDS for word in _parts(container)[1:])


def site_of(container: str) -> str:
    """Return the site of a container, with a slot's mark behind; empty where the name does not tell."""
    site, *others = _parts(container)
    if _has_hash(container):
        mark = next(filter(None, others), "")
    else:
        mark = others[1] if others[:1] == [""] and len(others) > 1 else ""
    return f"{site}_{mark}" if mark and mark.casefold() not in _PLATFORM_WORDS else site


def plain_site(site: str) -> str:
    """Return a site as this module names it: between it and a slot's mark the platform writes one line or two."""
    return site.replace("__", "_")


def _parts(container: str) -> list[str]:
    parts = container.split("_")
    return parts[1:] if _has_hash(container) else parts


def _has_hash(container: str) -> bool:
    """Return whether a name begins with a hash, as in the form of 2025; in the classic one a number comes second."""
    head, _, rest = container.partition("_")
    following = rest.partition("_")[0]
    return len(head) in _HASH_LENGTHS and _HEX.issuperset(head) and bool(following) and not following.isdigit()


def repository_of(image: str) -> str:
    """Return an image's repository, with its host, without tag and digest."""
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def without_host(image: str) -> str:
    """Return an image without the registry's host, and without Docker Hub's `library/`."""
    host, slash, rest = image.partition("/")
    is_host = slash and ("." in host or ":" in host or host == "localhost")
    return (rest if is_host else image).removeprefix("library/")


def digest_of(image: str) -> str:
    """Return `sha256:…` of an image that is named by digest; else empty."""
    digest = image.partition("@")[2]
    return digest if is_digest(digest) else ""


def is_digest(text: str) -> bool:
    """Return whether a text is a digest."""
    algorithm, _, value = text.partition(":")
    return algorithm == "sha256" and len(value) == 64 and _HEX.issuperset(value)  # noqa: PLR2004 - as SHA-256 has


def same_image(one: str, other: str) -> bool:
    """Return whether two names mean the same image, where either may lack the registry's host or the tag `latest`."""
    short, long = sorted((_with_tag(one), _with_tag(other)), key=len)
    if without_host(short) == without_host(long):
        return True
    host = long.removesuffix(f"/{short}")
    return host != long and "/" not in host and without_host(f"{host}/x") == "x"


def _with_tag(image: str) -> str:
    return f"{image}:latest" if image and repository_of(image) == image else image
