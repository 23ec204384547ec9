"""Stand in for msal's sign-in with a password at AD FS, which the task does not have.

Loading its XML parser takes time in every run.
"""


def send_request(*_parts: object, **_more: object) -> object:
    """Raise an error that says what is not there."""
    raise NotImplementedError("this task does not carry msal's sign-in with a password at AD FS")
