"""The list of the configuration's properties is that of Azure's own library."""

from __future__ import annotations

from enum import EnumMeta
from typing import Any, ForwardRef, Union, get_args, get_origin

import azure.mgmt.web.models
import pytest
from azure.mgmt.web.models import SiteConfig

from pytask.targets.site.site_properties import CHOICES, LISTS, NUMBERS, OBJECTS, REFUSED, SWITCHES, TEXTS

OPEN_ENDED = {"minTlsCipherSuite"}
"""Too many to be worth a list."""


def fields() -> dict[str, Any]:
    """Return the type of each property by its name in the REST interface."""
    config = SiteConfig()
    return {field._rest_name: SiteConfig.__annotations__[name] for name, field in config._attr_to_rest_field.items()}


def kind_of(annotation: Any) -> str:  # noqa: ANN401 - whatever the library writes there
    """Return the list of ours that a property of this type belongs in."""
    inner = [one for one in get_args(annotation) if one is not type(None)] if get_origin(annotation) is Union else []
    first = inner[0]
    if len(inner) > 1:
        return "CHOICES"
    if first in {bool, int, str}:
        return {bool: "SWITCHES", int: "NUMBERS", str: "TEXTS"}[first]
    if get_origin(first) is list:
        return "LISTS"
    return "OBJECTS" if isinstance(first, ForwardRef) else "TEXTS"


def test_every_property_of_the_library_stands_in_one_list_by_its_type() -> None:
    lists = {"SWITCHES": SWITCHES, "NUMBERS": NUMBERS, "TEXTS": TEXTS, "LISTS": LISTS, "OBJECTS": OBJECTS}
    ours = {name: kind for kind, names in {**lists, "CHOICES": [*CHOICES]}.items() for name in names}
    theirs = {name: kind_of(annotation) for name, annotation in fields().items() if name not in REFUSED}
    assert ours == theirs
    assert set(REFUSED) <= set(fields())


@pytest.mark.parametrize("name", [name for name in CHOICES if name not in OPEN_ENDED])
def test_the_choices_are_those_of_the_library(name: str) -> None:
    (reference,) = (one for one in get_args(fields()[name]) if isinstance(one, ForwardRef))
    choices = getattr(azure.mgmt.web.models, reference.__forward_arg__.rpartition(".")[2])
    assert isinstance(choices, EnumMeta)
    assert tuple(choices.__members__[member].value for member in choices.__members__) == CHOICES[name]
