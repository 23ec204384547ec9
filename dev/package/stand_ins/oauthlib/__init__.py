"""Stand in for oauthlib, which the task does not carry: msrest loads it, and the task never signs in by msrest's OAuth.

It would add 0.9 MB to the extension.
"""
