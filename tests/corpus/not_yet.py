"""What the product does not get right yet, in one place: whoever fixes a case takes it off the list.

A case that is listed and right fails the tests, as one that is wrong and not listed does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WRONG: frozenset[str] = frozenset(
    {
        "errors/219-build-apt-dns",
        "errors/228-push-acr-not-registered",
    }
)
"""Cases by name: what the product makes of them is not what is right."""

FACTS_NOT_SHOWN: Mapping[str, frozenset[str]] = {
    "errors/209-build-secret-env-key": frozenset({"syntax"}),
    "errors/219-build-apt-dns": frozenset({"deb.debian.org", "Temporary failure resolving"}),
    "errors/221-build-oom-npm-says-137": frozenset({"137", "memory"}),
    "errors/225-acr-disallowed-405": frozenset({"lock"}),
    "errors/239-entra-oidc-object-moved": frozenset({"sign"}),
}
"""By case: the facts of `must_name` that the error shown does not hold."""
