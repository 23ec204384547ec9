"""What the product does not get right yet, in one place: whoever fixes a case takes it off the list.

A case that is listed and right fails the tests, as one that is wrong and not listed does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WRONG: frozenset[str] = frozenset()
"""Cases by name: what the product makes of them is not what is right."""

FACTS_NOT_SHOWN: Mapping[str, frozenset[str]] = {}
"""By case: the facts of `must_name` that the error shown does not hold."""
