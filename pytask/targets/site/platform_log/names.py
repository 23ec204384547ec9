"""Telling the app's own image and container from those that the platform starts beside them.

The platform also runs Kudu (`appsvc/kudulite`) and sidecars: msiProxy (`appsvc/msitokenservice`) for an app with a
managed identity, and middleware (`appsvc/middleware`) for one with Authentication. In the classic form, the container
of a site `shop` is `shop_0_9a00cf51`, and a slot's `shop__4342_0_9a00cf51`, with the suffix `_msiProxy`, `_middleware`
or `_managedIdentity` for a sidecar. In the form of 2025 it is `975240c1484d_shop`, a slot's `975240c1484d_shop_4342`,
and Kudu's `975240c1484d_shop_kudu`.
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
    """Tell whether an image is one that the platform runs beside the app, and not the deployed one."""
    repository = without_host(repository_of(image))
    return repository.startswith(_PLATFORM_REPOSITORIES) and repository != without_host(repository_of(deployed))


def is_platform_container(container: str) -> bool:
    """Tell whether a container is a sidecar or Kudu, by its name.

    A site's name has no underscore, so it is only the first part of the container's name.
    """
    return any(word.casefold() in _PLATFORM_WORDS for word in _parts(container)[1:])


def site_of(container: str) -> str:
    """Return a container's site, followed by a slot's mark; empty when the name does not say."""
    site, *others = _parts(container)
    if _has_hash(container):
        mark = next(filter(None, others), "")
    else:
        mark = others[1] if others[:1] == [""] and len(others) > 1 else ""
    return f"{site}_{mark}" if mark and mark.casefold() not in _PLATFORM_WORDS else site


def plain_site(site: str) -> str:
    """Return a site's name with one underscore before a slot's mark; the platform writes one or two."""
    return site.replace("__", "_")


def _parts(container: str) -> list[str]:
    parts = container.split("_")
    return parts[1:] if _has_hash(container) else parts


def _has_hash(container: str) -> bool:
    """Tell whether a name begins with a hash, as in the form of 2025; in the classic form a number comes second."""
    head, _, rest = container.partition("_")
    following = rest.partition("_")[0]
    return len(head) in _HASH_LENGTHS and _HEX.issuperset(head) and bool(following) and not following.isdigit()


def repository_of(image: str) -> str:
    """Return an image's repository with its host, without tag and digest."""
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def without_host(image: str) -> str:
    """Return an image without the registry's host and Docker Hub's `library/`."""
    host, slash, rest = image.partition("/")
    is_host = slash and ("." in host or ":" in host or host == "localhost")
    return (rest if is_host else image).removeprefix("library/")


def digest_of(image: str) -> str:
    """Return the `sha256:…` of an image named by digest; empty otherwise."""
    digest = image.partition("@")[2]
    return digest if is_digest(digest) else ""


def is_digest(text: str) -> bool:
    """Tell whether a text is a digest."""
    algorithm, _, value = text.partition(":")
    return algorithm == "sha256" and len(value) == 64 and _HEX.issuperset(value)  # noqa: PLR2004 - as SHA-256 has


def same_image(one: str, other: str) -> bool:
    """Tell whether two names mean the same image; either may lack the registry's host or the tag `latest`."""
    short, long = sorted((_with_tag(one), _with_tag(other)), key=len)
    if without_host(short) == without_host(long):
        return True
    host = long.removesuffix(f"/{short}")
    return host != long and "/" not in host and without_host(f"{host}/x") == "x"


def _with_tag(image: str) -> str:
    return f"{image}:latest" if image and repository_of(image) == image else image
