"""A secret is removed from a text in every form in which others repeat it."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.agent.redactor import Redactor
from pytask.errors.foreign import beginning, shortened
from tests.unit.growth import grows_linearly

_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"], exclude_characters="…")
SECRETS = st.text(_CHARACTERS, min_size=12, max_size=40)
"""Without the sign of a cut: half of a secret is found by the sign behind or before it."""


def redactor(*secrets: str) -> Redactor:
    made = Redactor()
    for secret in secrets:
        made.add(secret)
    return made


@given(SECRETS, st.text(max_size=10), st.text(max_size=10))
def test_a_secret_is_gone_wherever_it_stands(secret: str, before: str, behind: str) -> None:
    for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], html.escape(secret)):
        assert form not in redactor(secret).redact(f"{before}{form}{behind}")


@given(SECRETS, st.binary(max_size=8), st.binary(max_size=8))
def test_base64_hides_no_secret_whatever_stands_around_it(secret: str, before: bytes, behind: bytes) -> None:
    shown = redactor(secret).redact(base64.b64encode(before + secret.encode() + behind).decode())
    assert "***" in shown
    at_both_ends = len(base64.b64encode(before)) + len(base64.b64encode(behind))
    assert len(shown) <= len("***") + at_both_ends + 8


@given(SECRETS, st.integers(8, 11))
def test_half_of_a_secret_is_gone_where_a_text_is_shortened(secret: str, kept: int) -> None:
    assert secret[:kept] not in redactor(secret).redact(beginning(f"it is {secret}", len("it is ") + kept))
    text = shortened(f"{secret}{'x' * 500}{secret}", 2 * kept + len(" … "))
    shown = redactor(secret).redact(text)
    assert secret[:kept] not in shown
    assert secret[-kept:] not in shown


@pytest.mark.parametrize(
    ("secrets", "text", "shown"),
    [
        (("pass", "password-1"), "a password-1 b", "a *** b"),
        (("abcdef", "defghi"), "abcdefghi", "***"),
        (("abcdef",), "abcdefabcdef x", "*** x"),
        (("abc",), "abc", "abc"),
        (("a+b/c=d&e",), '{"a": "a\\u002Bb/c=d\\u0026e"}', '{"a": "***"}'),
        (("a+b/c=d&e",), "?x=a%2bb%2fc%3dd%26e", "?x=***"),
        (("one-line\ntwo-line",), "two-line one-line", "*** ***"),
        (("a\nb\rc\nd",), "is a\nb\rc\nd", "is ***"),
        (("-----\nkey-\n-----",), '{"key": "-----\\nkey-\\n-----"}', '{"key": "***"}'),
        (("-----\nkey-\n-----",), base64.b64encode(b"-----\nkey-\n-----").decode(), "***Q=="),
        ((), "…", "…"),
    ],
)
def test_secrets_are_found_longest_first_and_together(secrets: tuple[str, ...], text: str, shown: str) -> None:
    assert redactor(*secrets).redact(text) == shown


def test_a_text_that_only_begins_like_a_secret_stays_whole() -> None:
    made = redactor("https://contoso.example/secret")
    assert made.redact("https://contoso.example/other") == "https://contoso.example/other"


@pytest.mark.parametrize("piece", ["secret-1", "secret", "…", "secret-1…", "x", "s…t"])
def test_redaction_takes_time_by_the_length_of_the_text_and_no_more(piece: str) -> None:
    made = redactor(*(f"secret-{number}-{'x' * 30}" for number in range(50)))
    assert grows_linearly(lambda size: made.redact(piece * size))
