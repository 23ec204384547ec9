"""Stand in for the part of msal that reads SAML tokens; see mex.py."""
