"""What the app's host can unpack and run, and the failures of an image that it cannot.

App Service maps a container's user and group ids from 0 to 65535, and cannot pull a layer with a file whose owner is
out of that range.
Source: https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from pytask.errors import ManyFailures
from pytask.errors.image import ForeignLayer, Maker, OwnerOutOfRange, UserOutOfRange, WrongPlatform
from pytask.inspection.tar_owners import owners

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytask.errors import TaskFailure
    from pytask.inspection.tar_owners import Owned

HOST_PLATFORM = "linux/amd64"
"""The platform of App Service and Container Apps.
https://learn.microsoft.com/azure/app-service/configure-custom-container"""
IDS = range(65536)
_MADE_BY = {
    Maker.PACKAGES: r"^RUN .*\b(npm|npx|yarn|pnpm)\b",
    Maker.TAR: r"^RUN .*\b(bsd)?tar ",
    Maker.USERS: r"^RUN .*\b(user|group)(add|mod)\b|^RUN .*\badd(user|group)\b",
    Maker.CHOWN: r"^RUN .*\bch(own|grp)\b",
    Maker.COPY: r"^COPY ",
    Maker.ADD: r"^ADD ",
}


class ForeignOwners(NamedTuple):
    """The entries of one layer with owners that the host does not map."""

    first: Owned
    entries: int
    """The number of such entries."""


def confirm_platform(reference: str, platform: str) -> None:
    """Confirm that the app's host runs images for `platform`, such as `linux/amd64` or `linux/arm64/v8`.

    Raises:
        WrongPlatform: when it does not.
    """
    if not f"{platform}/".startswith(f"{HOST_PLATFORM}/"):
        raise WrongPlatform(reference=reference, found=platform, wanted=HOST_PLATFORM)


def confirm_ids(reference: str, user: str, layers: Sequence[ForeignLayer]) -> None:
    """Confirm that the host maps every id; `user` is the image's USER, `layers` has those with foreign owners.

    Raises:
        OwnerOutOfRange, UserOutOfRange: when there is an id that it does not map.
        ManyFailures: with both of them.
    """
    failures: list[TaskFailure] = []
    if layers:
        failures.append(OwnerOutOfRange(reference=reference, layers=tuple(layers)))
    if any(part.isdigit() and int(part) not in IDS for part in user.split(":")):
        failures.append(UserOutOfRange(reference=reference, user=user))
    if len(failures) > 1:
        raise ManyFailures(tuple(failures))
    if failures:
        raise failures[0]


def foreign_owners(archive: Iterable[bytes]) -> ForeignOwners | None:
    """Return the entries with owners that the host does not map; None when there are none.

    `archive` is the layer's uncompressed tar archive, in chunks.

    Raises:
        ArchiveBroken: when it is not a tar archive.
    """
    first, entries = None, 0
    for owned in owners(archive):
        if owned.user not in IDS or owned.group not in IDS:
            first, entries = first or owned, entries + 1
    return ForeignOwners(first, entries) if first else None


def foreign_layer(found: ForeignOwners, *, number: int, of: int, digest: str, instruction: str) -> ForeignLayer:
    """Return the failure's record of a layer with foreign owners; `number` counts from 1."""
    return ForeignLayer(
        number=number,
        of=of,
        digest=digest,
        instruction=instruction,
        makers=makers_of(instruction, number),
        entry=_shown(found.first.name),
        user=found.first.user,
        group=found.first.group,
        entries=found.entries,
    )


def makers_of(instruction: str, number: int) -> tuple[Maker, ...]:
    """Return what may have written an instruction's files; `number` is the layer's, from 1."""
    found = tuple(maker for maker, sign in _MADE_BY.items() if re.search(sign, instruction))
    # The first layer belongs to the base image, unless the Dockerfile starts FROM scratch.
    return (*found, Maker.BASE) if number == 1 else found or (Maker.OTHER,)


def _shown(name: str) -> str:
    """Return an entry's path in the container, with unprintable characters escaped."""
    path = posixpath.normpath("/" + name.lstrip("/"))
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in path)
