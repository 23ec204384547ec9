"""The smoke test of a site: with the key of the function that is called, if it requires one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytask.cloud.poll import NotAllowed, Seen
from pytask.targets.site.functions import function_key
from pytask.targets.smoke import answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.model import Function, SmokeTest
    from pytask.targets.site.site import Site
    from pytask.targets.smoke import Answer


def call(
    azure: Azure,
    site: Site,
    test: SmokeTest,
    functions: Reading[tuple[Function, ...]],
    settings: Mapping[str, str] | None = None,
) -> Reading[Answer]:
    """Call the app once, with the function's own key if it requires one; values of `settings` are not shown.

    The result is NotAllowed when the network, a sign-in page or a missing permission keeps the agent from the app.
    """
    function, key = _function_at(test.path, functions.value if isinstance(functions, Seen) else ()), ""
    if function and function.needs_key:
        found = function_key(azure.arm, site.resource_id, function.name)
        if not isinstance(found, Seen):
            return found
        key = found.value
    # Only the list of functions tells whose key it is.
    keyless = functions.reason if isinstance(functions, NotAllowed) else ""
    return answered(azure, site.url, test, settings, key, keyless=keyless)


def _function_at(path: str, functions: tuple[Function, ...]) -> Function | None:
    """Return the function at a path, where its `{parameters}` match anything."""
    wanted = urlsplit(path).path.rstrip("/").lower().split("/")
    for function in functions:
        template = _path_of(function.url).split("/")
        if len(template) > 1 and len(template) == len(wanted) and all(map(_fits, template, wanted)):
            return function
    return None


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/").lower()
    except ValueError:
        return ""


def _fits(part: str, wanted: str) -> bool:
    return part == wanted or ("{" in part and "}" in part)
