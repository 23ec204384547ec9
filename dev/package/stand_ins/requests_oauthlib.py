"""Stand in for requests-oauthlib, which only msrest's OAuth credentials use; the task uses none of these."""


class OAuth2:
    """Stand in for the signer of requests; creating one raises an error that says so."""

    def __init__(self, *_parts: object, **_more: object) -> None:
        raise NotImplementedError("this task does not carry requests-oauthlib, so msrest cannot sign in with OAuth")
