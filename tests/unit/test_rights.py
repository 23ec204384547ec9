"""What a registry's token allows, as registries write it: Azure's in PascalCase, others' in small letters."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.model import Secret
from pytask.registry.rights import granted_actions

RECORDED = {
    "access": [{"Type": "repository", "Name": "shop", "Actions": ["pull"]}],
    "version": "1.0",
    "iss": "Azure Container Registry",
    "grant_type": "access_token",
    "roles": [],
}
"""Claims of an access token of ACR, 2024; https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md has more of them."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries({}, optional=dict.fromkeys(("Type", "Name", "Actions", "name", "actions"), JSON))


def a_token(claims: object) -> Secret:
    """Return a token with these claims; nobody looks at its head or its signature."""
    return Secret(f"head.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.sign")


def entry(name: str, *actions: str, kind: str = "repository", upper: bool = True) -> dict[str, Any]:
    names = ("Type", "Name", "Actions") if upper else ("type", "name", "actions")
    return dict(zip(names, (kind, name, list(actions)), strict=True))


@pytest.mark.parametrize(
    ("access", "granted"),
    [
        ([entry("shop", "pull")], {"pull"}),
        ([entry("shop", "pull", "push", upper=False)], {"pull", "push"}),
        ([entry("shop", "Pull", "PUSH")], {"pull", "push"}),
        ([{"TYPE": "repository", "NAME": "shop", "ACTIONS": ["pull"]}], {"pull"}),
        ([entry("*", "*")], {"pull", "push"}),
        ([entry("shop", "*")], {"pull", "push"}),
        ([entry("*", "pull")], {"pull"}),
        ([entry("sh*", "pull")], {"pull"}),
        ([entry("shop", "pull"), entry("shop", "push")], {"pull", "push"}),
        ([entry("shop", "pull"), entry("other", "push")], {"pull"}),
        ([entry("shop", "pull", kind="repository(plugin)")], {"pull"}),
        ([entry("shopping", "*")], set()),
        ([entry("team/shop", "*")], set()),
        ([entry("catalog", "*", kind="registry")], set()),
        ([entry("*", "*", kind="registry")], set()),
        ([entry("shop")], set()),
        ([], set()),
    ],
)
def test_actions_are_read_in_any_case_and_stars_stand_for_all(access: list[Any], granted: set[str]) -> None:
    found = granted_actions(a_token({"access": access}), "shop")
    assert found is not None
    assert found & {"pull", "push"} == granted


def test_claims_of_azure_are_read_as_recorded() -> None:
    assert granted_actions(a_token(RECORDED), "shop") == frozenset({"pull"})
    assert granted_actions(a_token(RECORDED), "another") == frozenset()


@pytest.mark.parametrize(
    "token",
    [
        None,
        Secret(""),
        Secret("opaque"),
        Secret("a.b"),
        Secret("a.ä.c"),
        Secret("a..c"),
        a_token([]),
        a_token({}),
        a_token({"access": None}),
        a_token({"access": {"shop": ["pull"]}}),
        a_token({"access": [["shop", "pull"]]}),
        a_token({"access": [{"Type": "repository", "Name": "shop"}]}),
        a_token({"access": [{"Type": "repository", "Name": "shop", "Actions": None}]}),
        a_token("access"),
        Secret("head." + base64.urlsafe_b64encode(b"[" * 100_000).decode() + ".sign"),
    ],
)
def test_a_token_that_says_nothing_of_access_tells_nothing(token: Secret | None) -> None:
    assert granted_actions(token, "shop") is None


@given(JSON | st.fixed_dictionaries({"access": JSON | st.lists(ENTRIES, max_size=3)}))
def test_no_claims_are_too_strange(claims: object) -> None:
    found = granted_actions(a_token(claims), "shop")
    assert found is None or isinstance(found, frozenset)


@given(st.text())
def test_no_token_is_too_strange(token: str) -> None:
    assert granted_actions(Secret(token), "shop") is None or token.count(".")
