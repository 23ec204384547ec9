"""The errors of oauthlib that msrest names in its `except` clauses. Nothing raises them."""

from types import SimpleNamespace


class OAuth2Error(Exception):
    """Stand in for the base class of oauthlib's errors."""


class InvalidGrantError(OAuth2Error):
    """Stand in for the error of a token request that was refused."""


class TokenExpiredError(OAuth2Error):
    """Stand in for the error of a token that is too old."""


rfc6749 = SimpleNamespace(
    errors=SimpleNamespace(
        OAuth2Error=OAuth2Error, InvalidGrantError=InvalidGrantError, TokenExpiredError=TokenExpiredError
    )
)
