"""Stand in for the part of msal that asks for SAML tokens; see mex.py."""

from .mex import send_request

__all__ = ["send_request"]
