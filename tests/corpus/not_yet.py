"""What the product does not get right yet, in one place: whoever fixes a case takes it off the list.

A case that is listed and right fails the tests, as one that is wrong and not listed does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WRONG: frozenset[str] = frozenset(
    {
        "errors/005-build-from-invalid-token",
        "errors/025-build-dockerfile-missing",
        "errors/029-build-nuget-tls",
        "errors/055-push-acr-client-secret",
        "errors/057-push-hub-password",
        "errors/079-entra-70025",
        "errors/100-arm-busy-site",
        "errors/102-arm-busy-site-429",
        "errors/113-arm-admin-disabled",
    }
)
"""Cases by name: what the product makes of them is not what is right."""

FACTS_NOT_SHOWN: Mapping[str, frozenset[str]] = {
    "errors/004-build-stage-name-misspelt": frozenset({"stage"}),
    "errors/005-build-from-invalid-token": frozenset({"docker.io/library/python:3.9"}),
    "errors/009-build-rate-limit-message": frozenset({"docker login"}),
    "errors/010-build-rate-limit-signed-in": frozenset({"pull rate limit"}),
    "errors/016-build-copy-missing": frozenset({"context"}),
    "errors/022-build-unknown-flag-mount": frozenset({"syntax"}),
    "errors/026-build-npm-e401": frozenset({"npm ci", "E401", "authentication token seems to be invalid"}),
    "errors/027-build-nuget-401-artifacts": frozenset({"pkgs.dev.azure.com/contoso", "401 (Unauthorized)"}),
    "errors/028-build-nuget-nu1301-401": frozenset({"nuget.devexpress.com"}),
    "errors/029-build-nuget-tls": frozenset({"feed.contoso.com"}),
    "errors/034-build-oom-137": frozenset({"memory"}),
    "errors/036-build-exec-format": frozenset({"exec format error", "platform"}),
    "errors/055-push-acr-client-secret": frozenset({"password"}),
    "errors/068-push-ecr-immutable": frozenset({"tag of its own|another tag|tags"}),
    "errors/079-entra-70025": frozenset({"federated credential"}),
    "errors/080-entra-700238": frozenset({"administrator"}),
    "errors/082-entra-50166": frozenset({"again"}),
    "errors/091-entra-oidc-not-referenced": frozenset({"no explicit reference to service connection", "stage"}),
}
"""By case: the facts of `must_name` that the error shown does not hold."""
